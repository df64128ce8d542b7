package trial

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
	"tiercel/rules"
)

func TestProblemsOfTestFilesHaveTheirPlace(t *testing.T) {
	const head = "- test: T\n  expect: none\n"
	for _, tc := range []struct{ name, text, want string }{
		{"no list", "rules: [default]", "1:1: expected a list of items that begin with '- test: NAME'"},
		{"no YAML", "- test: [", "1:1: not YAML: did not find expected node content"},
		{"nothing", "", "0:0: nothing in the file"},
		{"a comment alone", "# soon\n", "0:0: nothing in the file"},
		{"two documents", "[]\n---\n[]\n", "2:1: a second document in the file"},
		{"an item without keys", "- T", "1:3: expected keys with values"},
		{"a test without a name and events", "- expect: none", `1:3: test without "test"; 1:3: expected one of 'event', 'events' and 'recording'`},
		{"a test without an expectation", "- test: T\n  event: {evt.type: dup}", `1:3: test without "expect"`},
		{"a key that is misspelt", head + "  evnt: {evt.type: dup}\n  event: {evt.type: dup}",
			`3:3: unknown key "evnt": want one of event, events, expect, not, recording, test [did you mean event?]`},
		{"a key that stands twice", head + "  event: {evt.type: dup}\n  test: U", `4:3: key "test" stands twice`},
		{"a name that stands twice", "- {test: T, expect: none, event: {evt.type: dup}}\n- {test: T, expect: none, event: {evt.type: dup}}", `2:10: test "T" stands twice`},
		{"rules after a test", head + "  event: {evt.type: dup}\n- rules: [default]",
			`4:3: test without "test"; 4:3: test without "expect"; 4:3: expected one of 'event', 'events' and 'recording'; 4:3: "rules" stands once, in an item of its own before the tests`},
		{"both kinds of events", head + "  event: {evt.type: dup}\n  events: [{evt.type: dup}]", "1:3: expected one of 'event', 'events' and 'recording'"},
		{"no events", head + "  events: []", "3:11: no events"},
		{"a recording", head + "  recording: run.tcap", "3:14: read capture: open run.tcap: no such file or directory"},
		{"an event without a type", head + "  event: {proc.name: sh}", "3:10: event without 'evt.type'"},
		{"an unknown event", head + "  event: {evt.type: execv}", `3:21: unknown event "execv": tiercel list syscalls has them [did you mean execve?]`},
		{"an event that only the engine sees", head + "  event: {evt.type: spawn}", `3:21: unknown event "spawn": tiercel list syscalls has them`},
		{"an unknown field", head + "  event: {evt.type: dup, proc.nam: sh}", `3:26: unknown field "proc.nam" [did you mean proc.name?]`},
		{"a field without its argument", head + "  event: {evt.type: dup, evt.arg: x}", `3:26: field "evt.arg" wants an argument: evt.arg.NAME`},
		{"a field with text behind its argument", head + "  event: {evt.type: dup, 'proc.aname[1]x': x}", `3:26: unknown field "proc.aname[1]x" [did you mean proc.aname?]`},
		{"a field under two spellings", head + "  event: {evt.type: dup, evt.arg.oldfd: '1', 'evt.arg[oldfd]': '1'}", `3:46: field "evt.arg[oldfd]" is given twice`},
		{"a value of another type", head + "  event: {evt.type: dup, evt.failed: no}", `3:38: evt.failed: "no" is neither true nor false`},
		{"a list where there is one value", head + "  event: {evt.type: dup, proc.name: [a, b]}", "3:37: expected one value: proc.name has no list"},
		{"a list for one of several values", head + "  event: {evt.type: dup, 'proc.aname[1]': [a, b]}", "3:43: expected one value: proc.aname[1] has no list"},
		{"a parameter that the call has not", head + "  event: {evt.type: openat, evt.arg.flag: x}", "3:29: impossible event: evt.arg[flag] of openat is always absent"},
		{"a field that says the same of each event", head + "  event: {evt.type: execve, evt.is_open_read: true}", "3:29: impossible event: evt.is_open_read of execve is always false"},
		{"a time that goes back", head + "  events: [{evt.type: dup, at: 2s}, {evt.type: dup, at: 1s}]", "3:37: event that is earlier than the one before"},
		{"a time that is none", head + "  events: [{evt.type: dup, at: soon}]", "3:32: expected a time since the first event, such as 5s"},
		{"no rule is expected", "- {test: T, event: {evt.type: dup}, expect: []}", "1:45: no rule is expected: write 'expect: none'"},
		{"an expected alert without a rule", "- {test: T, event: {evt.type: dup}, expect: [{output: x}]}", "1:46: expected alert without 'rule'"},
		{"a priority that there is not", "- {test: T, event: {evt.type: dup}, expect: [{rule: R, priority: loud}]}",
			`1:66: unknown priority "loud": want one of emergency, alert, critical, error, warning, notice, informational, debug`},
		{"an expected field that there is not", "- {test: T, event: {evt.type: dup}, expect: [{rule: R, fields: {proc.nam: x}}]}", `1:65: unknown field "proc.nam" [did you mean proc.name?]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, problems := Read(rules.File{Name: "t.yaml", Data: []byte(tc.text)})
			if got := places(problems); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func places(problems rules.Problems) string {
	var all []string
	for _, p := range problems {
		line := fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message)
		if p.Hint != "" {
			line += " [" + p.Hint + "]"
		}
		all = append(all, line)
	}
	return strings.Join(all, "; ")
}

func TestRulesAreLookedForBesideTheTestFile(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"none are named", "[]", "default"},
		{"the built-in set and two more", "- rules: [default, ../mine.yaml, /etc/rules]", "default a/mine.yaml /etc/rules"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, problems := Read(rules.File{Name: "a/b/t.yaml", Data: []byte(tc.text)})
			require.Empty(t, problems)
			if got := strings.Join(f.RulePaths(), " "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestGivenValuesHaveTheirFieldsTypes(t *testing.T) {
	f, problems := Read(rules.File{Name: "t.yaml", Data: []byte(`
- test: T
  event: &event {evt.type: connect, proc.aname: [bash, sshd], fd.ip: [10.0.0.1, "::1"], fd.rport: 0x50, proc.tty: null, evt.failed: true}
  expect: none
- test: the same event by its anchor
  event: *event
  expect: none`)})
	require.Empty(t, problems)
	given := f.Tests[0].Events[0].Given
	known := func(num int64, text string) event.Value {
		return event.Value{Status: event.Known, Num: num, Text: text}
	}
	require.Equal(t, map[string][]event.Value{
		"proc.aname": {known(0, "bash"), known(0, "sshd")},
		"fd.ip":      {known(0, "\x0a\x00\x00\x01"), known(0, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")},
		"fd.rport":   {known(80, "")},
		"proc.tty":   {},
		"evt.failed": {known(1, "")},
	}, given)
	require.Equal(t, given, f.Tests[1].Events[0].Given)
}

// Whatever is in the file, reading ends, and what it accepts can be run.
func FuzzRead(f *testing.F) {
	f.Add("- rules: [default]\n- test: T\n  event: {evt.type: execve, proc.name: sh}\n  expect: none\n  not: R\n")
	f.Add("- test: T\n  events: [&a {evt.type: dup, at: 0s}, *a]\n  expect: [{rule: R, output: x, priority: info, fields: {proc.name: null}}]\n")
	f.Add("- test: T\n  event: {evt.type: connect, fd.ip: [::1], evt.rawarg.fd: 3, 'proc.aname[2]': x}\n  expect: R\n")
	set, problems := rules.Compile([]rules.File{{Name: "r.yaml", Data: []byte(ruleText)}})
	require.NotNil(f, set, "%v", problems)
	f.Fuzz(func(t *testing.T, text string) {
		file, problems := Read(rules.File{Name: "t.yaml", Data: []byte(text)})
		if (file == nil) == (problems == nil) {
			t.Fatalf("got file %v and problems %v", file, problems)
		}
		if file != nil && file.Check(set) == nil {
			for _, res := range file.Run(set) {
				if res.Passed != (res.Failure() == "") {
					t.Fatalf("got passed %v and failure %q", res.Passed, res.Failure())
				}
			}
		}
	})
}
