package tracer

import (
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event/procfs"
)

// A thread has one tracer. One that a debugger asks for is let go if it is seized, and
// makes no call that could have it seized again until the debugger's own is over.

var rowPtrace = rowOf("ptrace")

// handOver lets go of a thread that is to be traced by another: the caller itself
// (PTRACE_TRACEME), or the one that it names. The call waits until that is done.
func (d *noticed) handOver(th *thread, s *Stop) (waits bool) {
	switch int(s.Call.Args[0]) {
	case unix.PTRACE_TRACEME:
		return th.seized && d.leave(th)
	case unix.PTRACE_ATTACH, unix.PTRACE_SEIZE:
		return d.makeWay(th, s, int(s.Call.Args[1]))
	}
	return false
}

// makeWay lets go of a thread that a call attaches to. To attach to one's own process fails anyway.
func (d *noticed) makeWay(th *thread, s *Stop, tid int) (waits bool) {
	pid := d.processOf(tid)
	if pid == th.pid {
		return false
	}
	th.attaches = &attachment{tid: tid, pid: pid, by: th.tid}
	target := d.threads[tid]
	if target == nil || !target.seized || th.hasWaited {
		return false
	}
	target.kept, target.leaving, th.hasWaited = false, true, true
	interrupt(target.tid)
	until := time.Now().Add(patienceToLetGo)
	d.wait(s, func() bool {
		target := d.threads[tid]
		return target == nil || !target.seized || time.Now().After(until)
	})
	return true
}

// patienceToLetGo bounds how long a call waits until a thread was let go: that one may not be
// able to stop before the caller goes on, as its parent in vfork(2). The kernel then refuses to
// attach. On a busy machine a thread may have no time to run for seconds.
const patienceToLetGo = 5 * time.Second

// processOf returns the process of a thread, which need not be known.
func (d *noticed) processOf(tid int) int {
	if th := d.threads[tid]; th != nil {
		return th.pid
	}
	pid, _ := procfs.Family(tid)
	return pid
}

// attachment is a call that attaches a debugger to a thread.
type attachment struct {
	tid, pid int       // whom it names, and that one's process
	by       int       // the thread that calls
	until    time.Time // when it is taken to be over, if nothing tells; set when it is let run
}

// timeToAttach is how long calls wait for another's call of whose end nobody tells.
const timeToAttach = 100 * time.Millisecond

// attach notes that a call is let run that attaches.
func (d *noticed) attach(a *attachment) {
	a.until = time.Now().Add(timeToAttach)
	d.attached[a.pid] = a
}

// waitForDebugger has a call wait while its process is being attached to, and reports
// whether it has to. It waits for one attachment: who makes them one after another must not hold it up for ever.
func (d *noticed) waitForDebugger(th *thread, s *Stop) (waits bool) {
	a := d.attached[th.pid]
	if a == nil {
		return false
	}
	if th.hasWaited || d.isOver(a) {
		delete(d.attached, th.pid)
		return false
	}
	th.hasWaited = true
	d.wait(s, func() bool { return d.isOver(a) })
	return true
}

// isOver reports whether an attachment has succeeded or failed.
func (d *noticed) isOver(a *attachment) bool {
	by := d.threads[a.by]
	if by == nil || by.attaches != a || time.Now().After(a.until) {
		return true
	}
	tracer, _ := procfs.Tracer(a.tid)
	return tracer != 0
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
