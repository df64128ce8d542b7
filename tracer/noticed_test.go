package tracer

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// needsNotices skips where calls cannot be told of by notifications.
func needsNotices(t *testing.T) {
	t.Helper()
	if err := seccomp.ProbeListener(); err != nil {
		t.Skipf("needs notifications that no signal interrupts: %v", err)
	}
}

// Each process that is alive wants a descriptor to tell of its end, and how it ended
// is not known of one that had none and was waited for.
func TestMoreProcessesThanDescriptorsAreFollowedToTheirEnds(t *testing.T) {
	needsNotices(t)
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: limit.Max}))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)) }()
	script := "i=0; while [ $i -lt 150 ]; do sleep 60 & p=\"$p $!\" i=$((i + 1)); done; kill -9 $p; wait; exit 3"
	tr, events, err := runThrough(t, seccomp.ByNotice, watching(), verdict(event.Drop), "sh", "-c", script)
	require.NoError(t, err)
	if got := len(rows(events, "procexit")); tr.ExitCode() != 3 || got != 151 || len(tr.threads) != 0 {
		t.Errorf("got status %d, %d ends, and %d threads left, want 3, 151, and none", tr.ExitCode(), got, len(tr.threads))
	}
}
