package integration

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// wanted is a rule that asks for results, and never matches.
const wanted = `
- rule: Wanted
  desc: a file that is not there, opened
  condition: evt.type in (open, openat, connect) and (fd.name startswith /nowhere/wanted or fd.sport = 1) and evt.rawres >= 0
  output: opened
  priority: INFO
`

// stops is how many calls are watched: in make test a few, with TIERCEL_STORM ten
// million (make test-storm).
func stops() int {
	if os.Getenv("TIERCEL_STORM") != "" {
		return 10_000_000
	}
	return 100_000
}

// What tiercel needs does not grow with what it has seen.
func TestStopsLeaveNoMemoryBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	program := compiled(t, "stops")
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(rules, []byte(wanted), 0o600))
	underEach(t, func(t *testing.T, way string) {
		cmd := exec.Command(filepath.Join(binaries, "tiercel"), "run", "-r", "default", "-r", rules, "--", program, strconv.Itoa(stops()))
		var out bytes.Buffer
		cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), environment(way)...), &out, os.Stderr
		require.NoError(t, cmd.Run())
		var got struct{ Early, Late int } // resident, in KiB
		require.NoError(t, json.Unmarshal(out.Bytes(), &got))
		t.Logf("%d calls: %+v", stops(), got)
		if got.Early <= 0 || got.Late > got.Early+4<<10 {
			t.Errorf("%d calls: resident were %d KiB after the first tenth and are %d, want at most 4 MiB more", stops(), got.Early, got.Late)
		}
	})
}
