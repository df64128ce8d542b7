package integration

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// manners has the scripts that show that a workload does not notice that it is watched.
const manners = "testdata/etiquette"

// Each program does the same bare and watched, in each way.
func TestEtiquette(t *testing.T) {
	scripts := scriptsIn(t, manners)
	underEach(t, func(t *testing.T, way string) { runUnder(t, way, scripts, commands) })
}

// cmdSame runs a command bare and watched: same COMMAND [ARG]... What it prints and
// how it ends must be the same; times ("WHAT: N us") must be of a class. It is watched by
// the built-in rules, by one that asks for results, and by the script's rules.yaml.
// Tiercel stands where an argument is @, else before the command.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: same COMMAND [ARG]...")
	}
	if !slices.Contains(args, "@") {
		args = append([]string{"@"}, args...)
	}
	late := ""
	for range timeTries {
		bare, watched := perform(ts, args, nil), perform(ts, args, watching(ts))
		if watched.plain() != bare.plain() {
			ts.Fatalf("same: bare %+v\nwatched %+v", bare, watched)
		}
		if late = watched.laterThan(ts, bare); late == "" {
			return
		}
	}
	ts.Fatalf("same: %s", late)
}

// watching returns the words that have the command after them watched.
func watching(ts *testscript.TestScript) []string {
	results, err := filepath.Abs(filepath.Join(manners, "results.yaml"))
	ts.Check(err)
	launcher := []string{"tiercel", "run", "-o", "json=alerts.json", "--stats=ledger.json", "-r", "default", "-r", results}
	if _, err := os.Stat(ts.MkAbs("rules.yaml")); err == nil {
		launcher = append(launcher, "-r", "rules.yaml")
	}
	return append(launcher, "--")
}

// outcome is what can be seen of a command from outside.
type outcome struct {
	Status      int // 128+N if signal N ended it
	Out, Errors string
}

// patience ends what hangs, and leaves a terminal to the command.
var patience = []string{"--foreground", "-k", "1", "30"}

// perform runs a command with these words in the place of @.
func perform(ts *testscript.TestScript, args, launcher []string) (o outcome) {
	i := slices.Index(args, "@")
	err := ts.Exec("timeout", slices.Concat(patience, args[:i], launcher, args[i+1:])...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		o.Status = status.ExitStatus()
		if status.Signaled() {
			o.Status = 128 + int(status.Signal())
		}
	} else {
		ts.Check(err)
	}
	o.Out, o.Errors = ts.ReadFile("stdout"), ts.ReadFile("stderr")
	return o
}

// timed finds the time that a line of output tells.
var timed = regexp.MustCompile(`(?m)^(.+): (\d+) us$`)

// plain returns an outcome without its times.
func (o outcome) plain() outcome {
	o.Out = timed.ReplaceAllString(o.Out, "$1: N us")
	return o
}

// timeFactor is what two times of a class may differ by at most. Programs
// take the best of some, and what is late is tried again, as other scripts run beside them.
const timeFactor, timeTries = 3, 3

// laterThan returns which time is not of the class of the bare one, or nothing.
func (o outcome) laterThan(ts *testscript.TestScript, bare outcome) string {
	times := timed.FindAllStringSubmatch(o.Out, -1)
	for i, m := range timed.FindAllStringSubmatch(bare.Out, -1) {
		was, err := strconv.Atoi(m[2])
		ts.Check(err)
		is, err := strconv.Atoi(times[i][2])
		ts.Check(err)
		if is > timeFactor*was {
			return fmt.Sprintf("%s: %d us watched, %d us bare", m[1], is, was)
		}
	}
	return ""
}
