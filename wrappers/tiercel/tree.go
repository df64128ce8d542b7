package main

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/seccomp"
	"tiercel/tracer/launch"
)

// tree runs a command that a probe watches.
type tree struct {
	*kernel.Probe
	command launch.Command
	linger  bool // stay until the last process has ended, not only the command's
	onStart func(pid int)
	onStop  func(sig unix.Signal)
	child   *launch.Child
}

// OnStart sets a function that Run calls with the command's process number once it exists.
func (t *tree) OnStart(f func(pid int)) { t.onStart = f }

// OnStop sets a function that Run calls when the command's process is stopped by job control.
func (t *tree) OnStop(f func(sig unix.Signal)) { t.onStop = f }

// ExitCode returns what the command exited with. It is final after Run.
func (t *tree) ExitCode() int { return launch.ExitCode(t.child.End) }

// EndedBy returns the signal that ended the command, -1 for none. It is final after Run.
func (t *tree) EndedBy() unix.Signal { return t.child.End.Signal() }

// Run starts the command and tells what it does.
func (t *tree) Run(ctx context.Context, ring *event.Ring) (err error) {
	if t.child, err = launch.Start(t.command); err != nil {
		ring.Close()
		return err
	}
	defer t.child.Close()
	if err = t.child.Ready(); err != nil {
		ring.Close()
		return t.child.GiveUp(err)
	}
	t.child.OnStop = t.onStop
	t.onStart(t.child.PID)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- t.wait(cancel) }()
	if err := t.Probe.Run(ctx, ring); err != nil {
		t.child.Close() // else it might wait for ever
		if err = errors.Join(err, <-ended); !t.Begun() {
			err = t.child.GiveUp(err)
		}
		return err
	}
	return <-ended
}

// wait waits for the end of the command, and ends the watch with it where nothing else is to be waited for.
func (t *tree) wait(end func()) (err error) {
	_, err = t.child.Wait()
	if err != nil || !t.linger || !t.Begun() { // it may have been killed before it was the command
		end()
	}
	return err
}

// open lets the command start.
func (t *tree) open() error { return t.child.Open(nil, seccomp.ByTrace) }
