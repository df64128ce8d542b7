package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// stockScripts has the scripts that trigger Falco's stock rules.
const stockScripts = "testdata/stock"

// untriggered has the stock rules that no script triggers, each with what it needs.
var untriggered = map[string]string{
	"Debugfs Launched in Privileged Container":               needsEngine,
	"Launch Privileged Container":                            needsEngine,
	"Mount Launched in Privileged Container":                 needsEngine,
	"Launch Sensitive Mount Container":                       "container.mount.dest: without an engine's word each container seems to have such a mount",
	"Contact K8S API Server From Container":                  needsNames,
	"Detect outbound connections to common miner pool ports": needsNames,
	"Java Process Class File Download":                       "evt.buffer: the data that a call moves is not captured",
	"Launch Disallowed Container":                            "its own macro allows every container that has an identity",
	"Network Connection outside Local Subnet":                "k8s.ns.name: Kubernetes has it, no kernel call tells it",
}

// The reasons of more than one rule.
const (
	needsEngine = "container.privileged: a container engine has it, no kernel call tells it"
	needsNames  = "fd.sip.name: a name's look-up would make traffic while the workload waits"
)

// stockFiles returns Falco's stock rule files in the order in which Falco loads
// them. They are read where they are, and the test is skipped where they are not.
func stockFiles(t *testing.T) []string {
	dir := filepath.Join(falcoFolder(t), "rules")
	var files []string
	for _, name := range []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"} {
		files = append(files, filepath.Join(dir, name))
	}
	return files
}

// asRules returns files as arguments of tiercel.
func asRules(files []string) (args []string) {
	for _, f := range files {
		args = append(args, "-r", f)
	}
	return args
}

// stockRule is a rule as tiercel lists it.
type stockRule struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
}

func stockRules(t *testing.T) (rules []stockRule) {
	args := append([]string{"rules", "list", "--format", "json"}, asRules(stockFiles(t))...)
	out, err := exec.Command(filepath.Join(binaries, "tiercel"), args...).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &rules))
	return rules
}

// quoted finds the rules' names in a line of a script.
var quoted = regexp.MustCompile(`'([^']*)'`)

// triggered returns the rules that the scripts expect, each with a script.
func triggered(t *testing.T) map[string]string {
	scripts, err := filepath.Glob(filepath.Join(stockScripts, "*.txtar"))
	require.NoError(t, err)
	found := map[string]string{}
	for _, path := range scripts {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		for line := range strings.Lines(string(b)) {
			if _, names, ok := strings.Cut(line, "raised "); ok && !strings.HasPrefix(line, "#") {
				for _, m := range quoted.FindAllStringSubmatch(names, -1) {
					found[m[1]] = path
				}
			}
		}
	}
	return found
}

func TestEveryStockRuleHasAScriptOrAReason(t *testing.T) {
	scripts, known := triggered(t), map[string]bool{}
	for _, r := range stockRules(t) {
		known[r.Name] = true
		_, excused := untriggered[r.Name]
		switch script, ok := scripts[r.Name]; {
		case ok && excused:
			t.Errorf("%s: in %s, and in the table of what no script triggers", r.Name, script)
		case !ok && !excused:
			t.Errorf("%s: no script triggers it, and no reason is given", r.Name)
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(scripts)), slices.Collect(maps.Keys(untriggered))) {
		if !known[name] {
			t.Errorf("%s: not a stock rule", name)
		}
	}
}

// TestStockRules runs the deeds that the stock rules are about, under these alone.
func TestStockRules(t *testing.T) {
	rules := asRules(append(stockFiles(t), enableAll(t)))
	words := maps.Clone(commands)
	words["raised"] = cmdRaised
	host, container := controlGroup(t, "tiercel-%d"), controlGroup(t, "5eaf00d%025x")
	words["contained"] = func(ts *testscript.TestScript, neg bool, args []string) {
		watch(ts, entering(container), rules, args)
	}
	words["watch"] = func(ts *testscript.TestScript, neg bool, args []string) {
		watch(ts, slices.Concat(onHost, entering(host)), rules, args)
	}
	runScripts(t, stockScripts, words)
}

// enableAll writes the file that enables the rules that are off.
func enableAll(t *testing.T) string {
	var b strings.Builder
	for _, r := range stockRules(t) {
		if !r.Enabled {
			fmt.Fprintf(&b, "- rule: %s\n  enabled: true\n  override:\n    enabled: replace\n", r.Name)
		}
	}
	path := filepath.Join(t.TempDir(), "enabled.yaml")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
	return path
}

// watch runs a command under the stock rules: watch FILE COMMAND [ARG]...
// writes their alerts into FILE. The script's file local.yaml, if there is one,
// is loaded last: of several rules that match an event the first one raises the
// alert, so it switches off the rules before the one in question. Where the
// command is run is the start of its command line.
func watch(ts *testscript.TestScript, where, rules, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: watch|contained FILE COMMAND [ARG]...")
	}
	if _, err := os.Stat(ts.MkAbs("local.yaml")); err == nil {
		rules = slices.Concat(rules, asRules([]string{"local.yaml"}))
	}
	command := slices.Concat(where, []string{"tiercel", "run"}, rules, []string{"-o", "json=" + args[0], "--"}, args[1:])
	ts.Check(ts.Exec(command[0], command[1:]...))
}

// onHost starts a command where nothing tells of a container: engines leave a
// mark in the root folder, so it gets another one with all that is in the first.
var onHost = []string{"unshare", "-m", "sh", "-c", `set -e
mount -t tmpfs tmpfs /mnt
for entry in /*; do
	case $entry in
	/mnt) ;;
	*) if [ -L "$entry" ]; then cp -a "$entry" /mnt
	elif [ -d "$entry" ]; then mkdir "/mnt$entry"; mount --rbind "$entry" "/mnt$entry"
	fi ;;
	esac
done
exec chroot /mnt env -C "$PWD" "$@"`, "sh"}

// entering starts a command in a control group.
func entering(group string) []string {
	return []string{"sh", "-c", `echo $$ >"$0" && exec "$@"`, filepath.Join(group, "cgroup.procs")}
}

// controlGroup makes a control group of a name, or skips the test. It is of the
// memory hierarchy where the machine has version 1 of control groups.
func controlGroup(t *testing.T, format string) string {
	t.Helper()
	group := filepath.Join(groups(), fmt.Sprintf(format, os.Getpid()))
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("no control group can be made: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(group); err != nil {
			t.Errorf("remove the control group: %v", err)
		}
	})
	return group
}

// groups returns the folder that control groups are made in.
func groups() string {
	const root = "/sys/fs/cgroup"
	if _, err := os.Stat(root + "/memory/cgroup.procs"); err == nil {
		return root + "/memory"
	}
	return root
}

// cmdRaised checks which rules raised an alert: raised FILE [RULE]... wants
// these and no others, and what the kernel knows of them in each.
func cmdRaised(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: raised FILE [RULE]...")
	}
	got := map[string]bool{}
	for _, a := range readAlerts(ts, args[0]) {
		got[a.Rule] = true
		for _, name := range a.unknown() {
			ts.Fatalf("raised: %s: no %s in %v", a.Rule, name, a.Fields)
		}
	}
	want := slices.Sorted(slices.Values(args[1:]))
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, want) {
		ts.Fatalf("raised: got %q, want %q, in:\n%s", have, want, readIfThere(ts, args[0]))
	}
}

func readIfThere(ts *testscript.TestScript, name string) string {
	b, _ := os.ReadFile(ts.MkAbs(name)) // no file, no alert
	return string(b)
}

// unknown returns the fields without a value of which every process and call has one.
func (a *alert) unknown() (names []string) {
	for name := range a.Fields {
		family, _, _ := strings.Cut(name, ".")
		switch text := a.text(name); {
		case !slices.Contains([]string{"proc", "user", "group", "evt"}, family):
		case name == "user.loginname", name == "proc.args", strings.HasPrefix(name, "evt.arg."):
			// nobody may have logged in; there may be no argument; another type of event has it
		case text == "null", text == "<NA>", text == "":
			names = append(names, name)
		}
	}
	return names
}
