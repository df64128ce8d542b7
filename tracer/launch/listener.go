package launch

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
)

// listens is what a child says when it hands its listener over; all else is why it gives up.
const listens = "\x01"

// Listener takes over the listener of the child's filter, once the child was let go on.
func (c *Child) Listener() (seccomp.Listener, error) {
	words, rights := make([]byte, maxReport), make([]byte, unix.CmsgSpace(4))
	n, got, _, _, err := unix.Recvmsg(int(c.report.Fd()), words, rights, unix.MSG_CMSG_CLOEXEC)
	switch {
	case err != nil:
		return -1, fmt.Errorf("take listener: %w", os.NewSyscallError("recvmsg", err))
	case n == 0:
		return -1, c.ended()
	case string(words[:n]) != listens:
		return -1, &StartError{ExitFailed, errors.New(string(words[:n]))}
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

// listen puts the filter on the thread, and has another hand the listener over.
// This one cannot: each call of it may be one that waits for the listener's
// answer, those of Go's runtime, too. The other is not under the filter, and
// looks until there is a listener among the descriptors that was not before. It
// must not need this one for that, which may be waiting: nothing may stop the
// world, as a garbage collection would.
func listen(prog seccomp.Program, report int) error {
	debug.SetGCPercent(-1) // what is to be executed has its own
	debug.SetMemoryLimit(math.MaxInt64)
	free, err := unix.FcntlInt(uintptr(report), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("fcntl(DUPFD)", err)
	}
	if err := unix.Close(free); err != nil {
		return os.NewSyscallError("close", err)
	}
	runtime.GOMAXPROCS(2) // each thread has its own processor of the runtime's, and needs none of the other's
	var had [near]bool
	for i := range had {
		had[i] = seccomp.Listener(free + i).Is()
	}
	runs := make(chan struct{})
	var handed atomic.Bool
	go func() {
		runtime.LockOSThread()
		close(runs)
		handOver(free, had, report)
		handed.Store(true)
	}()
	<-runs
	_, err = prog.InstallListener()
	for err == nil && !handed.Load() { // to execute now would be too soon: Go's runtime makes no threads meanwhile, and the other may need one
		yield() // it may have no other processor; where the rules watch this call, it waits, as it should
	}
	return err
}

// near is how far above the lowest free descriptor a listener may be: Go's runtime
// opens a file or two of its own at any time.
const near = 32

// handOver waits until there is a listener that was not before, and sends it.
func handOver(free int, had [near]bool, report int) {
	for {
		for i := range had {
			if !had[i] && seccomp.Listener(free+i).Is() {
				_ = unix.Sendmsg(report, []byte(listens), unix.UnixRights(free+i), nil, 0) // a parent that is gone takes nothing
				_ = unix.Close(free + i)                                                   // with it open our calls would wait for ever once the parent is gone
				return
			}
		}
		yield()
	}
}

func yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
