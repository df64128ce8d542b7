package kernel

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// flood has another process open the file so many times: what this one does is not watched.
func flood(t *testing.T, path string, times int) {
	t.Helper()
	out, err := exec.Command("sh", "-c", `i=0; while [ $i -lt $1 ]; do : <"$0"; i=$((i+1)); done`, path, strconv.Itoa(times)).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// A reader that is held up loses events; it says how many, of what and when.
func TestWhatIsLostIsToldOf(t *testing.T) {
	needUsable(t)
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	openat := event.Lookup("openat")
	needs := &event.Needs{}
	needs.Rows[openat].Match = true
	p, err := New(Config{Needs: needs, Calls: map[event.Call]int{{Number: unix.SYS_OPENAT}: openat}, Gate: everything{}})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	const opens = 100_000 // of 150 bytes or more: more than the kernel's ring holds
	before := event.Now()
	flood(t, path, opens)

	ring := event.NewRing(event.DefaultRing)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx, ring) }()
	var losses []event.Loss
	seen := 0
	require.NoError(t, ring.Drain(context.Background(), func(ev event.Event) {
		switch ev.RowIndex() {
		case event.RowLost:
			losses = append(losses, ev.Loss())
		case openat:
			if b, _ := ev.Bytes(1); string(b) == path {
				seen++
			}
		}
	}))
	require.NoError(t, <-ran)

	c := p.Counters()
	lost := uint64(0)
	for _, l := range losses {
		lost += l.Count
		if l.To < before || l.To > event.Now() || l.From > l.To {
			t.Errorf("got a loss from %d to %d, want it within the run", l.From, l.To)
		}
	}
	if lost != c.Lost || lost < opens-uint64(seen) || seen == opens {
		t.Errorf("got losses of %d, %d counted, where %d of %d were seen", lost, c.Lost, seen, opens)
	}
	if c.Seen != c.Filtered+c.Queued+c.Lost {
		t.Errorf("got %+v, want each event seen filtered, queued or lost", c)
	}
	if !slices.ContainsFunc(c.Losses, func(l event.Loss) bool { return l.Row == "openat" && l.Shed }) {
		t.Errorf("got %+v, want openings shed, so that there is room for graver calls", c.Losses)
	}
}
