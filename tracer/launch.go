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

// open launches the child, or takes over what runs already.
func (t *Tracer) open() error {
	if d, ok := t.door.(*noticed); ok && t.Taken != nil {
		return d.takeOver()
	}
	return t.launch()
}

// launch gets hold of the child, and lets it go on.
func (t *Tracer) launch() error {
	err := t.door.prepare()
	if err == nil {
		err = t.describeAncestors() // while others start
	}
	if err == nil {
		err = t.Child.Ready()
	}
	if err == nil {
		err = t.first()
	}
	if err == nil {
		err = t.door.hold(t.Child)
	}
	if err != nil {
		err = t.Child.GiveUp(err)
		t.end = t.Child.End
	}
	return err
}

// first makes the child, which waits, the first of the threads.
func (t *Tracer) first() error {
	pid := t.Child.PID
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
	child, err := launch.Start(launch.Nothing())
	if err != nil {
		return err
	}
	t := New(Config{Child: child, Needs: needs, Filter: filter, Gate: closed{}, Stops: stops, OnDeath: keeper.Kill})
	ring := event.NewRing(0)
	done := make(chan error, 1)
	go func() { done <- ring.Drain(context.Background(), func(event.Event) {}) }()
	return errors.Join(t.Run(context.Background(), ring), <-done)
}

// closed is a gate that nothing passes.
type closed struct{}

func (closed) Decide(event.Event) event.Verdict { return event.Drop }
