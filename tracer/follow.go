package tracer

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// How processes for which no descriptor is left are asked after: so many at once,
// so often, and how long poll(2) may wait meanwhile.
const (
	askedAtOnce = 256
	askEvery    = 20 * time.Millisecond
	askWait     = int(askEvery / time.Millisecond)
)

// mostFollowed is how many processes have a descriptor of their own: half of what
// we may have open, as all that is read of processes needs one, too.
func mostFollowed() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int(min(limit.Cur, 1<<30) / 2)
}

// follow has the end of a process told: at once, or where there are more than may
// have a descriptor, when it is asked after. How that one ended, nobody may know by then.
func (e *ends) follow(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		e.gone = append(e.gone, pid)
		return nil
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		e.later = append(e.later, pid)
		return nil
	case err != nil:
		return os.NewSyscallError("pidfd_open", err)
	}
	if len(e.fds) >= e.most && !hasEnded(fd) {
		e.later = append(e.later, pid)
		return os.NewSyscallError("close", unix.Close(fd))
	}
	if err := e.add(fd, pid, 0); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	e.fds[pid] = fd
	return nil
}

// askLater asks after some of the processes that have no descriptor, if it is time to.
func (e *ends) askLater() error {
	if len(e.later) == 0 || time.Since(e.asked) < askEvery {
		return nil
	}
	e.asked = time.Now()
	some := e.later[:min(len(e.later), askedAtOnce)]
	e.later = e.later[len(some):]
	for _, pid := range some {
		if err := e.follow(pid); err != nil {
			return err
		}
	}
	return nil
}

// wait is how long poll(2) may wait, in milliseconds.
func (e *ends) wait() int {
	switch {
	case len(e.gone) > 0:
		return 0
	case len(e.later) > 0:
		return askWait
	}
	return -1
}

func hasEnded(pidfd int) bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 0) // if interrupted, it is asked again
	return n > 0
}
