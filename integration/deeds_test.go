package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// falcoFolder returns the folder of the reference's data, or skips the test.
func falcoFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TIERCEL_FALCO")
	if dir == "" {
		dir = "../../shared/falco"
	}
	dir, err := filepath.Abs(dir)
	require.NoError(t, err)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the reference's data is not here: %v", err)
	}
	return dir
}

// Deeds raise the alerts that the reference raised for each of them: the same
// rules in the same order, with the same values.
func TestDeedsRaiseTheReferencesAlerts(t *testing.T) {
	falco := falcoFolder(t)
	if os.Geteuid() != 0 {
		t.Skip("deeds are done as root")
	}
	for _, program := range []string{"bash", "python3", "strace", "cc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("a deed wants %v", err)
		}
	}
	script := filepath.Join(falco, "deeds", "deeds.sh")
	text, err := os.ReadFile(filepath.Join(falco, "deeds", "expected.json"))
	require.NoError(t, err)
	var expected map[string][]expectedAlert
	require.NoError(t, json.Unmarshal(text, &expected))
	list, err := exec.Command("bash", script, "--list").Output()
	require.NoError(t, err)
	d := deeds{script: script, group: controlGroup(t, "5f3c0d2%025x"), rules: asRules(stockFiles(t)), python: python(t)}
	names := slices.Sorted(slices.Values(strings.Fields(string(list))))
	require.NotEmpty(t, names)
	require.Equal(t, slices.Sorted(maps.Keys(expected)), names, "the deeds and what is expected of them")
	underEach(t, func(t *testing.T, way string) {
		d.way = way
		for _, name := range names {
			t.Run(name, func(t *testing.T) { compareAlerts(t, d.do(t, name), expected[name]) })
		}
	})
}

// expectedAlert is an alert of the reference: a rule, its priority, and the fields that do not vary.
type expectedAlert struct {
	Rule     string
	Priority string
	Fields   map[string]any
}

// python is the real path of python: a wrapper in its place would be one more process.
func python(t *testing.T) string {
	path, err := exec.Command("python3", "-c", "import os, sys; print(os.path.realpath(sys.executable))").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(path))
}

// deeds is what a deed is done with.
type deeds struct {
	script, group, python, way string
	rules                      []string
}

// bash is what leads the session of each deed, as it did where the reference ran
// (proc.sname); the exit keeps it from becoming the command.
var bash = []string{"bash", "-c", `"$@"; exit $?`, "bash"}

// do does a deed under tiercel and returns the alerts, with words in place of the paths of this run.
func (d *deeds) do(t *testing.T, name string) []alert {
	t.Helper()
	scratch := t.TempDir()
	alerts := filepath.Join(t.TempDir(), "alerts.json")
	args := append([]string{"run", "-o", "json=" + alerts}, d.rules...)
	args = append(args, "--", d.script, name, scratch)
	words := slices.Concat(bash, entering(d.group), []string{filepath.Join(binaries, "tiercel")}, args)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = append(append(os.Environ(), "PY="+d.python), environment(d.way)...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 119) {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	text, err := os.ReadFile(alerts)
	require.NoError(t, err)
	paths := strings.NewReplacer(scratch, "$SCRATCH", d.script, "$DEEDS", d.python, "$PY")
	return decodeAlerts(t, []byte(paths.Replace(string(text))))
}

func decodeAlerts(t testing.TB, text []byte) (alerts []alert) {
	t.Helper()
	for line := range bytes.Lines(text) {
		var a alert
		require.NoError(t, json.Unmarshal(line, &a))
		alerts = append(alerts, a)
	}
	return alerts
}

func compareAlerts(t *testing.T, got []alert, expected []expectedAlert) {
	t.Helper()
	want := make([]alert, len(expected))
	for i, e := range expected {
		require.NotEmpty(t, e.Fields)
		want[i] = alert{Rule: e.Rule, Priority: e.Priority, Fields: e.Fields}
	}
	if !slices.Equal(headsOf(got), headsOf(want)) {
		t.Fatalf("got %s\nwant %s", strings.Join(headsOf(got), ", "), strings.Join(headsOf(want), ", "))
	}
	for i := range want {
		for _, name := range fieldsOf(&want[i]) {
			g, w := steady(got[i].text(name)), steady(want[i].text(name))
			if g != w && !got[i].isBetter(name, g, w) {
				t.Errorf("%s: %s: got %q, want %q", want[i].Rule, name, g, w)
			}
		}
	}
}

func headsOf(alerts []alert) []string {
	heads := make([]string, len(alerts))
	for i, a := range alerts {
		heads[i] = fmt.Sprintf("%s (%s)", a.Rule, a.Priority)
	}
	return heads
}

func fieldsOf(a *alert) (names []string) {
	for name := range a.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// What varies from run to run: the number of a process, and a port that the kernel chose.
var (
	varying = regexp.MustCompile(`( -p )\d+|(127\.0\.0\.1:)\d{5}(->)`)
	spaces  = regexp.MustCompile(`\s+`)
)

func steady(text string) string {
	return spaces.ReplaceAllString(varying.ReplaceAllString(text, "$1$2$3"), " ")
}

// better is where our alerts differ from the reference's on purpose; the page of
// the language has the same table (LANGUAGE.md, "Alerts of the same deeds").
var better = []struct {
	why   string
	holds func(a *alert, name, got, want string) bool
}{
	{"a value that is absent is null in JSON, where the reference writes <NA>", func(_ *alert, _, got, want string) bool { return got == "null" && want == "<NA>" }},
	{"control characters stay as they are, where the reference writes U+FFFD", func(_ *alert, _, got, want string) bool {
		return got == spaces.ReplaceAllString(strings.ReplaceAll(want, "\ufffd", " "), " ")
	}},
	{"the local end of a connection on loopback is the process's own, where the reference takes the server's", func(a *alert, name, _, want string) bool {
		ends := fmt.Sprintf("127.0.0.1:%s->127.0.0.1:%s", a.text("fd.lport"), a.text("fd.rport"))
		return (name == "fd.lport" && want == a.text("fd.rport") || name == "fd.rport") && a.text("fd.name") == ends
	}},
	{"the parent of the first process is tiercel, as it has started it", func(a *alert, name, got, _ string) bool {
		if !strings.HasPrefix(a.text("proc.cmdline"), "deeds.sh $DEEDS ") {
			return false
		}
		return name == "proc.pname" && got == "tiercel" || name == "proc.pcmdline" && strings.HasPrefix(got, "tiercel run ")
	}},
}

func (a *alert) isBetter(name, got, want string) bool {
	for _, b := range better {
		if b.holds(a, name, got, want) {
			return true
		}
	}
	return false
}
