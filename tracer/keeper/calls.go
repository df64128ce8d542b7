package keeper

import (
	"errors"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
)

// none is no descriptor, for poll(2).
const none = -1

// calls are those that come by a listener.
type calls struct {
	l       seccomp.Listener
	over    int          // a descriptor that can be read once no more are to be received
	timeout int          // in milliseconds
	lull    func() error // called whenever no call has come for so long
}

// each deals with calls until no thread has the filter any more, or they are
// over. None is left that was received and not dealt with.
func (c calls) each(deal func(n *seccomp.Notification) error) error {
	fds := []unix.PollFd{{Fd: int32(c.l), Events: unix.POLLIN}, {Fd: int32(c.over), Events: unix.POLLIN}}
	var got seccomp.Notification
	for {
		n, err := unix.Poll(fds, c.timeout)
		ok := false
		switch {
		case errors.Is(err, unix.EINTR):
			err = nil
		case err != nil:
		case n == 0:
			err = c.lull()
		case fds[1].Revents&unix.POLLIN != 0:
			return nil
		case fds[0].Revents&unix.POLLIN != 0:
			ok, err = c.l.Receive(&got)
		case fds[0].Revents&unix.POLLHUP != 0:
			return nil
		} // POLLERR is for that a signal came while it was looked
		if ok {
			err = deal(&got)
		}
		if err != nil {
			return err
		}
	}
}
