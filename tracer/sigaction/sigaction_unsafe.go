// Package sigaction sets what signals do to this process, past Go's runtime.
//
// In a nutshell: [Write] has signals written to a file as they come, whole and by
// the thread that gets them. Package signal tells neither who sent one nor with
// which value, and wakes several threads in turn for each. [Held] keeps
// signals from a process that is being started.
//
// The trap: a thread may still be about to write when what the signal does is set
// to something else. So the descriptor must stay open, or its number may be another
// file's by then. And package signal knows nothing of what is set here: Go ends the process
// for writing to a standard stream that nobody reads unless that is told of SIGPIPE.
package sigaction

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Action is the kernel's struct sigaction, which begins with the handler. All zero it is the default (SIG_DFL).
type Action [4]uint64

// Set sets what a signal does, unless that is nil, and returns what it did before (sigaction(2)).
func Set(s unix.Signal, a *Action) (old Action, err error) {
	const setSize = 8
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(a)), uintptr(unsafe.Pointer(&old)), setSize, 0, 0)
	if errno != 0 {
		return old, os.NewSyscallError("rt_sigaction", errno)
	}
	return old, nil
}

// files has, by signal, the descriptor that the handler writes to, and how much.
var files [Last + 1]struct{ fd, size int32 }

// Last is the highest signal: the kernel's _NSIG (asm-generic/signal.h).
const Last = 64

// InfoSize is the size of the kernel's siginfo_t, in bytes.
const InfoSize = 128

// write is the handler. It is not to be called.
func write() //nolint:unused // but by writeAddress

func writeAddress() uintptr

// Write has a signal written to a descriptor whenever it comes: as many bytes of
// its siginfo_t. Of eight, which is what an eventfd takes, its count goes up by the
// signal's number, and more where the sender has set si_errno. What the descriptor has no room for is lost. It returns what the signal did before.
//
// The handler, of a few instructions (write_*.s), takes the place of Go's, with all
// that is set for that: the stack it runs on, and that no other interrupts it.
//
// (A signalfd would want the signals blocked in every thread. Go's runtime blocks
// SIGINT, SIGQUIT, SIGHUP, SIGTERM and SIGCHLD in none, whatever it was started with:
// minitSignalMask in its signal_unix.go.)
func Write(s unix.Signal, fd, size int) (old Action, err error) {
	handler, err := Set(unix.SIGURG, nil) // Go's own
	if err != nil {
		return old, err
	}
	files[s].fd, files[s].size = int32(fd), int32(size)
	handler[0] = uint64(writeAddress())
	return Set(s, &handler)
}
