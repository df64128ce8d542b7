package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// The ways in which a command may be watched: the sources, and of ptrace both doors.
const (
	traced  = "ptrace" // by ptrace alone
	noticed = "notify" // the ptrace source by notifications
	byEBPF  = "ebpf"
)

var ways = []string{traced, noticed, byEBPF}

// sourceOf returns the source of a way.
func sourceOf(way string) string {
	if way == noticed {
		return "ptrace"
	}
	return way
}

var stopsOf = map[string]string{traced: "ptrace", noticed: "notify", byEBPF: "auto"}

// environment has tiercel watch in a way.
func environment(way string) []string {
	return []string{"TIERCEL_SOURCE=" + sourceOf(way), "TIERCEL_STOPS=" + stopsOf[way]}
}

// underWatch is a command that is watched in a way.
func underWatch(way string, command ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(binaries, "tiercel"), append([]string{"run", "--"}, command...)...)
	cmd.Env = append(os.Environ(), environment(way)...)
	return cmd
}

// refusals are why ways cannot be had here.
var refusals = map[string]func() error{
	traced:  sync.OnceValue(func() error { return try(traced) }),
	noticed: sync.OnceValue(func() error { return try(noticed) }),
	byEBPF:  sync.OnceValue(func() error { return try(byEBPF) }),
}

// refusal returns why a way cannot be had here, or nil.
func refusal(way string) error { return refusals[way]() }

// try runs a command in a way.
func try(way string) error {
	if out, err := underWatch(way, "true").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// seesOperations reports whether the eBPF source sees operations of io_uring here.
var seesOperations = sync.OnceValue(func() bool {
	out, _ := exec.Command(filepath.Join(binaries, "tiercel"), "doctor", "--format", "json").Output() // the status is of all that it tries
	return regexp.MustCompile(`"io_uring operations",\s*"ok": true`).Match(out)
})

// underEach does something in each way, or in those of the source that
// TIERCEL_SOURCE names.
func underEach(t *testing.T, do func(t *testing.T, way string)) {
	for _, way := range ways {
		if only := os.Getenv("TIERCEL_SOURCE"); only != "" && only != sourceOf(way) {
			continue
		}
		t.Run(way, func(t *testing.T) {
			if err := refusal(way); err != nil {
				t.Skipf("no command can be watched by %s: %v", way, err)
			}
			do(t, way)
		})
	}
}

// runScripts runs the scripts of a folder in each way, and compares the
// alerts that came of them. Those that watch nothing are run once.
func runScripts(t *testing.T, dir string, words words) {
	var watching, others []string
	for _, path := range scriptsIn(t, dir) {
		if watchesSomething(t, path) {
			watching = append(watching, path)
		} else {
			others = append(others, path)
		}
	}
	if len(others) > 0 {
		t.Run("once", func(t *testing.T) { runUnder(t, os.Getenv("TIERCEL_SOURCE"), others, words) })
	}
	if len(watching) == 0 {
		return
	}
	kept := map[string]*keeper{}
	underEach(t, func(t *testing.T, way string) { kept[way] = runUnder(t, way, watching, words) })
	for _, way := range []string{noticed, byEBPF} {
		if kept[traced] == nil || kept[way] == nil {
			continue
		}
		for _, path := range watching {
			name := nameOf(path)
			if kept[traced].silent(name) && kept[way].silent(name) {
				continue // it is about something else: there is nothing to compare
			}
			t.Run("alike/"+way+"/"+filepath.Base(name), func(t *testing.T) { compareWays(t, name, kept[traced].of(t, name), kept[way].of(t, name), way) })
		}
	}
}

// suites are the folders of scripts.
var suites = []string{"testdata/script", "testdata/rules", stockScripts, "testdata/host"}

// words are the commands of scripts beside testscript's own.
type words = map[string]func(ts *testscript.TestScript, neg bool, args []string)

// runUnder runs scripts in a way, and keeps what alerts came of them.
func runUnder(t *testing.T, way string, scripts []string, words words) *keeper {
	k := &keeper{folder: filepath.Dir(scripts[0]), alerts: map[string]alertFiles{}}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		ContinueOnError:     filepath.Dir(scripts[0]) == stockScripts,
		RequireExplicitExec: true,
		Condition:           func(cond string) (bool, error) { return condition(way, cond) },
		Cmds:                words,
		Setup: func(env *testscript.Env) error {
			env.Defer(func() { k.keep(env) })
			return setup(env, way)
		},
	})
	return k
}

// watched finds what has something watched in a line of a script.
var watched = regexp.MustCompile(`(?m)^(\[[^\]]*\] )*((exec|status) .*tiercel run |watch |contained )`)

func watchesSomething(t *testing.T, path string) bool { return watched.MatchString(deedsOf(t, path)) }

func scriptsIn(t *testing.T, dir string) []string {
	scripts, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	return scripts
}

// deedsOf returns a script without its files.
func deedsOf(t *testing.T, path string) string {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	text, _, _ := strings.Cut(string(b), "\n-- ")
	return text + "\n"
}

// nameOf is what a script is called: its folder's name and its own.
func nameOf(path string) string {
	return filepath.Base(filepath.Dir(path)) + "/" + strings.TrimSuffix(filepath.Base(path), ".txtar")
}
