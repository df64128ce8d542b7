package launch

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
)

// Listener takes over the listener of the child's filter, once the child was let go on.
func (c *Child) Listener() (seccomp.Listener, error) {
	words, rights := make([]byte, maxReport), make([]byte, unix.CmsgSpace(4))
	n, got, _, _, err := unix.Recvmsg(int(c.report.Fd()), words, rights, unix.MSG_CMSG_CLOEXEC)
	switch {
	case err != nil:
		return -1, fmt.Errorf("take listener: %w", os.NewSyscallError("recvmsg", err))
	case n == 0:
		return -1, c.ended()
	case words[0] != listens:
		return -1, &StartError{ExitFailed, reason(words[:n])}
	}
	messages, err := unix.ParseSocketControlMessage(rights[:got])
	if err != nil || len(messages) != 1 {
		return -1, fmt.Errorf("take listener: %d messages: %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, fmt.Errorf("take listener: %w", err)
	}
	return seccomp.Listener(fds[0]), nil
}

// ended waits for a child that has closed its report unsaid, and returns how it ended.
func (c *Child) ended() error {
	if err := c.awaitEnd(); err != nil {
		return err
	}
	return c.Failure(ExitCode(c.End))
}
