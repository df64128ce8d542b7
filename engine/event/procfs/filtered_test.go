package procfs

import (
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestWhatIsToldOfAProcess(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
	})
	pid := cmd.Process.Pid
	require.Contains(t, Children(os.Getpid()), pid)
	require.Equal(t, []int{pid}, Threads(pid))
	uid, ok := User(pid)
	require.True(t, ok)
	require.Equal(t, os.Geteuid(), uid)
	ours, known := Filters(os.Getpid())
	theirs, _ := Filters(pid)
	require.Equal(t, ours, theirs, "a child has the filters of its maker")
	require.Equal(t, known, kernelCountsFilters())

	signal.Notify(make(chan os.Signal, 1), unix.SIGUSR1)
	require.True(t, Catches(os.Getpid()))
	require.False(t, Catches(pid), "it has the handlers of its image")
}

// kernelCountsFilters reports whether it is one since Linux 5.10.
func kernelCountsFilters() bool {
	_, ok := statusOf(os.Getpid(), "Seccomp_filters")
	return ok
}

func TestNothingIsToldOfAProcessThatIsGone(t *testing.T) {
	const gone = 1 << 30
	require.Empty(t, Threads(gone))
	require.Empty(t, Children(gone))
	require.False(t, Catches(gone))
	_, ok := Filters(gone)
	require.False(t, ok)
	_, ok = User(gone)
	require.False(t, ok)
}

// The number of threads is read off the kernel's own count.
func TestAllThreadsAreListed(t *testing.T) {
	count, ok := statusOf(os.Getpid(), "Threads")
	require.True(t, ok)
	least, err := strconv.Atoi(string(count))
	require.NoError(t, err)
	threads := Threads(os.Getpid())
	require.GreaterOrEqual(t, len(threads), least-1, "one may have ended since")
	require.True(t, slices.Contains(threads, os.Getpid()))
}
