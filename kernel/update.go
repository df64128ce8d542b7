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
// once, so that no call between them goes unseen.
func (p *Probe) Update(needs *event.Needs, calls map[event.Call]int, gate Gate) error {
	next := tracked{generation: p.tracked.generation ^ 1, numbers: *numbersOf(needs, calls)}
	both := next.numbers
	for i := range both.watched {
		both.watched[i] |= p.tracked.numbers.watched[i]
		both.early[i] |= p.tracked.numbers.early[i]
	}
	err := p.writeRows(&next, needs)
	if err == nil {
		err = p.writeNumbers(&next)
	}
	if err == nil {
		err = p.setBits(&both)
	}
	if err == nil {
		err = p.objs.Generation.Set(next.generation)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("update eBPF maps: %w", err), p.forget(&next))
	}
	old := p.tracked
	p.tracked = next
	p.wants.Store(&wants{needs, gate})
	return errors.Join(p.objs.ProcessFacts.Set(uint64(needs.Process)), p.setBits(&next.numbers), p.setEntry(&next.numbers), p.forget(&old))
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
