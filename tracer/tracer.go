package tracer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
	"tiercel/seccomp"
	"tiercel/tracer/keeper"
	"tiercel/tracer/launch"
)

// Gate says at a call's entry, and again when its result is known, whether a
// rule may match. It is called on the tracer's thread while the workload waits, and
// at the entry of those calls alone that may match by what Needs says of their rows: it must be of the same rules.
type Gate interface {
	Decide(ev event.Event) event.Verdict
}

// Config is what a Tracer is made of. Needs, Gate, and Child with its Filter, or Taken, must be set.
type Config struct {
	Child   *launch.Child
	Needs   *event.Needs
	Filter  []byte // the compiled filter: struct sock_filter, eight bytes each
	Gate    Gate
	Linger  bool          // stay until the last process has ended, not only the command's
	Stops   seccomp.Stops // the way by which the filter's calls stop
	OnDeath keeper.Mode   // what becomes of the workload if this process dies; traced, it is killed

	Keeper *keeper.Keeper // one that was started before, as OnDeath says; nil: Run starts it where Stops is ByNotice
	Taken  *keeper.Taken  // what is watched in place of a command and by another's filter, the end of which is not waited for; Stops is ByNotice

	OnSetuid func(path string) // told once of a program that lost its setuid bit's effect to us; may be nil
}

// Tracer runs a command under ptrace, and is the source of its events.
type Tracer struct {
	Config
	door    door
	needs   *event.Needs
	calls   map[event.Call]int // rows by the kernel's numbers
	ring    *event.Ring
	ctx     context.Context
	threads map[int]*thread
	free    *thread         // of threads that are gone, for reuse
	root    int             // the command's process
	started bool            // the command's image runs; before, it is still us
	end     unix.WaitStatus // how the command ended
	ended   bool            // the command's process is gone
	onStart func(pid int)
	onStop  func(sig unix.Signal)

	uninformed error // what a thread stopped for could not be read
	counters   event.Counters
	early      map[int]struct{} // threads whose end came before their maker's event
	blindNow   map[int]int      // by process: its open interval in counters.Blind
	takenAt    uint64           // when the workload was taken over, in nanoseconds since the machine's start

	mem  memory
	info syscallInfo
	rec  event.Builder
	note event.Builder  // of what is told while rec is in the making
	proc *procfs.Reader // adds to rec
}

// thread is one traced thread.
type thread struct {
	tid, pid    int
	pending     []byte // the record of the call that runs; empty where none is waited for
	match       bool   // a rule may match it; else it is waited for as it may change the process's state
	named       bool   // its maker's event has come
	interrupted bool   // the call was interrupted, and may go on as if it had not been
	next        *thread

	// Of a thread that is noticed:
	notice     uint64    // the notification that waits for an answer, 0 for none
	letRun     time.Time // when a call of it was last let run
	follow     bool      // it is of the call that is pending, and not of one that a signal's handler makes meanwhile
	seized     bool
	spawning   bool // its call makes a process
	restarting bool // its call was told to begin anew, and has not run
	stepping   bool // its call will stop at its end
	restarts   int
	quick      bool        // an interrupt waits for its call, which will stop at its end unless it executes
	kept       bool        // seized until its process executes
	leaving    bool        // to be let go at its next stop
	attaches   *attachment // of its call, until that is over
	madeWay    bool        // whom its call attaches to was let go, or could not be
	waitsUntil time.Time   // when its call has waited for debuggers for long enough; 0 for none
}

// executes reports whether the call that is pending executes something.
func (th *thread) executes() bool {
	return len(th.pending) > 0 && event.Event(th.pending).Row().Effect&event.Executes != 0
}

// New returns a tracer that waits for nothing yet.
func New(c Config) *Tracer {
	t := &Tracer{Config: c, needs: c.Needs, calls: seccomp.Calls(c.Needs, c.Stops), threads: map[int]*thread{}, blindNow: map[int]int{}, early: map[int]struct{}{}}
	t.proc = procfs.New(&t.rec)
	t.door = &traced{Tracer: t, alive: map[int]struct{}{}}
	if c.Stops == seccomp.ByNotice {
		t.door = &noticed{Tracer: t, unsure: map[int]int{}, members: map[int][]int{}, executing: map[int]int{}, attached: map[int]*attachment{}, above: map[int]bool{}}
	}
	return t
}

// OnStart sets a function that Run calls with the command's process number once it exists.
func (t *Tracer) OnStart(f func(pid int)) { t.onStart = f }

// OnStop sets a function that Run calls when the command's process is stopped by job control.
func (t *Tracer) OnStop(f func(sig unix.Signal)) { t.onStop = f }

// ExitCode returns what the command exited with: its status, or 128+N after signal N. It is final after Run.
func (t *Tracer) ExitCode() int { return launch.ExitCode(t.end) }

// EndedBy returns the signal that ended the command, -1 for none. It is final after Run.
func (t *Tracer) EndedBy() unix.Signal { return t.end.Signal() }

// Counters returns what was counted. It may be called once Run has returned.
func (t *Tracer) Counters() event.Counters { return t.counters }

// Run lets the child become the command, puts its events into the ring, and returns when its
// process is gone, or with Linger the last one that came of it, or when ctx ends. It closes the ring. Whatever makes it
// return early, nothing of the workload is left running once tiercel has exited.
func (t *Tracer) Run(ctx context.Context, ring *event.Ring) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer ring.Close()
	t.ctx, t.ring = ctx, ring
	if t.Child != nil {
		defer t.Child.Close()
	}
	if err := t.open(); err != nil || t.end.Signaled() {
		return err
	}
	err := t.follow()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, t.door.close())
}

// follow deals with what happens until nothing more can, or is to be waited for.
func (t *Tracer) follow() error {
	for {
		s, err := t.door.next()
		switch {
		case errors.Is(err, unix.ECHILD):
			return t.startError()
		case err != nil:
			return err
		case t.uninformed != nil:
			return fmt.Errorf("read stop: %w", t.uninformed)
		}
		if err := t.dispatch(&s); err != nil {
			return err
		}
		if t.ended && !t.Linger {
			return t.startError()
		}
	}
}

// startError returns why the command never ran, or nil if it did, or was killed on
// its way there, as it would have been.
func (t *Tracer) startError() error {
	if t.started || t.end.Signaled() {
		return nil
	}
	return t.Child.Failure(t.ExitCode())
}

func (t *Tracer) dispatch(s *Stop) error {
	if s.What == Gone {
		return t.gone(s)
	}
	th, err := t.thread(s.TID)
	if err != nil {
		return err
	}
	switch s.What {
	case Entry:
		return t.entry(th, s)
	case Exit:
		return t.exit(th, s.Call.Ret)
	case Exec:
		return t.exec(th, s.Peer)
	case Spawn:
		return t.spawn(th, s.Peer)
	case Signal:
		t.counters.Other++
		t.door.deliver(th, s.Sig)
	case Group:
		t.counters.Other++
		t.door.halt(th)
		if s.TID == t.root && t.onStop != nil {
			t.onStop(s.Sig)
		}
	case Nothing:
		t.counters.Other++
		t.door.goOn(th)
	}
	return nil
}

// entry deals with a watched call that is about to run.
func (t *Tracer) entry(th *thread, s *Stop) error {
	t.counters.Entry++
	row := &event.Table[s.Call.Row]
	need := &t.needs.Rows[s.Call.Row]
	if s.Call.Row == rowSeccomp() {
		if err := t.ownListener(th, &s.Call); err != nil {
			return err
		}
	}
	follow := row.Effect&event.Executes != 0 || th.attaches != nil
	if !follow && (!t.started || !need.Watch()) {
		t.door.goOn(th) // our own half-way child; a call that rules do not ask for
		return nil
	}
	t.begin(th, &s.Call)
	if again, err := t.resumes(th, &s.Call); again || err != nil {
		return err
	}
	t.counters.Seen++
	if t.mem.refused {
		t.mem.refused = false
		if err := t.blind(th.pid, whyUnreadable); err != nil {
			return err
		}
	}
	verdict := t.decide(th, &s.Call)
	if verdict == event.Drop && !need.State && !follow {
		t.door.goOn(th)
		return t.putIf(false)
	}
	return t.tellOrFollow(th, row, need.Facts, verdict != event.Drop)
}

// resumes deals with a call of the thread that a signal has interrupted, now that the
// thread calls again. It reports whether that is the same call, which goes on.
func (t *Tracer) resumes(th *thread, call *Call) (same bool, err error) {
	switch {
	case !th.interrupted:
	case t.rec.Event().SameCall(th.pending): // started again by the kernel
		th.interrupted, th.follow = false, true
		t.door.goOn(th)
		return true, nil
	case th.restarting: // a signal's handler calls: the other has not run yet, and will come again
		th.pending, th.interrupted, th.restarting = th.pending[:0], false, false
		t.counters.Seen--
	default:
		if err = t.finish(th, -int64(unix.EINTR)); err == nil {
			t.begin(th, call)
		}
	}
	return false, err
}

// tellOrFollow tells of the call that is about to run where its row is told of at the
// entry; else the call is followed to its end.
func (t *Tracer) tellOrFollow(th *thread, row *event.Row, facts event.Facts, match bool) error {
	if row.ReadsDescriptorFirst() || row.When == event.Entry {
		t.proc.AddFacts(th.tid, th.pid, facts)
	}
	if row.When == event.Entry {
		err := t.put()
		t.door.goOn(th)
		return err
	}
	th.pending = append(th.pending[:0], t.rec.Event()...)
	th.match, th.follow = match, true
	t.door.goOn(th)
	return nil
}

// decide asks the gate of the record, with the folders that its paths start from,
// unless a glance at its numbers and its path says no already.
func (t *Tracer) decide(th *thread, call *Call) event.Verdict {
	need := &t.needs.Rows[call.Row]
	if !need.Match || !need.MayMatch(t.rec.Event()) {
		return event.Drop
	}
	if t.addBases(th, call) && !need.MayMatch(t.rec.Event()) {
		return event.Drop
	}
	return t.Gate.Decide(t.rec.Event())
}

// The results by which the kernel says that a call was interrupted and may be
// started again (include/linux/errno.h); the workload never sees them.
const (
	restartFirst = -516
	restartLast  = -512
)

// exit deals with the end of the call that the thread was let run.
func (t *Tracer) exit(th *thread, ret int64) error {
	t.counters.Exit++
	if len(th.pending) == 0 {
		t.door.goOn(th)
		return nil
	}
	if ret >= restartFirst && ret <= restartLast {
		th.interrupted = true
		t.door.goOn(th)
		return nil
	}
	err := t.finish(th, ret)
	t.door.goOn(th)
	return err
}

// finish completes the pending call with its result, and queues its event if
// it still matters.
func (t *Tracer) finish(th *thread, ret int64) error {
	t.rec.Load(th.pending)
	t.rec.SetRet(ret)
	th.pending, th.interrupted = th.pending[:0], false
	ev := t.rec.Event()
	need := &t.needs.Rows[ev.RowIndex()]
	changes := need.State && ret >= 0
	if th.match = th.match && t.Gate.Decide(ev) != event.Drop; !th.match && !changes {
		return t.putIf(false)
	}
	if changes {
		t.addChanges(th, ev.Row().Effect)
	}
	if th.match {
		t.proc.AddFacts(th.tid, th.pid, need.Facts)
	}
	return t.put()
}

// addChanges adds the state that a call has changed, as it is now.
func (t *Tracer) addChanges(th *thread, effect event.Effect) {
	if effect&(event.SetsIDs|event.SetsJob) != 0 {
		t.proc.AddState(th.tid, th.pid)
	}
	if effect&event.SetsName != 0 && th.tid == th.pid {
		t.proc.AddName(th.tid)
	}
}

// put queues the record, waiting for room: the workload waits with us. Once the
// context has ended it does not wait, as nobody may read any more: the rest is to end.
func (t *Tracer) put() error { return t.putIf(true) }

// putIf queues the record if it matters to anybody.
func (t *Tracer) putIf(matters bool) error {
	if !matters {
		t.counters.Filtered++
		return nil
	}
	return t.queue(t.rec.Event())
}

func (t *Tracer) queue(ev event.Event) error {
	if err := t.ring.Put(t.ctx, ev); err != nil {
		t.counters.Lost++
		return fmt.Errorf("queue event: %w", err)
	}
	t.counters.Queued++
	return nil
}
