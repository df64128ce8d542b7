package tracer

import (
	"errors"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"tiercel/engine/event/procfs"
)

// ends tells of processes that have ended, which need not be our children or
// tracees, and of that a child or tracee has changed (SIGCHLD).
type ends struct {
	poll  int         // an epoll of what is below
	woken int         // an eventfd: SIGCHLD has come
	fds   map[int]int // pidfds, by process
	gone  []int       // processes that had ended before they were followed
	found []unix.EpollEvent
	room  [64]unix.EpollEvent
	sigs  chan os.Signal
}

func newEnds() (*ends, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	woken, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("eventfd", err), unix.Close(poll))
	}
	e := &ends{poll: poll, woken: woken, fds: map[int]int{}, sigs: make(chan os.Signal, 1)}
	if err := e.add(woken, 0, unix.EPOLLET); err != nil {
		return nil, errors.Join(err, e.close())
	}
	signal.Notify(e.sigs, unix.SIGCHLD)
	go e.forward()
	return e, nil
}

func (e *ends) add(fd, pid int, flags uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(e.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | flags, Fd: int32(pid)}))
}

func (e *ends) forward() {
	for range e.sigs {
		_, _ = unix.Write(e.woken, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // it is full: then it wakes anyway
	}
}

// follow has the end of a process told.
func (e *ends) follow(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		e.gone = append(e.gone, pid)
		return nil
	case err != nil:
		return os.NewSyscallError("pidfd_open", err)
	}
	if err := e.add(fd, pid, 0); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	e.fds[pid] = fd
	return nil
}

func (e *ends) forget(pid int) {
	if fd, ok := e.fds[pid]; ok {
		unix.Close(fd)
		delete(e.fds, pid)
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
}

func (e *ends) close() error {
	signal.Stop(e.sigs)
	close(e.sigs)
	for _, fd := range e.fds {
		unix.Close(fd)
	}
	return errors.Join(unix.Close(e.poll), unix.Close(e.woken))
}

// none reports whether no process is followed.
func (e *ends) none() bool { return len(e.fds) == 0 }
