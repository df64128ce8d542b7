package kernel

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// From the kernel's ring to the engine's nothing is allocated.
func TestReadingAllocatesNothing(t *testing.T) {
	var b event.Builder
	b.Begin(event.Lookup("openat"), event.Origin{PID: 1, TID: 1}, 1)
	b.AddString(1, "/etc/hosts")
	b.SetRet(3)
	p := &Probe{ring: memoryRing(1<<16, 0)}
	p.wants.Store(&wants{&event.Needs{}, everything{}})
	out := event.NewRing(event.DefaultRing)
	drained := make(chan error, 1)
	go func() { drained <- out.Drain(context.Background(), func(event.Event) {}) }()
	const records, runs = 16, 20
	for range (runs + 1) * records { // the first run is not counted
		p.ring.write(b.Event(), 0)
	}
	end, part := p.ring.producer.Load(), p.ring.producer.Load()/(runs+1)
	p.ring.producer.Store(0)
	allocs := testing.AllocsPerRun(runs, func() {
		p.ring.producer.Store(min(p.ring.producer.Load()+part, end))
		require.NoError(t, p.drain(out))
	})
	out.Close()
	require.NoError(t, <-drained)
	require.Zero(t, allocs)
	require.EqualValues(t, (runs+1)*records, p.counters.Queued)
}
