package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
	"tiercel/rules"
)

func compileRules(t *testing.T, texts ...string) *rules.Set {
	t.Helper()
	set, problems := rules.Compile([]rules.File{{Name: "x.yaml", Data: []byte(strings.Join(texts, "\n"))}})
	require.NotNil(t, set, "%v", problems)
	return set
}

// opensOf is a rule that matches an opening of the file.
func opensOf(name, file string) string {
	return fmt.Sprintf("- rule: %s\n  desc: d\n  condition: evt.type = openat and fd.name = %s\n  output: event %%evt.num\n  priority: warning\n", name, file)
}

func opening(file string) event.Event { return newEvent("openat", 10).with(1, file).ret(3) }

func reloadEngine(set *rules.Set) (*Engine, *kept) {
	out := &kept{}
	return New(Config{Rules: set, Outputs: []Output{out}, Priority: rules.Debug, Started: at, Machine: testMachine()}), out
}

func TestAReloadCountsFromTheNextEventOn(t *testing.T) {
	e, out := reloadEngine(compileRules(t, opensOf("A", "/a")))
	e.handle(opening("/a"))
	e.Reload(compileRules(t, opensOf("C", "/a")))
	e.Reload(compileRules(t, opensOf("B", "/b")))
	e.handle(opening("/a"))
	e.handle(opening("/b"))
	if got, want := out.names(), "A B"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	if got, want := out.alerts[1].Message, "event 3"; got != want {
		t.Errorf("got %q, want %q: events are numbered through", got, want)
	}
}

func TestAReloadLeavesLessGraveRulesOut(t *testing.T) {
	e, out := reloadEngine(compileRules(t, opensOf("A", "/a")))
	e.Priority = rules.ErrorPriority
	e.Reload(compileRules(t, opensOf("B", "/b")))
	e.handle(opening("/b"))
	if len(out.alerts) != 0 {
		t.Errorf("got %s, want none as grave as an error", out.names())
	}
}

// What a rule has counted is worth the same after a reload only if it waits for the same.
func TestWhatWasCountedOutlivesAReload(t *testing.T) {
	const state = "  count: 2\n  within: 1h\n  by: proc.pid\n"
	files := "- list: files\n  items: [/a, /b]\n"
	counting := "- rule: N\n  desc: d\n  condition: evt.type = openat and fd.name in (files)\n  output: o\n  priority: warning\n" + state
	tests := []struct{ name, after, want string }{
		{"where nothing is changed", files + counting, "N"},
		{"where another rule comes before it", files + opensOf("Z", "/z") + counting, "N"},
		{"where only its output is", files + strings.Replace(counting, "output: o", "output: p", 1), "N"},
		{"but not where its name is", files + strings.Replace(counting, "rule: N", "rule: M", 1), ""},
		{"nor where its condition is", files + strings.Replace(counting, "openat and", "openat and evt.res = SUCCESS and", 1), ""},
		{"nor where a list in it is", strings.Replace(files, "/b", "/c", 1) + counting, ""},
		{"nor where its time is", files + strings.Replace(counting, "1h", "2h", 1), ""},
		{"nor where its fields are", files + strings.Replace(counting, "by: proc.pid", "by: proc.ppid", 1), ""},
		{"nor where it is off for a while", files + counting + "  enabled: false\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, out := reloadEngine(compileRules(t, files, counting))
			e.handle(opening("/a"))
			e.Reload(compileRules(t, tt.after))
			e.handle(opening("/a"))
			if got := out.names(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for key := range e.state.tracks {
				if !slices.Contains(e.Rules.Rules, key.rule) {
					t.Errorf("got a track of a rule %q that is gone, want none", key.rule.Name)
				}
			}
		})
	}
}

func TestASequenceGoesOnAcrossAReload(t *testing.T) {
	const text = "- rule: S\n  desc: d\n  sequence:\n    - evt.type = openat and fd.name = /a\n    - evt.type = openat and fd.name = /b\n  within: 1h\n  output: o\n  priority: warning\n"
	e, out := reloadEngine(compileRules(t, text))
	e.handle(opening("/a"))
	e.Reload(compileRules(t, opensOf("Z", "/z"), text))
	e.handle(opening("/b"))
	if got := out.names(); got != "S" {
		t.Errorf("got %q, want S", got)
	}
}

// A rule that both sets have must not miss an event, however often they are exchanged.
func TestReloadsWhileEventsFlowLoseNothing(t *testing.T) {
	const events = 20_000
	sets := [2]*rules.Set{compileRules(t, opensOf("A", "/a")), compileRules(t, opensOf("Z", "/z"), opensOf("A", "/a"))}
	e, out := reloadEngine(sets[0])
	ring, done := event.NewRing(0), make(chan error, 1)
	go func() { done <- e.Run(t.Context(), ring) }()
	ev := opening("/a")
	for i := range events {
		require.NoError(t, ring.Put(t.Context(), ev))
		if i%100 == 0 {
			e.Reload(sets[i/100%2])
		}
	}
	ring.Close()
	require.NoError(t, <-done)
	if len(out.alerts) != events {
		t.Errorf("got %d alerts, want %d", len(out.alerts), events)
	}
}

func TestAccountsThatAreReadAgainNameTheProcessesThatAreThereToo(t *testing.T) {
	set := compileRules(t, "- rule: A\n  desc: d\n  condition: evt.type = openat\n  output: by %user.name, login %user.loginname\n  priority: warning\n")
	e, out := reloadEngine(set)
	before := e.Machine
	e.handle(shell())
	e.handle(opening("/a"))
	e.ReloadAccounts(&Machine{Host: "other", Users: map[int64]event.Account{0: {Name: "toor"}, 1000: {Name: "bob"}}})
	e.handle(opening("/a"))
	for i, want := range []string{"by root, login ann", "by toor, login bob"} {
		if got := out.alerts[i].Message; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if e.Machine.Host != "box" || before.Users[0].Name != "root" {
		t.Errorf("got host %s, and %+v of the machine that was given, want both as they were", e.Machine.Host, before.Users)
	}
}
