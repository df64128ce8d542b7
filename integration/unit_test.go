package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unit returns the text of the service that watches a machine.
func unit(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../wrappers/systemd/tiercel.service")
	require.NoError(t, err)
	return string(b)
}

// maxExposure is how exposed the service may be, in systemd's tenths of 0 to 10.
const maxExposure = "20"

func TestTheServiceIsOneThatSystemdTakes(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("wants systemd-analyze")
	}
	path := filepath.Join(t.TempDir(), "tiercel.service")
	text := strings.ReplaceAll(unit(t), "/usr/local/bin/tiercel", filepath.Join(binaries, "tiercel"))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	out, err := exec.Command("systemd-analyze", "verify", path).CombinedOutput()
	if err != nil || strings.Contains(string(out), path) {
		t.Errorf("verify: got %v, want nothing to say: %s", err, out)
	}
	out, err = exec.Command("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold="+maxExposure, path).CombinedOutput()
	if err != nil {
		t.Errorf("security: got %v, want an exposure of %s tenths at most:\n%s", err, maxExposure, out)
	}
}

// With the service's own settings all goes well up to the privileges, which it is not given here.
func TestTheServicesSettingsAreThoseOfFlags(t *testing.T) {
	m := regexp.MustCompile(`(?m)^Environment=(.*)$`).FindStringSubmatch(unit(t))
	require.NotNil(t, m, "no settings in the service")
	cmd := exec.Command(filepath.Join(binaries, "tiercel"), "host")
	if os.Geteuid() == 0 {
		setpriv, err := exec.LookPath("setpriv")
		if err != nil {
			t.Skip("wants setpriv, as root")
		}
		cmd = exec.Command(setpriv, "--reuid", "65534", "--clear-groups", cmd.Path, "host")
	}
	cmd.Env = append(os.Environ(), strings.Fields(m[1])...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	if exit.ExitCode() != 125 || !strings.Contains(string(out), "CAP_BPF") {
		t.Errorf("got status %d, want 125 for want of privileges: %s", exit.ExitCode(), out)
	}
	for _, setting := range strings.Fields(m[1]) {
		name, _, _ := strings.Cut(strings.TrimPrefix(setting, "TIERCEL_"), "=")
		help, err := exec.Command(filepath.Join(binaries, "tiercel"), "host", "--help").Output()
		require.NoError(t, err)
		if flag := "--" + strings.ToLower(strings.ReplaceAll(name, "_", "-")) + " "; !strings.Contains(string(help), flag) {
			t.Errorf("%s: got no flag %s, want one", setting, flag)
		}
	}
}
