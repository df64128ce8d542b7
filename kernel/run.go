package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
)

// How long the reader sleeps after it has found events, so that those that come
// meanwhile wake nobody: less where they fill more than a part of the ring.
const (
	batch     = 10 * time.Millisecond
	fullBatch = time.Millisecond
	fullPart  = 16
)

// idle is how long the reader sleeps at most.
const idle = 100 * time.Millisecond

// Run tells of the processes that are there, and then of what happens, until ctx
// ends, or with Tree the last process is gone. It closes the ring.
func (p *Probe) Run(ctx context.Context, out *event.Ring) error {
	defer close(p.over)
	defer out.Close()
	out.Batched()
	defer context.AfterFunc(ctx, p.wake.wake)()
	switch {
	case !p.tree:
		return p.watch(ctx, out)
	case p.outlive: // our death, but not the end of the watch
		return p.watchAndEnd(ctx, out)
	}
	k, err := p.startKeeper()
	if err != nil {
		return err
	}
	err = p.watch(ctx, out)
	early, end := k.end()
	if early != "" {
		p.counters.Blind = append(p.counters.Blind, event.Blind{PID: k.cmd.Process.Pid, To: event.Now(), Why: whyUnkept + early})
	}
	return errors.Join(err, end)
}

// watchAndEnd watches, and ends the rest with it, even where nobody reads what is told.
func (p *Probe) watchAndEnd(ctx context.Context, out *event.Ring) error {
	ctx, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(ended)
		endAll(p.objs.Scope)
	})
	err := p.watch(ctx, out)
	end()
	<-ended
	return err
}

// whyUnkept says what it means that the keeper was ended.
const whyUnkept = "had tiercel been killed, its command would have gone on, as the keeper had ended: "

func (p *Probe) watch(ctx context.Context, out *event.Ring) error {
	if err := p.describe(ctx, out); err != nil {
		return err
	}
	if p.ready != nil {
		if err := p.ready(); err != nil {
			return err
		}
	}
	for !p.ended(ctx) {
		start := p.ring.consumer.Load()
		err := p.drain(out)
		if err == nil {
			err = p.tellLosses(out, false)
		}
		if err != nil {
			return err
		}
		select {
		case done := <-p.anew:
			done <- p.describe(ctx, out)
		default:
			p.rest(p.ring.consumer.Load() - start)
		}
		if err := p.setEpoch(); err != nil {
			return err
		}
	}
	return p.finish(out)
}

// rest waits for events, after so many bytes of them.
func (p *Probe) rest(found uint64) {
	switch {
	case found == 0:
		p.wake.wait(idle)
	case p.tree || found > (p.ring.mask+1)/fullPart: // who waits for a command is told of its end at once
		time.Sleep(fullBatch)
	default:
		time.Sleep(batch)
	}
}

// finish ends the watch, and hands over what is in the ring.
func (p *Probe) finish(out *event.Ring) error {
	if err := p.objs.Stopped.Set(uint32(1)); err != nil {
		return fmt.Errorf("stop programs: %w", err)
	}
	time.Sleep(batch) // for those that had begun
	for end := p.ring.producer.Load(); p.ring.consumer.Load() < end; {
		start := p.ring.consumer.Load()
		if err := p.drain(out); err != nil {
			return err
		}
		if p.ring.consumer.Load() == start {
			time.Sleep(fullBatch) // a record that is being written
		}
	}
	return p.tellLosses(out, true)
}

// ended reports whether nothing more is to come.
func (p *Probe) ended(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	var alive int64
	return p.tree && p.Begun() && p.objs.Alive.Get(&alive) == nil && alive == 0
}

// Begun reports whether there has been a process of the tree. If not, Run waits for the first.
func (p *Probe) Begun() bool {
	var born int64
	return p.objs.Born.Get(&born) == nil && born != 0
}

// setEpoch tells the programs what the clock shows now.
func (p *Probe) setEpoch() error {
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return os.NewSyscallError("clock_gettime", err)
	}
	if err := p.objs.Epoch.Set(event.Now() - uint64(up.Nano())); err != nil {
		return fmt.Errorf("set clock: %w", err)
	}
	return nil
}

// describe tells of the processes that were there before the programs were: all
// of the machine, or those above a tree.
func (p *Probe) describe(ctx context.Context, out *event.Ring) error {
	pids := procfs.Ancestors(os.Getpid())
	if !p.tree {
		all, err := procfs.Processes()
		if err != nil {
			return err
		}
		pids = all
	}
	for _, pid := range pids {
		p.proc.Describe(pid, p.wants.Load().needs.Process)
		p.counters.Seen++
		if err := out.Put(ctx, p.rec.Event()); err != nil {
			return err
		}
		p.counters.Queued++
	}
	return nil
}

// drain hands over what is in the kernel's ring.
func (p *Probe) drain(out *event.Ring) error {
	for {
		b, size, ok := p.ring.next()
		if !ok {
			return nil
		}
		if ev, err := event.Parse(b); err != nil {
			p.counters.Lost++ // never seen: the programs write whole records
		} else if err := p.pass(out, ev); err != nil {
			return err
		}
		p.ring.release(size)
	}
}

// pass queues an event that matters. It waits for room with no regard to the
// context: what has happened is told to the end.
func (p *Probe) pass(out *event.Ring, ev event.Event) error {
	w := p.wants.Load()
	row := ev.Row()
	changes := row.When == event.Pseudo || row.Effect&event.Executes != 0 || ev.Has(event.FactState) || ev.Has(event.FactName)
	if !changes && w.gate.Decide(ev) == event.Drop {
		p.counters.Filtered++
		return nil
	}
	p.counters.Queued++
	return out.Put(context.Background(), ev)
}

// Counters returns what was counted. It may be called once Run has returned.
func (p *Probe) Counters() event.Counters {
	c := p.counters
	all := p.tallies()
	c.Processes = all[event.RowSpawn].Seen
	for _, t := range all {
		c.Seen += t.Seen
		c.Filtered += t.Filtered
		c.FilteredInKernel += t.Filtered
	}
	return c
}

// tallies returns what the programs counted, by row, of all processors together.
func (p *Probe) tallies() []sourceTally {
	all := make([]sourceTally, len(event.Table))
	var each []sourceTally
	for i := range all {
		if p.objs.Tallies.Lookup(uint32(i), &each) != nil {
			continue
		}
		for _, t := range each {
			all[i].Seen += t.Seen
			all[i].Filtered += t.Filtered
			all[i].Lost += t.Lost
			all[i].Shed += t.Shed
		}
	}
	return all
}
