package tracer

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event/procfs"
	"tiercel/tracer/sigaction"
)

// ends tells of processes that have ended, which need not be our children or
// tracees, and of that a child or tracee has changed (SIGCHLD).
type ends struct {
	poll  int         // an epoll of what is below
	fds   map[int]int // pidfds, by process
	gone  []int       // processes that had ended before they were followed
	later []int       // processes for which no descriptor was left, to be asked after in turn
	most  int         // how many processes have one
	asked time.Time   // when they were asked after last
	found []unix.EpollEvent
	room  [64]unix.EpollEvent
}

// wake is an eventfd to which SIGCHLD is written, and that a watch is over. It stays
// open, as a thread may still be about to write to it when its watch has ended.
var wake = sync.OnceValues(func() (fd int, err error) {
	if fd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fd, os.NewSyscallError("eventfd", err)
	}
	_, err = sigaction.Write(unix.SIGCHLD, fd, counterSize)
	return fd, err
})

// counterSize is how much is written to an eventfd, in bytes.
const counterSize = 8

// newEnds begins to tell. That the context ends wakes who waits, too.
func newEnds(ctx context.Context) (*ends, error) {
	woken, err := wake()
	if err != nil {
		return nil, err
	}
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	e := &ends{poll: poll, fds: map[int]int{}, most: mostFollowed()}
	if err := e.add(woken, 0, unix.EPOLLET); err != nil {
		return nil, errors.Join(err, e.close())
	}
	context.AfterFunc(ctx, func() {
		_, _ = unix.Write(woken, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // as nobody reads it, it would be full after 2^64
	})
	return e, nil
}

func (e *ends) add(fd, pid int, flags uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(e.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | flags, Fd: int32(pid)}))
}

func (e *ends) forget(pid int) {
	if fd, ok := e.fds[pid]; ok {
		unix.Close(fd)
		delete(e.fds, pid)
		return
	}
	if i := slices.Index(e.later, pid); i >= 0 {
		e.later = slices.Delete(e.later, i, i+1)
	}
}

// collect takes down who has ended, and reports whether a child or tracee has changed.
func (e *ends) collect() (changed bool, err error) {
	n, err := unix.EpollWait(e.poll, e.room[:], 0)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return false, os.NewSyscallError("epoll_wait", err)
	}
	e.found = e.room[:max(n, 0)]
	for _, ev := range e.found {
		changed = changed || ev.Fd == 0
	}
	return changed, nil
}

// next returns the next of those that have ended, 0 for none.
func (e *ends) next() int {
	if n := len(e.gone); n > 0 {
		pid := e.gone[n-1]
		e.gone = e.gone[:n-1]
		return pid
	}
	for len(e.found) > 0 {
		pid := int(e.found[0].Fd)
		e.found = e.found[1:]
		if _, ok := e.fds[pid]; ok {
			return pid
		}
	}
	return 0
}

// status returns how a process that has ended did: as a zombie it tells that
// itself, and once it was waited for, the kernel does by its pidfd (Linux 6.15).
func (e *ends) status(pid int) unix.WaitStatus {
	if status, ok := procfs.ExitStatus(pid); ok {
		return unix.WaitStatus(status)
	}
	fd, ok := e.fds[pid]
	if !ok {
		return 0
	}
	status, _ := exitInfo(fd) // before Linux 6.15 nobody knows any more
	return status
}

// kill ends all processes that are followed.
func (e *ends) kill() {
	for _, fd := range e.fds {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it may have ended by itself
	}
	for _, pid := range e.later {
		_ = unix.Kill(pid, unix.SIGKILL) // likewise
	}
}

func (e *ends) close() error {
	for _, fd := range e.fds {
		unix.Close(fd)
	}
	return unix.Close(e.poll)
}

// none reports whether no process is followed.
func (e *ends) none() bool { return len(e.fds)+len(e.later) == 0 }
