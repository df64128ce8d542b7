package kernel

import (
	"context"
	"fmt"
	"time"

	"tiercel/engine/event"
)

// tellEach is how often losses are told of while there are more and more of them.
const tellEach = 10 * time.Second

// told is what has been told of losses.
type told struct {
	losses  uint64 // of all rows
	tallies []sourceTally
	at      uint64 // when
	quiet   uint64 // when there were no more yet
}

// tellLosses puts a note of what was lost and shed since the one before into the
// ring, at once where there was none for a while. With now set it does not wait.
func (p *Probe) tellLosses(out *event.Ring, now bool) error {
	var losses uint64
	if err := p.objs.Losses.Get(&losses); err != nil {
		return fmt.Errorf("read losses: %w", err)
	}
	at := event.Now()
	if losses == p.told.losses {
		p.told.quiet = at
		return nil
	}
	if !now && at < p.told.at+uint64(tellEach) {
		return nil
	}
	next := told{losses, p.tallies(), at, at}
	for row, t := range next.tallies {
		var before sourceTally
		if p.told.tallies != nil {
			before = p.told.tallies[row]
		}
		l := event.Loss{Row: event.Table[row].Name, From: p.told.quiet, To: at}
		if err := p.tellLoss(out, l, t.Lost-before.Lost); err != nil {
			return err
		}
		l.Shed = true
		if err := p.tellLoss(out, l, t.Shed-before.Shed); err != nil {
			return err
		}
	}
	p.told = next
	return p.tellEnds(out)
}

// tellEnds tells of the processes whose end was lost: else they would seem to live for ever.
func (p *Probe) tellEnds(out *event.Ring) error {
	var tgids []uint32
	var tgid uint32
	var e sourceEnding
	for all := p.objs.UntoldEnds.Iterate(); all.Next(&tgid, &e); {
		p.rec.Begin(event.RowProcExit, event.Origin{PID: int(e.Pid), TID: int(e.Pid)}, event.Now())
		p.rec.SetArgs(&[6]uint64{uint64(uint32(e.Status))})
		p.counters.Seen++
		p.counters.Queued++
		if err := out.Put(context.Background(), p.rec.Event()); err != nil {
			return err
		}
		tgids = append(tgids, tgid)
	}
	return forget(p.objs.UntoldEnds, tgids)
}

// tellLoss tells of so many events, if there are any.
func (p *Probe) tellLoss(out *event.Ring, l event.Loss, count uint64) error {
	if count == 0 {
		return nil
	}
	l.Count = count
	p.counters.Lose(l)
	p.rec.BeginLoss(l)
	return out.Put(context.Background(), p.rec.Event())
}
