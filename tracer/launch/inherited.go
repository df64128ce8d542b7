package launch

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"tiercel/tracer/sigaction"
)

// inherited is what an execve(2) leaves and Go's runtime does not: it sets handlers for
// signals, unblocks those that it wants, and opens standard streams that are closed.
type inherited struct {
	ignored, blocked uint64 // signals, the lowest bit for signal 1
	closed           uint64 // standard streams, the lowest bit for standard input
}

// Ignores reports whether this process was started with the signal ignored, as by
// nohup(1). Package signal knows that of few signals.
func Ignores(s unix.Signal) bool { return atStart().ignores(s) }

func (in inherited) ignores(s unix.Signal) bool { return in.ignored>>(s-1)&1 != 0 }

// String is the form in which the child is told.
func (in inherited) String() string {
	return fmt.Sprintf("%x,%x,%x", in.ignored, in.blocked, in.closed)
}

// parseInherited reads what String wrote.
func parseInherited(s string) (in inherited, err error) {
	_, err = fmt.Sscanf(s, "%x,%x,%x", &in.ignored, &in.blocked, &in.closed)
	return in, err
}

// assume has the thread, and what it executes, have it so.
func (in inherited) assume() error {
	for s := unix.Signal(1); s <= sigaction.Last; s++ {
		a := sigaction.Action{}
		if in.ignores(s) {
			a[0] = ignore
		} else if !slices.Contains(Signals, s) {
			continue // an execve takes Go's handlers away
		}
		if _, err := sigaction.Set(s, &a); err != nil {
			return err
		}
	}
	var closing error
	for fd := range 3 {
		if in.closed>>fd&1 != 0 {
			closing = errors.Join(closing, os.NewSyscallError("close", unix.Close(fd)))
		}
	}
	mask := unix.Sigset_t{Val: [16]uint64{in.blocked}}
	return errors.Join(closing, os.NewSyscallError("rt_sigprocmask", unix.PthreadSigmask(unix.SIG_SETMASK, &mask, nil)))
}

// ignore is the kernel's SIG_IGN.
const ignore = 1
