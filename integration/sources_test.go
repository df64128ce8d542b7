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

// sources are where events may come from, each with why it cannot be had here.
var sources = map[string]func() error{
	"ptrace": sync.OnceValue(func() error { return try("ptrace") }),
	"ebpf":   sync.OnceValue(func() error { return try("ebpf") }),
}

// refusal returns why a source cannot be had here, or nil.
func refusal(source string) error { return sources[source]() }

// try runs a command under a source.
func try(name string) error {
	if out, err := exec.Command(filepath.Join(binaries, "tiercel"), "run", "-s", name, "--", "true").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// seesOperations reports whether the eBPF source sees operations of io_uring here.
var seesOperations = sync.OnceValue(func() bool {
	out, _ := exec.Command(filepath.Join(binaries, "tiercel"), "doctor", "--format", "json").Output() // the status is of all that it tries
	return regexp.MustCompile(`"io_uring operations",\s*"ok": true`).Match(out)
})

// underEach does something under each source, or under the one that
// TIERCEL_SOURCE names. It reports whether it did so under all of them.
func underEach(t *testing.T, do func(t *testing.T, source string)) bool {
	n := 0
	for _, source := range []string{"ptrace", "ebpf"} {
		if only := os.Getenv("TIERCEL_SOURCE"); only != "" && only != source {
			continue
		}
		t.Run(source, func(t *testing.T) {
			if err := refusal(source); err != nil {
				t.Skipf("no command can be watched by %s: %v", source, err)
			}
			n++
			do(t, source)
		})
	}
	return n == len(sources)
}

// runScripts runs the scripts of a folder under each source, and compares the
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
	both := underEach(t, func(t *testing.T, source string) { kept[source] = runUnder(t, source, watching, words) })
	if !both {
		return
	}
	for _, path := range watching {
		name := nameOf(path)
		if kept["ptrace"].silent(name) && kept["ebpf"].silent(name) {
			continue // it is about something else: there is nothing to compare
		}
		t.Run("alike/"+filepath.Base(name), func(t *testing.T) { compareSources(t, name, kept["ptrace"].of(t, name), kept["ebpf"].of(t, name)) })
	}
}

// suites are the folders of scripts.
var suites = []string{"testdata/script", "testdata/rules", stockScripts, "testdata/host"}

// words are the commands of scripts beside testscript's own.
type words = map[string]func(ts *testscript.TestScript, neg bool, args []string)

// runUnder runs scripts under a source, and keeps what alerts came of them.
func runUnder(t *testing.T, source string, scripts []string, words words) *keeper {
	k := &keeper{folder: filepath.Dir(scripts[0]), alerts: map[string]alertFiles{}}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		ContinueOnError:     filepath.Dir(scripts[0]) == stockScripts,
		RequireExplicitExec: true,
		Condition:           func(cond string) (bool, error) { return condition(source, cond) },
		Cmds:                words,
		Setup: func(env *testscript.Env) error {
			env.Defer(func() { k.keep(env) })
			return setup(env, source)
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
