package kernel

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// waker waits for the kernel's ring, or for somebody who has it look up.
type waker struct{ epoll, event int }

func newWaker(ring int) (*waker, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("eventfd", err), unix.Close(epoll))
	}
	w := &waker{epoll, event}
	for _, fd := range []int{ring, event} {
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(fd)}); err != nil {
			return nil, errors.Join(os.NewSyscallError("epoll_ctl", err), w.close())
		}
	}
	return w, nil
}

// wait returns after a wake, an event in the ring, or the time; none of these needs to be told apart.
func (w *waker) wait(most time.Duration) {
	var events [2]unix.EpollEvent
	_, _ = unix.EpollWait(w.epoll, events[:], int(most.Milliseconds()))
}

func (w *waker) wake() {
	_, _ = unix.Write(w.event, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // it is full: then it wakes anyway
}

func (w *waker) close() error { return errors.Join(unix.Close(w.epoll), unix.Close(w.event)) }
