package tracer

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/tracer/launch"
)

// launch starts the child, seizes it, and lets it go on.
func (t *Tracer) launch() (*launch.Child, error) {
	child, err := launch.Start(t.Command, t.Filter)
	if err != nil {
		return nil, err
	}
	if err = t.hold(child.PID); err == nil {
		err = child.Open()
	}
	if err != nil {
		child.Close()
		return nil, err
	}
	return child, nil
}

// hold makes the child, which waits, the first tracee.
func (t *Tracer) hold(pid int) error {
	if errno := seize(pid); errno != 0 {
		return fmt.Errorf("trace child: %w", os.NewSyscallError("ptrace(SEIZE)", errno))
	}
	t.root = pid
	t.threads[pid] = &thread{tid: pid, pid: pid}
	// What shares our user must not read the launcher's memory or write into it.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl(SET_DUMPABLE)", err)
	}
	if t.onStart != nil {
		t.onStart(pid)
	}
	return nil
}

// Probe finds out whether a command can be traced here by tracing one.
func Probe(needs *event.Needs, filter []byte) error {
	t := New(Config{Command: launch.Nothing(), Needs: needs, Filter: filter, Gate: closed{}})
	ring := event.NewRing(0)
	done := make(chan error, 1)
	go func() { done <- ring.Drain(context.Background(), func(event.Event) {}) }()
	return errors.Join(t.Run(context.Background(), ring), <-done)
}

// closed is a gate that nothing passes.
type closed struct{}

func (closed) Decide(event.Event) event.Verdict { return event.Drop }
