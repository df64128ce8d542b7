package tracer

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
)

// thread returns the state of a stopped thread. A thread that is not known yet
// is a new one whose first stop came before its maker's: nobody needs to wait
// for the other, as either says enough.
func (t *Tracer) thread(tid int) (*thread, error) {
	if th := t.threads[tid]; th != nil {
		return th, nil
	}
	pid, ppid := procfs.Family(tid)
	return t.adoptWith(tid, pid, ppid)
}

// adoptWith adopts a thread, and its process before if that is not known.
func (t *Tracer) adoptWith(tid, pid, parent int) (*thread, error) {
	if t.threads[pid] == nil && pid != tid {
		if _, err := t.adopt(pid, pid, parent); err != nil {
			return nil, err
		}
	}
	return t.adopt(tid, pid, parent)
}

// adopt begins to follow a thread, and tells of it if it is a new process.
func (t *Tracer) adopt(tid, pid, parent int) (*thread, error) {
	th := t.free
	if th == nil {
		th = &thread{}
	} else {
		t.free = th.next
	}
	*th = thread{tid: tid, pid: pid, pending: th.pending[:0], kept: t.keeps(tid, pid, parent)}
	t.threads[tid] = th
	if tid != pid {
		return th, nil
	}
	t.door.born(pid)
	if !t.started {
		return th, nil
	}
	return th, t.announce(tid, pid, parent)
}

// keeps reports whether a new thread is kept as its process is, or a new process as the one that made it.
func (t *Tracer) keeps(tid, pid, parent int) bool {
	maker := pid
	if tid == pid {
		maker = parent
	}
	th := t.threads[maker]
	return th != nil && th.kept
}

// announce tells of a new process, or of one that is new to us.
func (t *Tracer) announce(tid, pid, parent int) error {
	t.counters.Processes++
	if t.isOld(pid) {
		t.proc.Describe(pid, t.needs.Process)
		return t.raise()
	}
	t.rec.Begin(event.RowSpawn, event.Origin{PID: parent, TID: parent}, event.Now())
	t.rec.SetArgs(&[6]uint64{uint64(pid)})
	t.proc.AddState(tid, pid)
	return t.raise()
}

// raise queues the record of a pseudo event, which nobody was stopped for.
func (t *Tracer) raise() error {
	t.counters.Seen++
	return t.put()
}

// drop ends the following of a thread.
func (t *Tracer) drop(tid int) {
	th := t.threads[tid]
	delete(t.threads, tid)
	th.next, t.free = t.free, th
	if tid == th.pid {
		t.door.died(tid)
	}
}

// spawn deals with a thread that has made another.
func (t *Tracer) spawn(th *thread, peer int) error {
	t.counters.Other++
	err := t.name(th, peer)
	t.door.goOn(th)
	return err
}

// name notes that a thread's maker has told of it, and adopts it unless its own
// stop, or even its end, came first.
func (t *Tracer) name(maker *thread, tid int) (err error) {
	if _, over := t.early[tid]; over {
		delete(t.early, tid)
		return nil
	}
	th := t.threads[tid]
	if th == nil {
		pid := tid
		if isThreadOf(maker.pid, tid) {
			pid = maker.pid
		}
		th, err = t.adopt(tid, pid, maker.pid)
		th.seized = true // with its maker: its own stop is still to come
	}
	th.named = true
	return err
}

// maxEarly bounds the threads that are remembered for their makers' events: a
// maker that was killed never tells.
const maxEarly = 4096

func (t *Tracer) endedEarly(tid int) {
	if len(t.early) == maxEarly {
		clear(t.early)
	}
	t.early[tid] = struct{}{}
}

func isThreadOf(pid, tid int) bool {
	return !errors.Is(unix.Tgkill(pid, tid, 0), unix.ESRCH)
}

// exec deals with a process that runs a new image. The thread that asked for it
// has taken the first thread's number; the others are gone.
func (t *Tracer) exec(th *thread, former int) error {
	t.counters.Other++
	if err := t.inherit(th, former); err != nil {
		return err
	}
	if th.pid == t.root && !t.started {
		t.started = true
		if err := t.announce(th.tid, th.pid, os.Getpid()); err != nil {
			return err
		}
	}
	if len(th.pending) > 0 {
		t.rec.Load(th.pending)
	} else {
		t.rec.Begin(event.Lookup("execve"), event.Origin{PID: th.pid, TID: th.tid}, event.Now())
		t.counters.Seen++
	}
	th.pending, th.interrupted, th.kept = th.pending[:0], false, false
	t.sighted(th.pid, "")
	t.rec.SetRet(0)
	t.proc.AddProcess(th.tid, th.pid, t.needs.Process)
	t.proc.AddFacts(th.tid, th.pid, t.needs.Rows[t.rec.Event().RowIndex()].Facts)
	t.tellSetuid(th.pid)
	err := t.put()
	t.door.goOn(th)
	return err
}

// inherit leaves a thread that executes with nothing but its execve, which
// another thread may have called.
func (t *Tracer) inherit(th *thread, former int) error {
	caller := t.threads[former]
	if former != th.tid && caller != nil {
		if err := t.lastCall(th); err != nil {
			return err
		}
		th.pending, th.interrupted, th.seized = append(th.pending[:0], caller.pending...), caller.interrupted, caller.seized
		th.notice = 0 // of a call that waited, and is gone
		t.drop(former)
	}
	if len(th.pending) > 0 && !th.executes() { // a signal's handler executes
		return t.finish(th, -int64(unix.EINTR))
	}
	return nil
}

// gone deals with the end of a thread; of a process's first thread, the kernel
// tells when the whole process has ended. A call that it died in has no result,
// but it was made.
func (t *Tracer) gone(s *Stop) error {
	t.counters.Other++
	if s.TID == t.root && !t.ended { // the number may come again
		t.end, t.ended = s.End, true
	}
	th := t.threads[s.TID]
	if th == nil || !th.named && s.TID != t.root {
		t.endedEarly(s.TID)
	}
	if th == nil {
		return nil
	}
	err := t.lastCall(th)
	pid := th.pid
	t.drop(s.TID)
	if pid != s.TID || !t.started || err != nil {
		return err
	}
	t.sighted(pid, "")
	t.rec.Begin(event.RowProcExit, event.Origin{PID: pid, TID: pid}, event.Now())
	t.rec.SetArgs(&[6]uint64{uint64(s.End)})
	return t.raise()
}

// lastCall queues the call that a thread died in. One that was interrupted before had its result.
func (t *Tracer) lastCall(th *thread) error {
	switch {
	case len(th.pending) == 0 || !t.started:
		return nil
	case th.interrupted:
		return t.finish(th, -int64(unix.EINTR))
	}
	t.rec.Load(th.pending)
	return t.put()
}

// describeAncestors tells of the processes above the workload, the oldest first:
// rules ask for a process's ancestors.
func (t *Tracer) describeAncestors() error {
	for _, pid := range procfs.Ancestors(os.Getpid()) {
		t.proc.Describe(pid, t.needs.Process)
		if err := t.raise(); err != nil {
			return err
		}
	}
	return nil
}
