package tracer

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
	"tiercel/seccomp"
	"tiercel/tracer/launch"
)

func TestTheEndOfTheContextEndsTheWorkload(t *testing.T) {
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		command, err := launch.Find([]string{"sh", "-c", "while :; do sleep 1000 & (setsid sleep 1000 &) ; done"})
		require.NoError(t, err)
		needs := watching("execve")
		filter, _, err := seccomp.Compile(needs, door)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		tr := New(Config{Child: started(t, command), Needs: needs, Filter: filter, Gate: verdict(event.Watch), Linger: true, Stops: door})
		tr.OnStart(func(int) { time.AfterFunc(300*time.Millisecond, cancel) })
		ring, seen := event.NewRing(event.DefaultRing), map[int]bool{}
		drained := make(chan error, 1)
		go func() {
			drained <- ring.Drain(context.Background(), func(ev event.Event) { seen[ev.PID()] = seen[ev.PID()] || ev.Row().Name == "execve" })
		}()
		require.NoError(t, tr.Run(ctx, ring))
		require.NoError(t, <-drained)
		require.Greater(t, len(seen), 10)
		for pid, executed := range seen {
			if _, zombie := procfs.ExitStatus(pid); executed && !zombie && unix.Kill(pid, 0) == nil {
				t.Errorf("process %d is alive, want it to have ended", pid)
			}
		}
	})
}
