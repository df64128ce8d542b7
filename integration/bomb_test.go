package integration

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// smallGroup makes a control group that has at most so many processes.
func smallGroup(t *testing.T, most int) (procs string) {
	t.Helper()
	for _, root := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		dir := filepath.Join(root, "tiercel-bomb-"+strconv.Itoa(os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() {
			require.Eventually(t, func() bool { return os.Remove(dir) == nil }, 20*time.Second, 50*time.Millisecond, "the bomb's processes end")
		})
		if os.WriteFile(filepath.Join(dir, "pids.max"), []byte(strconv.Itoa(most)), 0o644) == nil {
			return filepath.Join(dir, "cgroup.procs")
		}
	}
	t.Skip("needs a control group with a limit of processes")
	return ""
}

// A bomb of forks, most of which fail, is told of to its last process, and tiercel ends with it.
func TestAForkBombIsOutlived(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	bomb := compiled(t, "bomb")
	underEach(t, func(t *testing.T, way string) {
		procs := smallGroup(t, 300)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		ledger := filepath.Join(t.TempDir(), "ledger")
		cmd := exec.CommandContext(ctx, filepath.Join(binaries, "tiercel"), "run", "--stats="+ledger, "--", bomb, procs, "1")
		cmd.Env, cmd.Stderr = append(os.Environ(), environment(way)...), os.Stderr
		require.NoError(t, cmd.Run())
		checkLedger(t, ledger, 299)
	})
}

// compiled returns the program of a C source below testdata, to compile which the compiler gets these words, too.
func compiled(t testing.TB, name string, words ...string) string {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("needs a C compiler")
	}
	path := filepath.Join(t.TempDir(), filepath.Base(name))
	words = append(words, "-O2", "-Wall", "-pthread", "-o", path, filepath.Join("testdata", name+".c"))
	out, err := exec.Command("cc", words...).CombinedOutput()
	require.NoError(t, err, strings.TrimSpace(string(out)))
	return path
}
