package tracer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
	"tiercel/seccomp"
	"tiercel/tracer/keeper"
)

// noteFilter leaves with the keeper what the filter stops, for who takes over: the filter stays as it is.
func (d *noticed) noteFilter() error {
	note, err := json.Marshal(seccomp.Watches(d.needs, d.Stops))
	if err != nil {
		return err
	}
	return d.keeper.Note(string(note))
}

// Filtered returns which calls the filter of what was taken stops, as seccomp.Watches does.
func Filtered(taken *keeper.Taken) (watches map[string][]event.Clause, err error) {
	if err = json.Unmarshal([]byte(taken.Note), &watches); err != nil {
		err = fmt.Errorf("read what the filter stops: %w", err)
	}
	return watches, err
}

// whyUnwatched says what the time was until a workload was taken over.
const whyUnwatched = "nobody watched its workload from the end of its tiercel until another took it over"

// takeOver makes a workload that its keeper has ours. What is slow is done while the
// keeper goes on answering. When it has ended, what calls waits, so that no more
// processes are made while those that came meanwhile are looked for.
func (d *noticed) takeOver() (err error) {
	defer d.Taken.Close()
	d.listener = d.Taken.Listener
	if err = closeMemory(); err != nil {
		return err
	}
	if d.ends, err = newEnds(d.ctx); err != nil {
		return err
	}
	d.synchronous = d.listener.Synchronous(true) // else slower, not wrong
	if err = d.prepare(); err != nil {
		return err
	}
	d.started, d.ended, d.Linger, d.hasStops = true, true, true, true // there is no command
	d.takenAt = math.MaxUint64
	if err = d.survey(); err == nil {
		err = d.keeper.Keep(d.listener) // from here on there are two, and soon one
	}
	if err == nil {
		err = d.keeper.Note(d.Taken.Note)
	}
	if err != nil {
		return errors.Join(err, d.keeper.Dismiss()) // the other one keeps
	}
	if err = d.Taken.Confirm(); err != nil {
		return errors.Join(err, d.giveUp())
	}
	d.takenAt = sinceBoot()
	return errors.Join(d.wasBlind(d.Taken.Since), d.survey(), d.failed)
}

// giveUp ends a take-over that the other keeper did not confirm. It may have ended all
// the same: then ours is the only one, and two of them harm nobody.
func (d *noticed) giveUp() error {
	if d.OnDeath == keeper.Continue {
		return d.keeper.Leave()
	}
	return d.keeper.Dismiss()
}

func sinceBoot() uint64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) // the kernel has this clock
	return uint64(ts.Nano())
}

// wasBlind notes that nobody watched until now.
func (d *noticed) wasBlind(since uint64) error {
	if len(d.Taken.Processes) == 0 {
		return nil // nothing is left of it
	}
	b := event.Blind{PID: d.Taken.Processes[0], From: since, To: event.Now(), Why: whyUnwatched}
	d.list(b)
	d.note.BeginBlind(b)
	d.counters.Seen++
	return d.queue(d.note.Event())
}

// survey adopts the processes that are there and not known, makers first.
func (d *noticed) survey() error {
	for _, pid := range d.Taken.Processes {
		if err := d.surveyFrom(pid); err != nil {
			return err
		}
	}
	return nil
}

// surveyFrom adopts a process and those that come of it. How its signal handlers
// were installed cannot be asked for: if it has any, it is kept.
func (d *noticed) surveyFrom(pid int) error {
	if d.threads[pid] == nil {
		if err := d.adoptOld(pid); err != nil {
			return err
		}
	}
	if procfs.Catches(pid) && d.maySeize(pid) {
		d.threads[pid].kept = true
		d.keepThreads(pid)
	}
	for _, child := range procfs.Children(pid) {
		if err := d.surveyFrom(child); err != nil {
			return err
		}
	}
	return nil
}

// maySeize reports whether all threads of a process can be seized now. While its
// calls are answered by another, one may execute, and waits until we are told of the ends
// of those that we have seized, as we do for it where we seize the next: only one alone is safe.
func (d *noticed) maySeize(pid int) bool {
	return d.takenAt != math.MaxUint64 || len(procfs.Threads(pid)) == 1
}

// adoptOld adopts a process that was there before us, and tells of those above it.
func (d *noticed) adoptOld(pid int) error {
	above := procfs.Ancestors(pid)
	for _, other := range above[:len(above)-1] {
		if d.threads[other] != nil || d.above[other] {
			continue
		}
		d.above[other] = true
		d.proc.Describe(other, d.needs.Process)
		if err := d.raise(); err != nil {
			return err
		}
	}
	_, parent := procfs.Family(pid)
	th, err := d.adopt(pid, pid, parent)
	if err == nil {
		th.named, th.kept = true, false // nobody will tell of it
	}
	return err
}

// isOld reports whether a process was there before the workload was taken over.
func (t *Tracer) isOld(pid int) bool {
	if t.Taken == nil {
		return false
	}
	start, ok := procfs.Start(pid)
	return ok && start < t.takenAt
}

// missed adopts the process of a thread that calls, if it is one that was there before us: its
// makers have ended, and while nobody watched it made no call. Else it returns nil.
func (d *noticed) missed(tid, pid int) (*thread, error) {
	if d.Taken == nil || d.threads[pid] != nil || !d.isOld(pid) {
		return nil, nil
	}
	if err := d.surveyFrom(pid); err != nil {
		return nil, err
	}
	return d.adoptOnce(tid, pid)
}

// timeToLetGo bounds how long threads are waited for that are to be let go. What
// does not stop in time is let go at our end.
const timeToLetGo = time.Second

// letGo lets go of all threads. What is known of the calls that they are in is told;
// of those that are quick the result is about to be.
func (d *noticed) letGo() {
	for _, th := range d.threads {
		if len(th.pending) > 0 && !th.quick {
			d.rec.Load(th.pending)
			d.check(d.putIf(th.match))
			th.pending = th.pending[:0]
		}
		th.kept = false
		if th.seized {
			th.leaving = interrupt(th.tid)
			th.seized = th.leaving
		}
	}
	for until := time.Now().Add(timeToLetGo); d.anySeized() && time.Now().Before(until); {
		d.hasStops = true
		s, ok, err := d.stop()
		if err == nil && ok {
			err = d.dispatch(&s)
		}
		if err != nil {
			return
		}
		if !ok {
			time.Sleep(time.Millisecond)
		}
	}
}

func (d *noticed) anySeized() bool {
	for _, th := range d.threads {
		if th.seized {
			return true
		}
	}
	return false
}
