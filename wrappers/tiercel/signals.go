package main

import (
	"errors"
	"os"
	"os/signal"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// forwarder passes signals that were sent to the launcher on to the command.
//
// A terminal sends its signals to every process of the foreground group, the
// command among them; passing these on would deliver them twice. So the
// terminal's own are passed on only where the launcher is not in the foreground
// of a terminal, and must have got them from a kill.
//
// Once the command has ended, and only what it left behind is still watched, a
// signal that asks for the end ends the launcher, and the kernel with it the rest.
type forwarder struct {
	log     zerolog.Logger
	signals chan os.Signal
	ending  func() // called before the launcher is ended, if set
}

// fromTerminal are the signals that a terminal sends on a key press.
var fromTerminal = map[os.Signal]bool{unix.SIGINT: true, unix.SIGQUIT: true}

// endings are the signals that ask for a process's end.
var endings = map[os.Signal]bool{unix.SIGINT: true, unix.SIGQUIT: true, unix.SIGTERM: true, unix.SIGHUP: true}

// newForwarder begins to catch signals. SIGPIPE is caught so that a reader of
// the alerts that goes away ends neither tiercel nor with it the workload.
func newForwarder(log zerolog.Logger) *forwarder {
	f := &forwarder{log: log, signals: make(chan os.Signal, 64)}
	for _, s := range []os.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGPIPE} {
		if !signal.Ignored(s) { // nohup(1): the command shall ignore it, too
			signal.Notify(f.signals, s)
		}
	}
	return f
}

// start begins to pass signals on to the command's process, those caught before it, too.
// The terminal does not stop us for writing an alert while the command is in its
// foreground; that is set only now, so that the command does not inherit it.
func (f *forwarder) start(pid int) {
	signal.Ignore(unix.SIGTTOU)
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		f.log.Error().Err(os.NewSyscallError("pidfd_open", err)).Msg("signals are not passed on")
		return
	}
	go func() {
		for s := range f.signals {
			f.pass(pidfd, s)
		}
	}()
}

func (f *forwarder) pass(pidfd int, s os.Signal) {
	if s == unix.SIGPIPE {
		return
	}
	gone := errors.Is(unix.PidfdSendSignal(pidfd, 0, nil, 0), unix.ESRCH)
	switch {
	case gone && endings[s]:
		f.log.Warn().Stringer("signal", s).Msg("the command has ended; what it left behind ends now")
		if f.ending != nil {
			f.ending()
		}
		os.Exit(128 + int(s.(unix.Signal)))
	case gone, fromTerminal[s] && inForeground():
	default:
		if err := unix.PidfdSendSignal(pidfd, s.(unix.Signal), nil, 0); err != nil {
			f.log.Debug().Err(err).Stringer("signal", s).Msg("pass signal on")
		}
	}
}

// stop ends the passing on; a signal that comes later has its usual effect.
func (f *forwarder) stop() { signal.Stop(f.signals) }

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
