package tracer

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
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
	listener seccomp.Listener
	keeper   *keeper.Keeper
	notice   seccomp.Notification
	ends     *ends
	unsure   map[int]struct{} // processes that have executed, unseen
	members  map[int][]int    // by process: those of its threads that are known, beside the first
	hasCall  bool             // a call waits to be received
	hasStops bool             // a tracee may have stopped since it was last asked
	soon     int              // a thread that is about to stop, 0 for none
	idle     bool             // no thread has the filter any more
	waiting  []waiting        // calls that wait until a thread was let go
	failed   error            // of an answer
	polled   [2]unix.PollFd
}

// hold takes the listener over that the child's filter has, and tells nobody.
func (d *noticed) hold(child *launch.Child) (err error) {
	if d.ends, err = newEnds(); err != nil {
		return err
	}
	if err = child.Open(); err != nil {
		return err
	}
	if d.listener, err = child.Listener(); err != nil {
		return err
	}
	d.listener.Synchronous() // else slower, not wrong
	if d.keeper, err = keeper.Start(d.listener, d.OnDeath); err != nil {
		return err
	}
	d.keeper.Add(child.PID)
	return nil
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
		d.hasStops = s.TID != 0
		d.tellHalt()
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
	if s.What == Exit {
		s.What = d.readExit(&s)
	}
	return s, true, nil
}

// patience is how often a thread that is about to stop is asked after before others are.
const patience = 20

// waitSoon gives a thread the processor until it has stopped, within reason.
func (d *noticed) waitSoon(tid int) (Stop, error) {
	d.hasStops = true
	for range patience {
		s, err := d.waitStop(tid, unix.WNOHANG)
		if s.TID != 0 || err != nil {
			return s, err
		}
		yield()
	}
	return Stop{}, nil
}

// await waits until something has happened. What is no call is told first, as it
// happened before. It returns ECHILD once nothing can happen any more.
func (d *noticed) await() (err error) {
	if d.ended && d.idle && d.ends.none() {
		return unix.ECHILD
	}
	fds := &d.polled
	*fds = [...]unix.PollFd{{Fd: int32(d.listener), Events: unix.POLLIN}, {Fd: int32(d.ends.poll), Events: unix.POLLIN}}
	if d.idle {
		fds[0].Fd = -1
	}
	if _, err := unix.Poll(fds[:], -1); err != nil && !errors.Is(err, unix.EINTR) {
		return os.NewSyscallError("poll", err)
	}
	d.idle = d.idle || fds[0].Revents&unix.POLLHUP != 0
	d.hasCall = fds[0].Revents&unix.POLLIN != 0
	if fds[1].Revents != 0 {
		d.hasStops, err = d.ends.collect()
	}
	if d.hasStops {
		d.tellHalt()
	}
	return err
}

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
		err = d.makeSure(th.pid)
	}
	if err != nil || th == nil {
		return s, false, err
	}
	th.notice, th.spawning = n.ID, d.makesProcess(&s)
	if d.heed(th, &s) {
		d.counters.Other++
		return s, false, nil
	}
	return s, true, nil
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
	if pid == 0 || !d.listener.Valid(d.notice.ID) {
		return nil, nil
	}
	th, err := d.adoptWith(tid, pid, ppid)
	if err != nil {
		return nil, err
	}
	if pid != tid {
		th.named = true
		d.enlist(pid, tid)
	}
	if th.kept {
		th.kept = d.seize(th)
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

// makeSure tells anew of a process that has executed without our seeing it.
func (d *noticed) makeSure(pid int) error {
	if _, unsure := d.unsure[pid]; !unsure {
		return nil
	}
	delete(d.unsure, pid)
	d.proc.Describe(pid, d.needs.Process)
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
	th.notice = 0
	if len(th.pending) > 0 && !th.stepping && d.canFollow(th) {
		th.restarting, th.interrupted = true, true
		th.restarts++
		interrupt(th.tid)
		d.check(d.listener.Restart(id))
		d.soon = th.tid
		return
	}
	if th.spawning {
		d.seize(th)
		d.soon = th.tid
	}
	th.restarting, th.spawning, th.restarts = false, false, 0
	d.check(d.listener.Continue(id))
}

// maxRestarts is how often a call is told to begin anew before it runs. Signals that
// come faster than it is stopped again could hold it up for ever.
const maxRestarts = 10

// canFollow reports whether a thread is seized, to be taken to the end of its
// call. If it cannot be, the call is told of as it is: made, its result not known.
func (d *noticed) canFollow(th *thread) bool {
	if th.restarts < maxRestarts && !asksToBeTraced(th.pending) && d.seize(th) {
		return true
	}
	th.restarts = 0
	if event.Event(th.pending).Row().Effect&event.Executes != 0 {
		d.unsure[th.pid] = struct{}{}
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
	errno := seize(th.tid, traceOnce)
	switch th.seized = errno == 0; {
	case th.seized:
		d.sighted(th.pid, whyTraced)
	case !d.started:
		d.check(seizeError(errno))
	case errno == unix.EPERM:
		d.check(d.blind(th.pid, whyTraced))
	}
	return th.seized
}

// check keeps the first error of an answer, which ends the watch.
func (d *noticed) check(err error) {
	if d.failed == nil {
		d.failed = err
	}
}

// release lets a thread run that need not be seized any more. That it was is seen
// by its stop: a child is with its maker.
func (d *noticed) release(th *thread, sig unix.Signal) {
	th.seized, th.leaving, th.stepping, th.restarting, th.restarts = th.kept, false, false, false, 0
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

func (d *noticed) halt(th *thread) {
	if len(th.pending) == 0 && !th.kept || th.leaving {
		d.release(th, 0)
		return
	}
	resume(unix.PTRACE_LISTEN, th.tid, 0)
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
}

// whyUnkept says what it means that the keeper was ended.
const whyUnkept = "had tiercel been killed, its command would have gone on with its calls refused, as the keeper had been ended"

// close ends what is left of the workload. None of it can get away meanwhile: to
// make a process is a call that waits for an answer.
func (d *noticed) close() error {
	end := d.keeper.EndRest
	if d.idle {
		end = d.keeper.Dismiss
	}
	err := end()
	if errors.Is(err, keeper.ErrGone) {
		d.ends.kill()
		d.counters.Blind = append(d.counters.Blind, event.Blind{PID: d.keeper.PID, To: event.Now(), Why: whyUnkept})
		err = nil
	}
	return errors.Join(err, d.listener.Close(), d.ends.close())
}
