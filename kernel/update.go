package kernel

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"

	"tiercel/engine/event"
)

// tracked is what the programs have of the rules at the moment, so that it can be taken away again.
type tracked struct {
	generation uint32
	numbers    numbers
	prefixes   []sourcePrefix
	names      []sourceName
}

// Update has the programs watch what other rules need. The maps have room for
// two sets: the new one is written while the old one counts, and then counts at
// once, so that no call between them goes unseen. Where the new rules ask more of
// processes than the old ones did, Run tells of all processes anew before Update returns.
func (p *Probe) Update(needs *event.Needs, calls map[event.Call]int, gate Gate) error {
	next := tracked{generation: p.tracked.generation ^ 1, numbers: *numbersOf(needs, calls)}
	both := next.numbers
	for i := range both.watched {
		both.watched[i] |= p.tracked.numbers.watched[i]
		both.early[i] |= p.tracked.numbers.early[i]
	}
	if err := p.prepareSet(&next, &both, needs); err != nil {
		return errors.Join(fmt.Errorf("update eBPF maps: %w", err), p.forget(&next))
	}
	old, before := p.tracked, p.wants.Load()
	p.tracked = next
	p.wants.Store(&wants{needs, gate})
	err := errors.Join(p.setBits(&next.numbers), p.setEntry(&next.numbers), p.forget(&old))
	if err == nil && before != nil && asksMore(before.needs, needs) {
		err = p.tellAnew()
	}
	return err
}

// prepareSet writes all that the programs are to know of a set, and last that it counts.
func (p *Probe) prepareSet(next *tracked, both *numbers, needs *event.Needs) error {
	steps := []func() error{
		func() error { return p.writeRows(next, needs) },
		func() error { return p.writeNumbers(next) },
		func() error { return p.setEntry(both) },
		func() error { return p.setBits(both) },
		func() error { return p.objs.ProcessFacts.Set(uint64(needs.Process)) },
		func() error { return p.objs.Generation.Set(next.generation) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// asksMore reports whether rules read of processes what those before did not, so that it was not kept up.
func asksMore(before, after *event.Needs) bool {
	if after.Process&^before.Process != 0 {
		return true
	}
	for i := range after.Rows {
		if after.Rows[i].State && !before.Rows[i].State {
			return true
		}
	}
	return false
}

// tellAnew has Run tell of all processes, and waits until it has. If it has ended, there is nobody to tell.
func (p *Probe) tellAnew() error {
	done := make(chan error, 1)
	select {
	case p.anew <- done:
		p.wake.wake()
	case <-p.over:
		return nil
	}
	select {
	case err := <-done:
		return err
	case <-p.over:
		return nil
	}
}

// forget takes the paths of a set away that does not count.
func (p *Probe) forget(t *tracked) error {
	return errors.Join(forget(p.objs.Prefixes, t.prefixes), forget(p.objs.Names, t.names))
}

// writeRows writes the rows of a set, and the paths that their rules ask for.
func (p *Probe) writeRows(next *tracked, needs *event.Needs) error {
	for i := range event.Table {
		need := &needs.Rows[i]
		key := next.generation*maxRows + uint32(i)
		row := encode(i, need)
		if err := p.objs.Rows.Put(key, &row); err != nil {
			return fmt.Errorf("write row %s: %w", event.Table[i].Name, err)
		}
		prefixes, names := paths(key, need)
		next.prefixes = append(next.prefixes, prefixes...)
		next.names = append(next.names, names...)
	}
	return errors.Join(put(p.objs.Prefixes, next.prefixes), put(p.objs.Names, next.names))
}

func (p *Probe) writeNumbers(next *tracked) error {
	for i, row := range next.numbers.rows {
		if err := p.objs.Calls.Put(next.generation*2*maxCalls+uint32(i), row); err != nil {
			return fmt.Errorf("write call %d: %w", i, err)
		}
	}
	return nil
}

func (p *Probe) setBits(n *numbers) error {
	return errors.Join(p.objs.Watched.Set(n.watched), p.objs.Early.Set(n.early))
}

// setEntry attaches the program at the beginning of calls where a row needs it, and takes it off where none does.
func (p *Probe) setEntry(n *numbers) (err error) {
	wanted := n.early != [maxCalls / 64]uint64{}
	switch {
	case wanted && p.entry == nil:
		p.entry, err = attach(entryTracepoint, p.objs.CallBegins)
	case !wanted && p.entry != nil:
		err = p.entry.Close()
		p.entry = nil
	}
	return err
}

// put adds keys to a map that is used as a set.
func put[K any](m *ebpf.Map, keys []K) error {
	for i := range keys {
		if err := m.Put(&keys[i], uint8(1)); err != nil {
			return fmt.Errorf("write paths: %w", err)
		}
	}
	return nil
}

func forget[K any](m *ebpf.Map, keys []K) error {
	for i := range keys {
		if err := m.Delete(&keys[i]); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("forget paths: %w", err)
		}
	}
	return nil
}
