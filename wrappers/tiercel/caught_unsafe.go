package main

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"tiercel/tracer/sigaction"
)

// caught is signals as the kernel tells of them: who sent one, how and with which
// value, which package signal drops. They come by a pipe.
type caught struct {
	pipe *os.File
	was  map[unix.Signal]sigaction.Action // before that
}

// catch begins to catch signals. A signal that comes while some hundreds are not yet
// read is lost. Go's fork resets them in the child, but for SIGCONT, SIGTSTP and 34: these have
// the handler, and the pipe, for the microseconds until it executes something. (Package
// signal would see to that, and takes milliseconds for as many signals.)
func catch(signals []unix.Signal) (*caught, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	c := &caught{os.NewFile(uintptr(ends[0]), "signals"), map[unix.Signal]sigaction.Action{}}
	for _, s := range signals {
		was, err := sigaction.Write(s, ends[1], sigaction.InfoSize)
		if err != nil {
			return nil, err
		}
		c.was[s] = was
	}
	return c, nil
}

// next waits for a signal.
func (c *caught) next() (s sent, err error) {
	_, err = c.pipe.Read(unsafe.Slice((*byte)(unsafe.Pointer(&s)), unsafe.Sizeof(s)))
	return s, err
}

// sent is the kernel's siginfo_t of a signal that was sent.
type sent struct {
	signo, errno, code int32
	_                  int32
	pid, uid           int32
	_                  [104]byte // the value, and what others have
}

// How a signal was sent (the kernel's asm-generic/siginfo.h).
const (
	byKernel = 0x80
	byQueue  = -1 // by sigqueue(3), with a value
)

// signal is its number.
func (s *sent) signal() unix.Signal { return unix.Signal(s.signo) }

// pass sends it to another process: one with a value as it is, any other as one's
// own, as the kernel has it.
func (s *sent) pass(pidfd int) error {
	var info *unix.Siginfo
	if s.code == byQueue {
		info = (*unix.Siginfo)(unsafe.Pointer(s))
	}
	return os.NewSyscallError("pidfd_send_signal", unix.PidfdSendSignal(pidfd, s.signal(), info, 0))
}

// release has the signals do again what they do by themselves.
func (c *caught) release() (err error) {
	for s, a := range c.was {
		_, failed := sigaction.Set(s, &a)
		err = errors.Join(err, failed)
	}
	return err
}
