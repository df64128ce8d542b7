package tracer

import (
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
)

func (d *noticed) goOn(th *thread) {
	switch {
	case th.notice != 0:
		d.answer(th)
	case th.leaving:
		th.interrupted = len(th.pending) > 0
		d.release(th, 0)
	case len(th.pending) > 0 && (th.restarting || !th.interrupted):
		if !th.stepping { // it is to start again at once, and stops there
			th.stepping, d.soon = true, th.tid
		}
		resume(unix.PTRACE_SYSCALL, th.tid, 0)
	case len(th.pending) > 0:
		resume(unix.PTRACE_CONT, th.tid, 0)
	default:
		d.release(th, 0)
	}
}

// answer lets the call of a thread run.
func (d *noticed) answer(th *thread) {
	id := th.notice
	follows := th.follow && !th.stepping && d.canFollow(th)
	th.notice = 0
	if th.quick = follows && d.isQuick(th); follows && !th.quick {
		th.restarting, th.interrupted = true, true
		th.restarts++
		d.check(d.listener.Restart(id))
		d.soon = th.tid
		return
	}
	if th.spawning {
		d.seize(th)
		d.soon = th.tid
	}
	if th.follow {
		th.restarting, th.restarts = false, 0
		switch {
		case th.executes():
			d.executing[th.pid] = th.tid
		case th.quick:
			d.soon = th.tid
		}
	}
	if th.attaches != nil {
		d.attach(th)
	}
	th.spawning = false
	d.letRun(th, id)
}

// longWork is how long ago a thread was let run that now goes on where the kernel
// places it, mostly where it ran: about what it costs to wake another processor. One
// that calls sooner, or is alone, goes on where we run, as its memory is at hand
// there. If all did in a crowd, they would gather here one after another, each time
// that two call at once, and other processors have nothing to do. It is a crowd for so
// long after another thread was let run.
const (
	longWork   = 30 * time.Microsecond
	crowdLasts = 10 * time.Millisecond
)

// letRun answers a thread's call, so that it runs.
func (d *noticed) letRun(th *thread, id uint64) {
	now := time.Now()
	worked := now.Sub(th.letRun)
	th.letRun = now
	if d.latest != th.tid {
		d.latest, d.changed = th.tid, now
	}
	alone := now.Sub(d.changed) > crowdLasts
	soon := d.soon == th.tid // it will stop at once, and is waited for here
	if d.synchronous && !alone && !soon && worked > longWork {
		d.listener.Synchronous(false)
		defer d.listener.Synchronous(true)
	}
	d.check(d.listener.Continue(id))
}

// maxRestarts is how often a call is told to begin anew before it runs. Signals that
// come faster than it is stopped again could hold it up for ever.
const maxRestarts = 10

// canFollow reports whether a thread is seized and about to stop, to be taken to the end of its
// call. If it cannot be, the call is told of as it is: made, its result not known.
func (d *noticed) canFollow(th *thread) bool {
	if th.restarts < maxRestarts && !asksToBeTraced(th.pending) && d.seize(th) && interrupt(th.tid) {
		return true
	}
	th.restarts = 0
	if th.executes() {
		d.unsure[th.pid] = th.tid
	}
	d.rec.Load(th.pending)
	th.pending, th.interrupted = th.pending[:0], false
	d.check(d.putIf(th.match))
	return false
}

// asksToBeTraced reports whether a call is ptrace(PTRACE_TRACEME), which fails in
// a thread that is traced already.
func asksToBeTraced(call event.Event) bool {
	return call.Row().Name == "ptrace" && call.Arg(0) == unix.PTRACE_TRACEME
}

// seize begins to trace a thread. That another traces it makes the process's
// results and images unknown.
func (d *noticed) seize(th *thread) bool {
	if th.seized {
		return true
	}
	if tid, executes := d.unsure[th.pid]; executes && tid != th.tid { // see executes: here it is not known when that is over
		d.check(d.blind(th.pid, whyTraced))
		return false
	}
	errno := seize(th.tid, traceOnce)
	switch th.seized = errno == 0; {
	case th.seized:
		d.sighted(th.pid, whyTraced)
	case !d.started:
		d.check(seizeError(errno))
	case errno == unix.EPERM:
		d.check(d.unseizable(th))
	}
	return th.seized
}

// unseizable notes why a thread cannot be seized; one that is about to end cannot, either.
func (d *noticed) unseizable(th *thread) error {
	switch tracer, alive := procfs.Tracer(th.tid); {
	case !alive:
		return nil
	case tracer != 0:
		return d.blind(th.pid, whyTraced)
	}
	return d.blind(th.pid, whyRefused)
}

// check keeps the first error of an answer, which ends the watch.
func (d *noticed) check(err error) {
	if d.failed == nil {
		d.failed = err
	}
}

// leave lets go of a thread whose call was received, which begins anew after that.
// It reports false where the thread was not seized any more: then the call goes on.
func (d *noticed) leave(th *thread) bool {
	th.kept = false
	if th.leaving = interrupt(th.tid); !th.leaving {
		th.seized = false
		return false
	}
	d.check(d.listener.Restart(th.notice))
	th.notice, d.soon = 0, th.tid
	return true
}

// release lets a thread run that need not be seized any more. That it was is seen
// by its stop: a child is with its maker.
func (d *noticed) release(th *thread, sig unix.Signal) {
	th.seized, th.leaving, th.stepping, th.restarting, th.restarts, th.attaches = th.kept, false, false, false, 0, nil
	if th.kept {
		resume(unix.PTRACE_CONT, th.tid, sig)
		return
	}
	resume(unix.PTRACE_DETACH, th.tid, sig)
}

func (d *noticed) deliver(th *thread, sig unix.Signal) {
	d.mend(th)
	if len(th.pending) == 0 || th.leaving {
		d.release(th, sig)
		return
	}
	th.stepping = false
	resume(unix.PTRACE_CONT, th.tid, sig)
}

// halt detaches, too: who looks at the thread is to see it stopped, not traced. A
// call that it was stopped in is started again when it goes on, and comes back.
func (d *noticed) halt(th *thread) {
	if th.kept {
		resume(unix.PTRACE_LISTEN, th.tid, 0)
		return
	}
	th.interrupted = len(th.pending) > 0
	d.release(th, 0)
}
