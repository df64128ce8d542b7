package launch

import (
	"errors"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
)

// glance is how often a child is looked at that is about to have a listener.
const glance = 50 * time.Microsecond

// Listener takes over the listener of the child's filter, once the child was let
// go on. The child itself cannot tell of it: each of its calls may be one that
// waits for the listener's answer, and its execve is.
func (c *Child) Listener() (seccomp.Listener, error) {
	for {
		if fd, ok := listenerOf(c.PID); ok {
			return takeOver(c.PID, fd)
		}
		if c.hasSpoken() {
			return -1, c.Failure(ExitFailed)
		}
		time.Sleep(glance)
	}
}

// hasSpoken reports whether the child says why it gives up, or is gone.
func (c *Child) hasSpoken() bool {
	fds := []unix.PollFd{{Fd: int32(c.report.Fd()), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0) // interrupted: it is asked again
	return n > 0
}

// listenerOf finds the listener among a process's descriptors.
func listenerOf(pid int) (fd int, ok bool) {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd/"
	entries, _ := os.ReadDir(dir) // of one that is gone there are none
	for _, e := range entries {
		if link, _ := os.Readlink(dir + e.Name()); link == "anon_inode:seccomp notify" {
			fd, err := strconv.Atoi(e.Name())
			return fd, err == nil
		}
	}
	return 0, false
}

func takeOver(pid, number int) (seccomp.Listener, error) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, os.NewSyscallError("pidfd_open", err)
	}
	fd, err := unix.PidfdGetfd(pidfd, number, 0)
	return seccomp.Listener(fd), errors.Join(os.NewSyscallError("pidfd_getfd", err), unix.Close(pidfd))
}
