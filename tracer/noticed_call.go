package tracer

import (
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
)

// call receives a call that waits for an answer, if one does.
func (d *noticed) call() (s Stop, ok bool, err error) {
	n := &d.notice
	if !d.hasCall {
		return s, false, nil
	}
	d.hasCall = false
	if ok, err := d.listener.Receive(n); !ok || err != nil {
		return s, false, err
	}
	d.keeper.Received(n.ID)
	s = Stop{TID: int(n.TID), What: Entry}
	s.Call.Is32, s.Call.Args = is32(n.Data.Arch), n.Data.Args
	if s.What = d.checkEntry(&s, uint64(uint32(n.Data.Number))); s.What != Entry {
		d.counters.Other++
		return s, false, d.listener.Continue(n.ID)
	}
	th, err := d.caller(s.TID)
	if err == nil && th != nil {
		err = d.makeSure(th)
	}
	if err != nil || th == nil {
		return s, false, err
	}
	th.notice, th.madeWay, th.waitsUntil = n.ID, false, time.Time{}
	return s, d.take(th, &s), nil
}

// take begins to deal with a call. It reports false where that begins anew, or has to wait.
func (d *noticed) take(th *thread, s *Stop) bool {
	if d.executes(th.pid, th.tid) {
		d.wait(s, d.executed(th.pid, th.tid))
		return false
	}
	th.attaches = nil
	if d.waitForDebugger(th, s) {
		return false
	}
	if th.kept {
		th.kept = d.seize(th)
	}
	th.follow, th.spawning = false, d.makesProcess(s)
	if th.seized && !th.kept && !th.spawning && len(th.pending) == 0 && d.leave(th) { // for a fork that failed
		d.counters.Other++
		return false
	}
	if d.heed(th, s) {
		d.counters.Other++
		return false
	}
	return true
}

func (d *noticed) executed(pid, tid int) func() bool {
	return func() bool { return !d.executes(pid, tid) }
}

// executes reports whether another thread of a process is about to execute. To
// seize one waits until it has, and it waits until we are told of the ends of those we have seized.
func (d *noticed) executes(pid, tid int) bool {
	th := d.threads[d.executing[pid]]
	if th == nil || th.pid != pid || th.tid == tid || len(th.pending) == 0 || th.interrupted {
		delete(d.executing, pid)
		return false
	}
	return true
}

// caller returns the thread of the call that was received, which may not be known
// yet: nobody has told of it. Its number may have been another's before. It is nil where the call is gone.
func (d *noticed) caller(tid int) (*thread, error) {
	th := d.threads[tid]
	if th != nil && th.tid != th.pid && !isThreadOf(th.pid, tid) {
		d.drop(tid)
		th = nil
	}
	if th != nil {
		return th, nil
	}
	pid, ppid := procfs.Family(tid)
	if !d.listener.Valid(d.notice.ID) {
		return nil, nil
	}
	if th, err := d.missed(tid, pid); th != nil || err != nil {
		return th, err
	}
	th, err := d.adoptWith(tid, pid, ppid)
	if err != nil {
		return nil, err
	}
	if pid != tid {
		th.named = true
		d.enlist(pid, tid)
	}
	return th, nil
}

// manyThreads is how many threads of a process may be known without a look at whether they still are.
const manyThreads = 64

// enlist notes that a thread is of a process. Of its end nobody will tell.
func (d *noticed) enlist(pid, tid int) {
	if known := d.members[pid]; len(known) >= manyThreads && len(known) == cap(known) {
		d.prune(pid, isThreadOf)
	}
	d.members[pid] = append(d.members[pid], tid)
}

// prune forgets the threads of a process that are not alive.
func (d *noticed) prune(pid int, alive func(pid, tid int) bool) {
	kept := d.members[pid][:0]
	for _, tid := range d.members[pid] {
		switch th := d.threads[tid]; {
		case th == nil || th.pid != pid:
		case alive(pid, tid):
			kept = append(kept, tid)
		default:
			d.drop(tid)
		}
	}
	d.members[pid] = kept
}

// makeSure tells anew of a process that has executed without our seeing it, once
// the thread that did so makes a call, or is gone by having become the first.
func (d *noticed) makeSure(th *thread) error {
	tid, unsure := d.unsure[th.pid]
	if !unsure || tid != th.tid && isThreadOf(th.pid, tid) {
		return nil
	}
	delete(d.unsure, th.pid)
	d.proc.Describe(th.pid, d.needs.Process)
	return d.raise()
}

// makesProcess reports whether a call makes a process, and not just a thread.
func (d *noticed) makesProcess(s *Stop) bool {
	row := &event.Table[s.Call.Row]
	if row.Effect&event.Spawns == 0 {
		return false
	}
	flags := uint64(0)
	if p := row.Param("flags"); p >= 0 {
		flags = s.Call.Args[0]
		if in := row.Params[p].In; in != nil {
			var b [8]byte
			d.mem.read(s.TID, s.Call.Args[in.Arg]+uint64(8*in.Index), b[:])
			flags = word(b[:], 0, false)
		}
	}
	return flags&unix.CLONE_THREAD == 0
}
