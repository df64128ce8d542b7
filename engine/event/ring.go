package event

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sys/cpu"
)

// Ring is a bounded queue of records for many producers and one consumer.
//
// A producer reserves a slot of just the bytes it needs, fills it in place, and
// commits it; the consumer gets records in the order of their reservation, and
// a slot that is not yet committed holds back those behind it. Nothing is
// allocated after NewRing. A full ring refuses (TryReserve) or makes the
// producer wait (Reserve): it never drops a record by itself.
//
// A Ring must not be copied. It is the wrong tool where a producer may die
// between Reserve and Commit: nothing behind that slot is ever delivered.
type Ring struct {
	words []uint64 // the memory: a word of state, then the record; free words are zero
	mask  uint64   // capacity in words, less one

	_    cpu.CacheLinePad
	tail atomic.Uint64 // written by producers: words reserved since the start
	_    cpu.CacheLinePad
	head atomic.Uint64 // written by the consumer: words released since the start
	_    cpu.CacheLinePad

	idle    atomic.Bool  // the consumer waits for a record: it sets, the producer that wakes it clears
	waiting atomic.Int32 // producers that wait for room
	record  chan struct{}
	room    chan struct{}
	closed  atomic.Bool
	batched atomic.Bool // see Batched
}

// The state word of a slot: zero while it is being filled, else a kind and the
// record's length in bytes.
const (
	ready   = uint64(1) << 63
	padding = uint64(1) << 62 // skip to the start of the memory
	length  = padding - 1
)

// DefaultRing is the capacity, in bytes, that a launcher uses: some thousand
// events, 1 MiB of memory.
const DefaultRing = 1 << 20

// NewRing returns a ring of at least size bytes, rounded up to a power of two
// and to the room that four records of MaxSize need.
func NewRing(size int) *Ring {
	n := uint64(4*MaxSize) / 8
	for n*8 < uint64(size) {
		n *= 2
	}
	return &Ring{words: make([]uint64, n), mask: n - 1, record: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// Slot is a reserved place in a ring.
type Slot struct {
	ring  *Ring
	at    uint64 // index of the state word
	Bytes []byte // to be filled: as long as was reserved
}

// TryReserve returns a slot of n bytes, MaxSize at the most; ok is false where the ring is full.
func (r *Ring) TryReserve(n int) (slot Slot, ok bool) {
	need := slotWords(n)
	for {
		tail := r.tail.Load()
		at, pad := tail&r.mask, uint64(0)
		if left := uint64(len(r.words)) - at; left < need {
			at, pad = 0, left
		}
		// Signed: if others went round since tail was read, head may be past it; then the swap fails.
		if int64(tail+pad+need-r.head.Load()) > int64(len(r.words)) {
			return Slot{}, false
		}
		if !r.tail.CompareAndSwap(tail, tail+pad+need) {
			continue
		}
		if pad > 0 {
			atomic.StoreUint64(&r.words[tail&r.mask], ready|padding)
		}
		return Slot{ring: r, at: at, Bytes: bytesOf(r.words[at+1:at+need], n)}, true
	}
}

func slotWords(n int) uint64 { return 1 + uint64(n+7)/8 }

// Reserve is TryReserve that waits for room. Its error is that of ctx.
func (r *Ring) Reserve(ctx context.Context, n int) (Slot, error) {
	if slot, ok := r.TryReserve(n); ok {
		return slot, nil
	}
	r.waiting.Add(1)
	defer r.waiting.Add(-1)
	for {
		if slot, ok := r.TryReserve(n); ok {
			signal(r.room) // there may be room for the next one that waits, too
			return slot, nil
		}
		select {
		case <-r.room:
		case <-ctx.Done():
			return Slot{}, ctx.Err()
		}
	}
}

// Commit hands the slot's bytes to the consumer. They belong to the ring from then on.
func (s Slot) Commit() {
	atomic.StoreUint64(&s.ring.words[s.at], ready|uint64(len(s.Bytes)))
	if s.ring.idle.CompareAndSwap(true, false) {
		signal(s.ring.record)
	}
}

// Put copies a finished record into the ring, waiting for room.
func (r *Ring) Put(ctx context.Context, ev Event) error {
	slot, err := r.Reserve(ctx, len(ev))
	if err != nil {
		return err
	}
	copy(slot.Bytes, ev)
	slot.Commit()
	return nil
}

// Close says that no producer will reserve another slot.
func (r *Ring) Close() {
	r.closed.Store(true)
	r.idle.Store(false)
	signal(r.record)
}

// Drain calls f with each record until the ring is closed and empty, or ctx
// ends; then it returns ctx's error. A record is valid until f returns. One
// goroutine at a time may drain.
func (r *Ring) Drain(ctx context.Context, f func(Event)) error {
	for {
		if ev, words, ok := r.peek(); ok {
			if ev != nil {
				f(ev)
			}
			r.release(words)
			continue
		}
		if r.closed.Load() && r.tail.Load() == r.head.Load() {
			return nil
		}
		if err := r.sleep(ctx); err != nil {
			return err
		}
	}
}

// peek returns the next record and the words it takes; the record is nil where these are padding.
func (r *Ring) peek() (ev Event, words uint64, ok bool) {
	at := r.head.Load() & r.mask
	state := atomic.LoadUint64(&r.words[at])
	switch {
	case state == 0:
		return nil, 0, false
	case state&padding != 0:
		return nil, uint64(len(r.words)) - at, true
	}
	n := int(state & length)
	words = slotWords(n)
	return Event(bytesOf(r.words[at+1:at+words], n)), words, true
}

// release zeroes the words before it gives them back: the next lap's state
// words fall anywhere, and old bytes, which a workload chooses, must not look
// like one.
func (r *Ring) release(words uint64) {
	head := r.head.Load()
	clear(r.words[head&r.mask : head&r.mask+words])
	r.head.Store(head + words)
	if r.waiting.Load() > 0 {
		signal(r.room)
	}
}

// A consumer that has run out of records looks again a few times before it asks
// to be woken: to wake another processor's thread costs the producer, and so the
// workload, more than an event (BenchmarkCall/exit in package tracer: half).
// It waits twice as long before each next look.
const (
	firstLook = 100 * time.Microsecond
	lastLook  = 32 * firstLook
)

// Batched says that records come many at a time, with a pause behind them: a
// consumer that has run out is woken once a batch, and need not look.
func (r *Ring) Batched() { r.batched.Store(true) }

func (r *Ring) sleep(ctx context.Context) error {
	for pause := firstLook; pause <= lastLook && !r.batched.Load(); pause *= 2 {
		time.Sleep(pause)
		if _, _, ok := r.peek(); ok || r.closed.Load() {
			return ctx.Err()
		}
	}
	r.idle.Store(true)
	if _, _, ok := r.peek(); ok || r.closed.Load() {
		r.idle.Store(false)
		return ctx.Err()
	}
	select {
	case <-r.record:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
