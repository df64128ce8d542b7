package main

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"tiercel/tracer/launch"
	"tiercel/tracer/sigaction"
)

// forwarder passes signals that were sent to the launcher on to the command, and
// stops the launcher where the command stops.
//
// A terminal sends its signals to every process of the foreground group, the
// command among them; passing these on would deliver them twice. The kernel says
// that it sent one. For the same reason SIGCONT, which a shell sends to all of a
// job, is passed on only to a command that is stopped.
//
// Once the command has ended, and only what it left behind is still watched, a
// signal that asks for the end ends the watch, and with it the rest.
type forwarder struct {
	log         zerolog.Logger
	caught      *caught
	signals     chan sent
	stops       chan unix.Signal // by which the command was stopped
	pid         int              // of the command
	end         func()           // ends the watch
	endedBy     atomic.Int32     // the signal that the watch was ended by, 0 for none
	interrupted chan struct{}    // closed at the first interrupt by a key
	once        sync.Once        // for that
}

// fromTerminal are the signals that a terminal sends on a key press, or when it changes its size.
var fromTerminal = map[unix.Signal]bool{unix.SIGINT: true, unix.SIGQUIT: true, unix.SIGTSTP: true, unix.SIGWINCH: true}

// endings are the signals that ask for a process's end.
var endings = map[unix.Signal]bool{unix.SIGINT: true, unix.SIGQUIT: true, unix.SIGTERM: true, unix.SIGHUP: true}

// The real-time signals that a program may use: the two before are the C library's.
const firstRealTime, lastRealTime = unix.Signal(34), unix.Signal(sigaction.Last)

func newForwarder(log zerolog.Logger, end func()) *forwarder {
	return &forwarder{log: log, end: end, signals: make(chan sent), stops: make(chan unix.Signal, 1), interrupted: make(chan struct{})}
}

// start begins to pass signals on to the command's process, which holds them until it is
// the command. Before, they do to tiercel what they do to what is not watched: a
// terminal's end, stop and continue it together with the process that is to be the command.
// The terminal does not stop us for writing an alert while the command is in its
// foreground, and a reader of the alerts that goes away ends neither tiercel nor with it
// the workload; that is set only now, so that the command does not inherit it.
func (f *forwarder) start(pid int) {
	signal.Ignore(unix.SIGTTOU, unix.SIGPIPE)
	f.pid = pid
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err = os.NewSyscallError("pidfd_open", err); err == nil {
		f.caught, err = catch(wanted())
	}
	if err != nil {
		f.log.Error().Err(err).Msg("signals are not passed on")
		return
	}
	go f.read()
	go func() {
		for {
			select {
			case s := <-f.signals:
				f.pass(pidfd, &s)
			case s := <-f.stops:
				f.suspend(pidfd, s)
			}
		}
	}()
}

// external are the signals that people and terminals send, beside the real-time ones, and
// not those that the kernel sends to who made a fault, set a timer, or has children.
var external = []unix.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM,
	unix.SIGVTALRM, unix.SIGCONT, unix.SIGTSTP, unix.SIGWINCH, unix.SIGIO, unix.SIGPWR}

// keepIgnoring has tiercel ignore what it was started to ignore, which Go's runtime does of few signals.
func keepIgnoring() {
	for _, s := range append(external, unix.SIGPIPE) {
		if launch.Ignores(s) {
			signal.Ignore(s)
		}
	}
}

// wanted returns the signals that are passed on: those that tiercel does not ignore.
func wanted() (signals []unix.Signal) {
	for _, s := range external {
		if !launch.Ignores(s) {
			signals = append(signals, s)
		}
	}
	for s := firstRealTime; s <= lastRealTime; s++ {
		signals = append(signals, s)
	}
	return signals
}

// read reads what was caught.
func (f *forwarder) read() {
	for {
		s, err := f.caught.next()
		if err != nil {
			f.log.Error().Err(err).Msg("signals are not passed on any more")
			return
		}
		f.signals <- s
	}
}

func (f *forwarder) pass(pidfd int, s *sent) {
	gone, had := errors.Is(unix.PidfdSendSignal(pidfd, 0, nil, 0), unix.ESRCH), f.hasIt(s)
	switch {
	case gone && endings[s.signal()]:
		f.finish(s.signal())
	case gone, had:
	default:
		if err := s.pass(pidfd); err != nil {
			f.log.Debug().Err(err).Stringer("signal", s.signal()).Msg("pass signal on")
		}
	}
}

// finish ends the watch of what the command left behind, but does not wait for
// ever for an output that nobody reads.
func (f *forwarder) finish(s unix.Signal) {
	if f.endedBy.Load() != 0 {
		return
	}
	time.Sleep(ownEnd)
	f.log.Warn().Stringer("signal", s).Msg("the command has ended; what it left behind ends now")
	f.endedBy.Store(int32(s))
	f.end()
	time.AfterFunc(endTime, func() {
		f.log.Error().Msg("an output takes no alerts: those that are left are not written, and there is no ledger")
		os.Exit(128 + int(s))
	})
}

// ownEnd is the time that tiercel has to end by itself, where nothing is left
// behind: the signal may be what has ended the command.
const ownEnd = 300 * time.Millisecond

// hasIt reports whether the command got the signal, too, or has no need of it.
func (f *forwarder) hasIt(s *sent) bool {
	switch {
	case s.signal() == unix.SIGCONT:
		return !isStopped(f.pid)
	case fromTerminal[s.signal()] && s.code == byKernel:
		if s.signal() == unix.SIGINT {
			f.once.Do(func() { close(f.interrupted) })
		}
		group, err := unix.Getpgid(f.pid)
		return err != nil || group == unix.Getpgrp() // timeout(1) leaves it, where it does not lead it
	}
	return int(s.pid) == f.pid // to its whole group, as an editor does that stops itself
}

// stop ends the passing on; a signal that comes later has its usual effect.
func (f *forwarder) stop() {
	if f.caught == nil {
		return
	}
	if err := f.caught.release(); err != nil {
		f.log.Error().Err(err).Msg("let go of signals")
	}
}
