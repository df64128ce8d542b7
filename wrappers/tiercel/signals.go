package main

import (
	"os"
	"os/signal"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// forwarder passes signals that were sent to the launcher on to the command.
//
// A terminal sends its signals to every process of the foreground group, the
// command among them; passing these on would deliver them twice. So the
// terminal's own are passed on only where the launcher is not in the foreground
// of a terminal, and must have got them from a kill.
type forwarder struct {
	signals chan os.Signal
	command atomic.Int64
}

// fromTerminal are the signals that a terminal sends on a key press.
var fromTerminal = map[os.Signal]bool{unix.SIGINT: true, unix.SIGQUIT: true}

// newForwarder begins to catch signals. SIGPIPE is caught so that a reader of
// the alerts that goes away ends neither tiercel nor with it the workload.
func newForwarder() *forwarder {
	f := &forwarder{signals: make(chan os.Signal, 64)}
	signal.Notify(f.signals, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2,
		unix.SIGALRM, unix.SIGWINCH, unix.SIGPIPE)
	return f
}

// start begins to pass signals on to the process; those caught before go there too.
func (f *forwarder) start(pid int) {
	f.command.Store(int64(pid))
	go func() {
		for s := range f.signals {
			if s == unix.SIGPIPE || s == unix.SIGWINCH || fromTerminal[s] && inForeground() {
				continue
			}
			_ = unix.Kill(pid, s.(unix.Signal)) // it may be gone
		}
	}()
}

func (f *forwarder) stop() {
	signal.Stop(f.signals)
	close(f.signals)
}

// inForeground reports whether this process is in the foreground group of its terminal.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
