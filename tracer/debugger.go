package tracer

import (
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event/procfs"
)

// A thread has one tracer. One that a debugger asks for is let go if it is seized. Until
// the debugger's own call is over, which is followed to its end for that, all calls of
// the process wait: each could have its thread seized again, or its siblings (keep).

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
	if pid == th.pid || d.threads[pid] == nil {
		return false
	}
	th.attaches = &attachment{pid: pid, by: th.tid}
	target := d.threads[tid]
	if target == nil || !target.seized || th.madeWay {
		return false
	}
	target.kept, target.leaving, th.madeWay = false, true, true
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

// attachment is a call that attaches a debugger to a process that is followed.
type attachment struct {
	pid   int       // whom it names
	by    int       // the thread that calls
	until time.Time // when it is taken to be over, if nothing tells; set when it is let run
}

// How long an attachment takes at most, and one whose end nobody tells: the caller cannot be
// followed, as another traces it. And how long a call waits at most, of however many that come one after another.
const (
	timeToAttach       = 100 * time.Millisecond
	timeToAttachUnseen = 10 * time.Millisecond
	timeToWait         = 100 * time.Millisecond
)

// attach notes that a thread's call is let run that attaches.
func (d *noticed) attach(th *thread) {
	long := timeToAttachUnseen
	if th.stepping {
		long = timeToAttach
	}
	th.attaches.until = time.Now().Add(long)
	d.attached[th.attaches.pid] = th.attaches
}

// waitForDebugger has a call wait while its process is being attached to, and reports whether it has to.
func (d *noticed) waitForDebugger(th *thread, s *Stop) (waits bool) {
	a := d.attached[th.pid]
	if a == nil {
		return false
	}
	if d.isOver(a) {
		delete(d.attached, th.pid)
		return false
	}
	if th.waitsUntil.IsZero() {
		th.waitsUntil = time.Now().Add(timeToWait)
	}
	until := th.waitsUntil
	if time.Now().After(until) {
		return false
	}
	d.wait(s, func() bool { return d.isOver(a) || time.Now().After(until) })
	return true
}

// isOver reports whether an attachment has succeeded or failed.
func (d *noticed) isOver(a *attachment) bool {
	by := d.threads[a.by]
	return by == nil || by.attaches != a || time.Now().After(a.until)
}
