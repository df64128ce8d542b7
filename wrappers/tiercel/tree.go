package main

import (
	"context"
	"errors"

	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/tracer/launch"
)

// tree runs a command that a probe watches.
type tree struct {
	*kernel.Probe
	command launch.Command
	linger  bool // stay until the last process has ended, not only the command's
	onStart func(pid int)
	code    int
}

// OnStart sets a function that Run calls with the command's process number once it exists.
func (t *tree) OnStart(f func(pid int)) { t.onStart = f }

// ExitCode returns what the command exited with. It is final after Run.
func (t *tree) ExitCode() int { return t.code }

// Run starts the command and tells what it does.
func (t *tree) Run(ctx context.Context, ring *event.Ring) error {
	child, err := launch.Start(t.command, nil)
	if err != nil {
		ring.Close()
		return err
	}
	defer child.Close()
	t.onStart(child.PID)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		var err error
		t.code, err = child.Wait()
		if err != nil || !t.linger {
			cancel()
		}
		ended <- err
	}()
	err = child.Open()
	if err != nil {
		cancel()
	}
	err = errors.Join(err, t.Probe.Run(ctx, ring))
	return errors.Join(err, <-ended)
}
