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

// open starts the child, or takes over what runs already: then there is none.
func (t *Tracer) open() (*launch.Child, error) {
	if d, ok := t.door.(*noticed); ok && t.Taken != nil {
		return nil, d.takeOver()
	}
	if err := t.describeAncestors(); err != nil {
		return nil, err
	}
	return t.launch()
}

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
	if err := closeMemory(); err != nil {
		return err
	}
	if t.onStart != nil {
		t.onStart(pid)
	}
	return nil
}

// closeMemory has what shares our user not read our memory or write into it.
func closeMemory() error {
	return os.NewSyscallError("prctl(SET_DUMPABLE)", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
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
