package kernel

import (
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// A new image that was lost for want of room leaves nothing wrong: before the
// next event of the process it is told of anew.
func TestProcessesAreToldOfAnewAfterALoss(t *testing.T) {
	needUsable(t)
	calls := map[event.Call]int{{Number: unix.SYS_OPENAT}: event.Lookup("openat")}
	probe, err := New(Config{Needs: opens(), Calls: calls, Gate: everything{}})
	require.NoError(t, err)
	defer func() { require.NoError(t, probe.Close()) }()
	// Nobody reads: new images fill the ring to its end.
	for losses := uint64(0); losses == 0; require.NoError(t, probe.objs.Losses.Get(&losses)) {
		require.NoError(t, exec.Command("sh", "-c", "i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done").Run())
	}
	marked := filepath.Join(t.TempDir(), "marked")
	late := exec.Command("sh", "-c", "read line; : >"+marked)
	input, err := late.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, late.Start())
	time.Sleep(100 * time.Millisecond) // its image is lost
	pid := late.Process.Pid
	ring := event.NewRing(event.DefaultRing)
	ctx, cancel := context.WithCancel(t.Context())
	ended, told := make(chan error, 1), make(chan string, 1)
	go func() { ended <- probe.Run(ctx, ring) }()
	go func() { told <- nameAt(ring, pid, marked) }()
	for waiting := true; waiting; waiting = probe.ring.consumer.Load() < probe.ring.producer.Load() {
		time.Sleep(time.Millisecond) // until there is room
	}
	_, err = io.WriteString(input, "go on\n")
	require.NoError(t, err)
	require.NoError(t, late.Wait())
	require.FileExists(t, marked)
	cancel()
	require.NoError(t, <-ended)
	require.Equal(t, "sh", <-told, "the name of the process when it opens the file")
}

// nameAt returns the name that a process was told to have when it opened a file.
func nameAt(ring *event.Ring, pid int, path string) (name string) {
	names := map[int]string{}
	_ = ring.Drain(context.Background(), func(ev event.Event) { // it ends with the ring
		if b, ok := ev.Bytes(event.FactName); ok {
			names[ev.PID()] = string(b)
		}
		if b, _ := ev.Bytes(1); ev.Row().Name == "openat" && string(b) == path && ev.PID() == pid {
			name = names[pid]
		}
	})
	return name
}
