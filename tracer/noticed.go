package tracer

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
	"tiercel/tracer/keeper"
	"tiercel/tracer/launch"
)

// noticed is the door of kernels that have user notifications which no signal
// interrupts (Linux 5.19). A watched call waits for the listener's answer; its
// thread is not traced, nor is any other. It is seized only where more than the
// entry matters, and let go again:
//
//   - for a result, the call is told to begin anew (Restart) while an interrupt
//     waits for its thread. That stops it before it has run; from there ptrace takes
//     it to the call's end. So no call is ever broken off, and what it returns is its own.
//   - for the child of a fork, its maker is seized when it is answered, and the
//     kernel stops both. A fork must not be interrupted: it would start again for ever.
//
// The end of a process is told by its pidfd.
type noticed struct {
	*Tracer
	listener    seccomp.Listener
	keeper      *keeper.Keeper
	notice      seccomp.Notification
	ends        *ends
	unsure      map[int]int         // by process: its thread that has executed, unseen
	members     map[int][]int       // by process: those of its threads that are known, beside the first
	synchronous bool                // calls wake us on the processor that they come from, and answers their threads there
	latest      int                 // the thread that was let run last
	changed     time.Time           // since when it is that one
	hasCall     bool                // a call waits to be received
	hasStops    bool                // a tracee may have stopped since it was last asked
	soon        int                 // a thread that is about to stop, 0 for none
	idle        bool                // no thread has the filter any more
	waiting     []waiting           // calls that wait for another thread
	executing   map[int]int         // by process: the thread whose execve was let run
	attached    map[int]*attachment // by process: the call of a debugger that was let run
	unkept      bool                // the keeper has ended
	failed      error               // of an answer
	above       map[int]bool        // of a workload that was taken over: processes above it that were told of
	polled      [2]unix.PollFd

	// Room that is used again:
	regs registers
	file unix.Statx_t
	name []byte // of a file, with a NUL
}

// prepare starts the keeper, unless one was.
func (d *noticed) prepare() (err error) {
	if d.keeper = d.Keeper; d.keeper == nil {
		d.keeper, err = keeper.Start(d.OnDeath)
	}
	return err
}

// hold takes the listener over that the child's filter has, and tells nobody.
func (d *noticed) hold(child *launch.Child) (err error) {
	if d.ends, err = newEnds(d.ctx); err != nil {
		return err
	}
	if err = child.Open(d.Filter, d.Stops); err != nil {
		return err
	}
	if d.listener, err = child.Listener(); err != nil {
		return err
	}
	d.synchronous = d.listener.Synchronous(true) // else slower, not wrong
	if err = d.keeper.Keep(d.listener); err != nil {
		return err
	}
	d.keeper.Add(child.PID)
	if d.OnDeath == keeper.Continue {
		err = d.noteFilter()
	}
	return err
}

func (d *noticed) next() (Stop, error) {
	for d.failed == nil {
		s, ok, err := d.stop()
		if !ok && err == nil {
			s, ok = d.end()
		}
		if !ok && err == nil {
			s, ok = d.waited()
		}
		if !ok && err == nil {
			s, ok, err = d.call()
		}
		if !ok && err == nil {
			err = d.await()
		}
		if ok || err != nil {
			return s, err
		}
	}
	return Stop{}, d.failed
}

// end returns what process has ended, if any has. That of the command is told by wait4.
func (d *noticed) end() (s Stop, ok bool) {
	for pid := d.ends.next(); pid != 0; pid = d.ends.next() {
		if d.threads[pid] != nil { // else another way has told of it
			return Stop{TID: pid, What: Gone, End: d.ends.status(pid)}, true
		}
	}
	return s, false
}

// stop returns what has become of a seized thread, or of a child, if anything.
func (d *noticed) stop() (s Stop, ok bool, err error) {
	if d.soon != 0 {
		s, err = d.waitSoon(d.soon)
		d.soon = 0
	}
	if s.TID == 0 && err == nil && d.hasStops {
		s, err = d.waitStop(anyone, unix.WNOHANG)
		if d.hasStops = s.TID != 0; !d.hasStops {
			d.tellHalt()
		}
	}
	switch {
	case errors.Is(err, unix.ECHILD):
		d.hasStops = false
		return s, false, nil
	case err != nil:
		return s, false, os.NewSyscallError("wait4", err)
	case s.TID == 0:
		return s, false, nil
	}
	if err := d.quickEnd(&s); err != nil {
		return s, false, err
	}
	switch {
	case s.What == Exit:
		s.What = d.readExit(&s)
	case s.What == Gone && s.TID == d.keeper.PID:
		d.unkept = true
		if err := d.blind(s.TID, whyUnkept); err != nil {
			return s, false, err
		}
		return d.stop() // SIGCHLD may have told of another with it
	}
	return s, true, nil
}

// patience is how often a thread that is about to stop is asked after before others are.
const patience = 20

// waitSoon gives a thread the processor until it has stopped, within reason. That
// it is no tracee says nothing of others.
func (d *noticed) waitSoon(tid int) (Stop, error) {
	d.hasStops = true
	for range patience {
		s, err := d.waitStop(tid, unix.WNOHANG)
		switch {
		case errors.Is(err, unix.ECHILD):
			return Stop{}, nil
		case s.TID != 0 || err != nil:
			return s, err
		}
		yield()
	}
	return Stop{}, nil
}

// await waits until something has happened. What is no call is told first, as it
// happened before. It returns ECHILD once nothing can happen any more,
// and the context's error once that has ended.
func (d *noticed) await() (err error) {
	if d.ended && d.idle && d.ends.none() {
		return unix.ECHILD
	}
	if err := d.ctx.Err(); err != nil {
		return err
	}
	fds := &d.polled
	*fds = [...]unix.PollFd{{Fd: int32(d.listener), Events: unix.POLLIN}, {Fd: int32(d.ends.poll), Events: unix.POLLIN}}
	if d.idle {
		fds[0].Fd = -1
	}
	if err := d.ends.askLater(); err != nil {
		return err
	}
	switch err := poll(fds[:], d.pollTime()); {
	case errors.Is(err, unix.EINTR): // by SIGCHLD, most likely, which comes to this thread first: nobody else need wake it
		d.hasStops = true
		return nil
	case err != nil:
		return os.NewSyscallError("poll", err)
	}
	d.idle = d.idle || fds[0].Revents&unix.POLLHUP != 0
	d.hasCall = fds[0].Revents&unix.POLLIN != 0
	if fds[1].Revents != 0 {
		d.hasStops, err = d.ends.collect()
	}
	return err
}

// lookAgain is how often calls that wait for another thread are looked at, in milliseconds.
const lookAgain = 50

// pollTime is how long poll(2) may wait, in milliseconds.
func (d *noticed) pollTime() int {
	if wait := d.ends.wait(); wait >= 0 || len(d.waiting) == 0 {
		return wait
	}
	return lookAgain
}

// born begins to follow a process. That of the command is our child.
func (d *noticed) born(pid int) {
	d.keeper.Add(pid)
	if pid == d.root {
		return
	}
	d.check(d.ends.follow(pid))
}

// died forgets a process with all of its threads.
func (d *noticed) died(pid int) {
	d.keeper.Remove(pid)
	d.ends.forget(pid)
	d.prune(pid, func(int, int) bool { return false })
	delete(d.members, pid)
	delete(d.unsure, pid)
	delete(d.executing, pid)
	delete(d.attached, pid)
}

// whyUnkept says what it means that the keeper was ended.
const whyUnkept = "if tiercel is killed its command goes on with its calls refused, as the keeper was ended or stopped"

// close ends what is left of the workload. None of it can get away meanwhile: to
// make a process is a call that waits for an answer.
func (d *noticed) close() error {
	end := d.keeper.EndRest
	switch {
	case d.idle:
		end = d.keeper.Dismiss
	case d.Taken != nil && d.OnDeath == keeper.Continue:
		d.letGo()
		end = d.keeper.Leave
	}
	err := end()
	if errors.Is(err, keeper.ErrGone) {
		d.ends.kill()
		err = nil
		if !d.unkept {
			err = d.blind(d.keeper.PID, whyUnkept)
		}
	}
	return errors.Join(err, d.listener.Close(), d.ends.close())
}
