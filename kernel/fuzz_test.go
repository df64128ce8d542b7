package kernel

import (
	"context"
	"encoding/binary"
	"sync/atomic"
	"testing"

	"tiercel/engine/event"
)

// memoryRing is a ring as the kernel maps it, in memory of our own.
func memoryRing(size int, at uint64) *ring {
	r := &ring{consumer: new(atomic.Uint64), producer: new(atomic.Uint64), data: make([]byte, 2*size), mask: uint64(size - 1)}
	r.consumer.Store(at &^ 7)
	r.producer.Store(at &^ 7)
	return r
}

// write adds a record as the kernel does: its header, then its bytes; what is written past the end stands at the start, too.
func (r *ring) write(record []byte, marks uint32) {
	header := binary.LittleEndian.AppendUint32(nil, uint32(len(record))|marks)
	at := r.producer.Load()
	for i, b := range append(append(header, 0, 0, 0, 0), record...) {
		to := (at + uint64(i)) & r.mask
		r.data[to], r.data[to+r.mask+1] = b, b
	}
	r.producer.Store(at + (uint64(ringHeader+len(record))+7)&^7)
}

// FuzzRecord reads a record of any bytes and any header out of the kernel's ring, and all fields of what comes of it.
func FuzzRecord(f *testing.F) {
	var b event.Builder
	b.Begin(event.Lookup("openat"), event.Origin{PID: 1, TID: 1}, 1)
	b.AddString(1, "a/../b")
	b.AddString(event.FactObject, "/srv/b")
	b.SetRet(3)
	f.Add([]byte(b.Event()), uint32(0), uint64(0))
	f.Add([]byte(b.Event()), uint32(0), uint64(1<<16-16)) // it wraps
	f.Add([]byte(nil), uint32(0), uint64(8))
	f.Add([]byte("no record"), uint32(0), uint64(0))
	b.Begin(event.Lookup("connect"), event.Origin{PID: 1, TID: 2}, 1)
	b.AddString(event.FactSocket, "\x02\x00\x01\x00\x06\x00\x00\x00\x10\x00\x02\x00\x1f\x90\x7f\x00\x00\x01")
	f.Add([]byte(b.Event()), uint32(0), uint64(1<<40))
	f.Add([]byte("longer than the ring"), uint32(1<<29), uint64(0))
	f.Fuzz(func(t *testing.T, record []byte, marks uint32, at uint64) {
		if len(record) > event.MaxSize {
			return // the programs have no room for more
		}
		r := memoryRing(1<<16, at%(1<<60))
		r.write(nil, ringDiscard)
		r.write(record, marks)
		r.write(record, ringBusy)
		p := &Probe{ring: r}
		p.wants.Store(&wants{&event.Needs{}, everything{}})
		out := event.NewRing(1 << 18)
		if err := p.drain(out); err != nil {
			t.Fatalf("got %v, want the record that is whole", err)
		}
		out.Close()
		told := uint64(0)
		_ = out.Drain(context.Background(), func(ev event.Event) { told++; readFields(ev) })
		if marks == 0 && (told != p.counters.Queued || told+p.counters.Lost != 1) {
			t.Fatalf("got %d events, %+v, want one, or one lost", told, p.counters)
		}
	})
}

// readFields reads all fields of an event, as far as they can be named without an argument.
func readFields(ev event.Event) {
	for _, proc := range []*event.Process{nil, {}} {
		var v event.View
		v.Begin(ev, proc, event.Whole)
		for i := range event.Fields {
			for _, arg := range []string{"", "0", "1", "flags", "exe"} {
				event.Fields[i].Get(&v, event.NewArg(arg))
			}
		}
	}
}
