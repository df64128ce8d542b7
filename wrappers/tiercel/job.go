package main

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/tracer/sigaction"
)

// stopped notes that the command's process was stopped by the signal. It may be
// called on a source's thread, and does not wait.
func (f *forwarder) stopped(s unix.Signal) {
	select {
	case f.stops <- s:
	default: // one is being dealt with
	}
}

// suspend stops the launcher as the command is, so that the shell, which waits
// for the launcher, takes its terminal back. That is not before the command has
// stopped, which may have had something to do first, and for which the launcher
// is needed. Where no shell watches, nobody would continue it: not without a
// terminal; not, which the kernel sees to, in a group whose shell is gone; and a
// SIGSTOP, which is sent to one process and not to a job, is a shell's matter
// only if the launcher is what it waits for.
func (f *forwarder) suspend(pidfd int, s unix.Signal) {
	if !hasTerminal() || s == unix.SIGSTOP && unix.Getpgrp() != os.Getpid() || !isStopped(f.pid) {
		return
	}
	if err := endBy(unix.SIGTSTP); err != nil {
		f.log.Error().Err(err).Msg("stop with the command")
	}
	f.resume(pidfd)
}

// resume deals with what was sent before the launcher was stopped and is looked
// at only now: the signal that stopped the command, which would stop it once more,
// and the SIGCONT, while it still says whether the command needs one.
func (f *forwarder) resume(pidfd int) {
	const queued = 100 * time.Millisecond
	for over := time.After(queued); ; {
		select {
		case s := <-f.signals:
			if s.signal() != unix.SIGTSTP {
				f.pass(pidfd, &s)
			}
		case <-over:
			return
		}
	}
}

// ended is the result of the run, given what else it would be and which signal
// ended the command: the status of the signal that ended the watch, if one has. It
// has tiercel end by SIGINT where a key press ended the one or the other: a shell
// goes on with its script after a command that merely exits with 130.
func (f *forwarder) ended(err error, by unix.Signal) error {
	var status *failure
	if err != nil && (!errors.As(err, &status) || status.err != nil) {
		return err
	}
	if s := unix.Signal(f.endedBy.Load()); s != 0 {
		by, status = s, &failure{code: 128 + int(s)}
		err = status
	}
	if status != nil && by == unix.SIGINT && f.byKey() {
		status.end = unix.SIGINT
	}
	return err
}

// byKey reports whether a key was pressed for the interrupt that has ended the
// command. The news of the end may overtake that of the key.
func (f *forwarder) byKey() bool {
	if !hasTerminal() {
		return false
	}
	select {
	case <-f.interrupted:
		return true
	case <-time.After(ownEnd):
		return false
	}
}

// isStopped reports whether a process is stopped by job control, or held by who traces it.
func isStopped(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	after := bytes.LastIndexByte(b, ')') + 2 // the name before may hold anything
	return err == nil && after < len(b) && (b[after] == 'T' || b[after] == 't')
}

// hasTerminal reports whether this process has a terminal that controls it.
func hasTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	tty.Close()
	return true
}

// endBy does to this process what the signal does by itself. It returns where
// that is not the end, and somebody has had the process go on. (What package
// signal resets keeps Go's handler, which drops it.)
func endBy(s unix.Signal) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	old, err := sigaction.Set(s, &sigaction.Action{})
	if err != nil {
		return err
	}
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), s); err != nil { // to this thread, so that it is over when the call is
		return os.NewSyscallError("tgkill", err)
	}
	_, err = sigaction.Set(s, &old)
	return err
}
