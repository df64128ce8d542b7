package tracer

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
	"tiercel/tracer/keeper"
	"tiercel/tracer/launch"
)

// launch starts the child, gets hold of it, and lets it go on.
func (t *Tracer) launch() (*launch.Child, error) {
	child, err := launch.Start(t.Command, t.Filter, t.Stops)
	if err != nil {
		return nil, err
	}
	if err = t.first(child.PID); err == nil {
		err = t.door.hold(child)
	}
	if err != nil {
		child.Kill()
		child.Close()
		return nil, err
	}
	return child, nil
}

// first makes the child, which waits, the first of the threads.
func (t *Tracer) first(pid int) error {
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
func Probe(needs *event.Needs, filter []byte, stops seccomp.Stops) error {
	t := New(Config{Command: launch.Nothing(), Needs: needs, Filter: filter, Gate: closed{}, Stops: stops, OnDeath: keeper.Kill})
	ring := event.NewRing(0)
	done := make(chan error, 1)
	go func() { done <- ring.Drain(context.Background(), func(event.Event) {}) }()
	return errors.Join(t.Run(context.Background(), ring), <-done)
}

// closed is a gate that nothing passes.
type closed struct{}

func (closed) Decide(event.Event) event.Verdict { return event.Drop }
