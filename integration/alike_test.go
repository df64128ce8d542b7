package integration

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// alertFiles are alerts by the file that they were written into.
type alertFiles map[string][]alert

// keeper keeps the alerts of scripts that have passed.
type keeper struct {
	sync.Mutex
	folder string
	alerts map[string]alertFiles // by script
}

// keep keeps the alerts that a script leaves in its folder at its end.
func (k *keeper) keep(env *testscript.Env) {
	t := env.T().(testing.TB)
	if t.Failed() || t.Skipped() { // nothing that is there is all that it would have said
		return
	}
	files := alertFiles{}
	err := filepath.WalkDir(env.WorkDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(env.WorkDir, path) // it is in there
		if isAlert.Match(text) {
			files[name] = decodeAlerts(t, []byte(strings.ReplaceAll(string(text), env.WorkDir, "$WORK")))
		}
		return err
	})
	if err != nil {
		t.Errorf("keep alerts: %v", err)
	}
	k.Lock()
	defer k.Unlock()
	k.alerts[filepath.Base(k.folder)+"/"+strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")] = files
}

// isAlert finds the start of an alert.
var isAlert = regexp.MustCompile(`^\{"(count|hostname)":.*"output_fields":`)

// of returns the alerts of a script; the test is skipped where it has failed.
func (k *keeper) of(t *testing.T, script string) alertFiles {
	files, ok := k.alerts[script]
	if !ok {
		t.Skip("the script has not passed under each source")
	}
	return files
}

// silent reports whether a script has passed and left no alerts.
func (k *keeper) silent(script string) bool {
	files, ok := k.alerts[script]
	return ok && len(files) == 0
}

// compareWays compares the alerts of a script by ptrace with those in another way.
// What differs must be in the table of exceptions, and what is in there must differ by eBPF.
func compareWays(t *testing.T, script string, byPtrace, byOther alertFiles, way string) {
	if isException(script, onlyPtrace) || isException(script, onlyEBPF) {
		return
	}
	names := maps.Clone(byPtrace)
	maps.Copy(names, byOther)
	for _, file := range slices.Sorted(maps.Keys(names)) {
		found := differences(byPtrace[file], byOther[file])
		for _, what := range slices.Sorted(maps.Keys(found)) {
			if _, ok := exceptionOf(script, file, what); !ok {
				t.Errorf("%s: %s: %s", file, what, found[what])
			}
		}
		for _, e := range exceptions {
			if way == byEBPF && e.script == script && e.file == file && found[e.what] == "" {
				t.Errorf("%s: %s: no difference any more: %s", file, e.what, e.reason)
			}
		}
	}
}

// differences returns what differs between alerts, by field: otherAlerts where other ones were raised.
func differences(a, b []alert) map[string]string {
	found := map[string]string{}
	if !slices.Equal(titlesOf(a), titlesOf(b)) {
		found[otherAlerts] = fmt.Sprintf("ptrace %q, not %q", titlesOf(a), titlesOf(b))
		return found
	}
	for i := range a {
		for _, name := range fieldsOf(&a[i]) {
			if x, y := plain(&a[i], name), plain(&b[i], name); x != y {
				found[name] = fmt.Sprintf("%s: ptrace %q, not %q", a[i].Rule, x, y)
			}
		}
	}
	return found
}

// titlesOf returns all that is fixed of alerts: rule, priority, tags, and which fields there are.
func titlesOf(alerts []alert) []string {
	titles := headsOf(alerts)
	for i, a := range alerts {
		titles[i] += fmt.Sprint(" ", a.Tags, fieldsOf(&a))
	}
	return titles
}

// plain returns a field's text without what varies from run to run.
func plain(a *alert, name string) string {
	text := a.text(name)
	for _, v := range varies {
		if v.field.MatchString(name) {
			text = v.text.ReplaceAllString(text, v.by)
		}
	}
	return text
}
