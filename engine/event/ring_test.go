package event

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// payload is n bytes that tell which record they are of, and how the workload might disguise them.
func payload(n int, number uint64) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(number + uint64(i)*7)
	}
	return b
}

func put(t testing.TB, r *Ring, b []byte) {
	t.Helper()
	slot, ok := r.TryReserve(len(b))
	if !ok {
		t.Fatalf("reserve %d bytes: got a full ring, want room", len(b))
	}
	copy(slot.Bytes, b)
	slot.Commit()
}

// take returns the next record, or nil where there is none. It is what Drain does, without waiting.
func take(r *Ring) []byte {
	for {
		ev, words, ok := r.peek()
		if !ok {
			return nil
		}
		got := slices.Clone(ev)
		r.release(words)
		if ev != nil {
			return got
		}
	}
}

func TestRingKeepsTheOrder(t *testing.T) {
	r := NewRing(0)
	for i := range 100 {
		put(t, r, payload(i+1, uint64(i)))
	}
	for i := range 100 {
		if got, want := take(r), payload(i+1, uint64(i)); !bytes.Equal(got, want) {
			t.Fatalf("record %d: got %v, want %v", i, got, want)
		}
	}
	if got := take(r); got != nil {
		t.Errorf("got %v, want no more", got)
	}
}

func TestRingHoldsBackWhatIsBehindAnOpenSlot(t *testing.T) {
	r := NewRing(0)
	first, _ := r.TryReserve(8)
	put(t, r, payload(8, 2))
	if got := take(r); got != nil {
		t.Fatalf("got %v before the first was committed, want none", got)
	}
	copy(first.Bytes, payload(8, 1))
	first.Commit()
	for _, want := range []uint64{1, 2} {
		if got := take(r); !bytes.Equal(got, payload(8, want)) {
			t.Errorf("got %v, want record %d", got, want)
		}
	}
}

func TestRingRoundsItsSizeUp(t *testing.T) {
	for size, want := range map[int]int{0: 4 * MaxSize, 4*MaxSize + 1: 8 * MaxSize, DefaultRing: DefaultRing, DefaultRing - 8: DefaultRing} {
		if got := 8 * len(NewRing(size).words); got != want {
			t.Errorf("%d bytes: got %d, want %d", size, got, want)
		}
	}
}

func TestRingGoesRound(t *testing.T) {
	r := NewRing(0)
	random := rand.New(rand.NewPCG(1, 2))
	var queue [][]byte
	for i := range 5_000 {
		b := payload(1+random.IntN(MaxSize), uint64(i))
		slot, ok := r.TryReserve(len(b))
		for ; !ok; slot, ok = r.TryReserve(len(b)) {
			if got := take(r); !bytes.Equal(got, queue[0]) {
				t.Fatalf("record %d: got %d bytes, want %d with their content", i-len(queue), len(got), len(queue[0]))
			}
			queue = queue[1:]
		}
		copy(slot.Bytes, b)
		slot.Commit()
		queue = append(queue, b)
	}
	for _, want := range queue {
		if got := take(r); !bytes.Equal(got, want) {
			t.Fatalf("at the end: got %d bytes, want %d with their content", len(got), len(want))
		}
	}
}

func TestFullRingRefuses(t *testing.T) {
	r := NewRing(0)
	full := 0
	for ; full < 1000; full++ {
		slot, ok := r.TryReserve(MaxSize - 8)
		if !ok {
			break
		}
		slot.Commit()
	}
	if full != 4 {
		t.Fatalf("got %d of the largest records, want 4", full)
	}
	if _, ok := r.TryReserve(1); ok {
		t.Error("got a slot of a full ring, want none")
	}
	take(r)
	if _, ok := r.TryReserve(MaxSize - 8); !ok {
		t.Error("got no slot after a record was taken, want one")
	}
}

func TestReservedBytesAreAsManyAsWereAskedFor(t *testing.T) {
	r := NewRing(0)
	for n := 1; n < 20; n++ {
		slot, _ := r.TryReserve(n)
		if len(slot.Bytes) != n {
			t.Errorf("got %d bytes, want %d", len(slot.Bytes), n)
		}
		for _, b := range slot.Bytes {
			if b != 0 {
				t.Errorf("got used bytes %v, want zeroes", slot.Bytes)
			}
		}
	}
}

// fill reserves until the ring is full.
func fill(r *Ring) {
	for _, n := range []int{MaxSize / 2, 8} {
		slot, ok := r.TryReserve(n)
		for ; ok; slot, ok = r.TryReserve(n) {
			slot.Commit()
		}
	}
}

func TestReserveWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRing(0)
		fill(r)
		var done atomic.Bool
		go func() {
			slot, err := r.Reserve(t.Context(), MaxSize/2)
			if err != nil {
				t.Errorf("got %v, want no error", err)
				return
			}
			slot.Commit()
			done.Store(true)
		}()
		synctest.Wait()
		if done.Load() {
			t.Error("got a slot of a full ring, want to wait")
		}
		for range 2 {
			take(r)
		}
		synctest.Wait()
		if !done.Load() {
			t.Error("got no slot although there is room, want one")
		}
	})
}

func TestAllWhoWaitForRoomGetIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRing(0)
		fill(r)
		var done atomic.Int32
		for i := range 20 {
			go func() {
				if slot, err := r.Reserve(t.Context(), 1+i*100); err == nil {
					slot.Commit()
					done.Add(1)
				}
			}()
		}
		synctest.Wait()
		for take(r) != nil {
			synctest.Wait()
		}
		if got := done.Load(); got != 20 {
			t.Errorf("got %d slots, want 20", got)
		}
	})
}

func TestReserveEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRing(0)
		fill(r)
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- r.Put(ctx, record("close")) }()
		synctest.Wait()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		if n := r.waiting.Load(); n != 0 {
			t.Errorf("got %d that wait, want 0", n)
		}
	})
}

func TestDrainEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- NewRing(0).Drain(ctx, func(Event) {}) }()
		synctest.Wait()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
}

func TestDrainWakesForARecordAndForTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRing(0)
		var got []string
		result := make(chan error, 1)
		go func() {
			result <- r.Drain(t.Context(), func(ev Event) { got = append(got, ev.Row().Name) })
		}()
		for _, name := range []string{"open", "close"} {
			synctest.Wait() // until it sleeps
			if err := r.Put(t.Context(), record(name)); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		r.Close()
		if err := <-result; err != nil {
			t.Errorf("got %v, want no error", err)
		}
		if want := "open close"; strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
	})
}

func TestAConsumerOfBatchesIsWokenWithoutLooking(t *testing.T) {
	for _, batched := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := NewRing(0)
			if batched {
				r.Batched()
			}
			got := 0
			result := make(chan error, 1)
			go func() { result <- r.Drain(t.Context(), func(ev Event) { got += len(ev) }) }()
			synctest.Wait()
			if r.idle.Load() != batched {
				t.Errorf("batched %v, and no time has gone by: got %v, want it to wait to be woken if batched", batched, r.idle.Load())
			}
			put(t, r, payload(100, 1))
			r.Close()
			if err := <-result; err != nil || got != 100 {
				t.Errorf("got %d bytes and %v, want 100 and no error", got, err)
			}
		})
	}
}

func TestCloseLeavesWhatIsInTheRing(t *testing.T) {
	r := NewRing(0)
	for range 10 {
		put(t, r, record("close"))
	}
	r.Close()
	n := 0
	if err := r.Drain(t.Context(), func(Event) { n++ }); err != nil || n != 10 {
		t.Errorf("got %d records, %v, want 10", n, err)
	}
}

// Words of a record that look like the ring's own must not be taken for them
// when the next lap's state words fall onto them.
func TestRingIgnoresBytesThatLookLikeItsOwn(t *testing.T) {
	r := NewRing(0)
	random := rand.New(rand.NewPCG(3, 4))
	for range 2_000 {
		evil := make([]byte, 8*(1+random.IntN(MaxSize/16)))
		for i := 0; i < len(evil); i += 8 {
			binary.LittleEndian.PutUint64(evil[i:], []uint64{ready | 8, ready | padding, ready | uint64(len(evil)), 1<<64 - 1}[random.IntN(4)])
		}
		put(t, r, evil)
		if got := take(r); !bytes.Equal(got, evil) {
			t.Fatalf("got %d bytes, want the record of %d", len(got), len(evil))
		}
		slot, _ := r.TryReserve(1 + random.IntN(40))
		if got := take(r); got != nil {
			t.Fatalf("got %v of a slot that is being filled, want none", got)
		}
		slot.Commit()
		if got := take(r); len(got) != len(slot.Bytes) {
			t.Fatalf("got %d bytes, want %d", len(got), len(slot.Bytes))
		}
	}
}

const producers = 4

// produce puts n records, each with the producer's number, a count and bytes that follow from both.
func produce(t *testing.T, r *Ring, who byte, n int) {
	random := rand.New(rand.NewPCG(uint64(who), 9))
	for i := range n {
		slot, err := r.Reserve(t.Context(), 9+random.IntN(2000))
		if err != nil {
			t.Error(err)
			return
		}
		slot.Bytes[0] = who
		binary.LittleEndian.PutUint64(slot.Bytes[1:], uint64(i))
		copy(slot.Bytes[9:], payload(len(slot.Bytes)-9, uint64(who)+uint64(i)))
		slot.Commit()
	}
}

func TestManyProducersAndOneConsumer(t *testing.T) {
	const each = 5_000
	r := NewRing(0)
	var wg sync.WaitGroup
	for who := range byte(producers) {
		wg.Go(func() { produce(t, r, who, each) })
	}
	go func() { wg.Wait(); r.Close() }()
	var counts [producers]uint64
	err := r.Drain(t.Context(), func(ev Event) {
		who, i := ev[0], binary.LittleEndian.Uint64(ev[1:])
		if i != counts[who] || !bytes.Equal(ev[9:], payload(len(ev)-9, uint64(who)+i)) {
			t.Errorf("producer %d: got record %d, want %d with its content", who, i, counts[who])
		}
		counts[who]++
	})
	if want := [producers]uint64{each, each, each, each}; err != nil || counts != want {
		t.Errorf("got %v, %v, want %v", counts, err, want)
	}
}

func TestRingAllocatesNothing(t *testing.T) {
	r, ev := NewRing(0), record("openat", part(1, "/etc/passwd"))
	ctx := t.Context()
	got := testing.AllocsPerRun(1000, func() {
		if err := r.Put(ctx, ev); err != nil {
			t.Error(err)
		}
		_, words, _ := r.peek()
		r.release(words)
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkRing(b *testing.B) {
	for name, n := range map[string]int{"1 producer": 1, "4 producers": producers} {
		b.Run(name, func(b *testing.B) { benchmarkRing(b, n) })
	}
}

func benchmarkRing(b *testing.B, n int) {
	r, ev := NewRing(DefaultRing), record("openat", part(1, "/etc/passwd"), ret(3))
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.SetBytes(int64(len(ev)))
	for range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := r.Put(b.Context(), ev); err != nil {
					b.Error(err)
				}
			}
		})
	}
	go func() { wg.Wait(); r.Close() }()
	if err := r.Drain(b.Context(), func(Event) {}); err != nil {
		b.Error(err)
	}
}

// A ring with a third of its room in use has no reason to refuse.
func TestRingRefusesOnlyWhenItIsFull(t *testing.T) {
	r := NewRing(DefaultRing)
	var inFlight, refused atomic.Int64
	var wg sync.WaitGroup
	for range producers {
		wg.Go(func() {
			for range 100_000 {
				for inFlight.Load() > 20_000 {
					runtime.Gosched()
				}
				inFlight.Add(1)
				if slot, ok := r.TryReserve(8); ok {
					slot.Commit()
				} else {
					refused.Add(1)
					inFlight.Add(-1)
				}
			}
		})
	}
	go func() { wg.Wait(); r.Close() }()
	if err := r.Drain(t.Context(), func(Event) { inFlight.Add(-1) }); err != nil {
		t.Fatal(err)
	}
	if n := refused.Load(); n != 0 {
		t.Errorf("got %d refusals with a third of the room in use, want 0", n)
	}
}
