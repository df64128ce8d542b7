package trial

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/rules"
)

const stateRules = `
- rule: Thrice
  desc: d
  condition: evt.type = dup and fd.name startswith /srv
  count: 3
  within: 10s
  by: proc.pid
  output: thrice, the last is %fd.name
  priority: WARNING
- rule: Fetched and run
  desc: d
  sequence:
    - evt.type = connect and fd.sport = 80
    - evt.type = chmod
    - evt.type = execve
  within: 1m
  output: run %proc.name
  priority: ERROR
- rule: Per session
  desc: d
  sequence: [evt.type = chdir, evt.type = chroot]
  within: 1m
  by: [proc.sid, user.name]
  output: of %proc.sid
  priority: NOTICE
`

func TestGivenEventsReachTheStateOfRules(t *testing.T) {
	const (
		thrice = "[{rule: Thrice, output: 'thrice, the last is /srv/c', priority: warning}]"
		unmet  = "hint: %s matches an event, but not as often, in the order and within the time that it asks for\n"
	)
	for _, tc := range []struct{ name, events, expect, want string }{
		{"as often as asked for",
			"{evt.type: dup, fd.name: /srv/a}; {evt.type: dup, fd.name: /srv/b}; {evt.type: dup, fd.name: /srv/c}", thrice, ""},
		{"once too seldom",
			"{evt.type: dup, fd.name: /srv/a}; {evt.type: dup, fd.name: /srv/b}; {evt.type: dup, fd.name: /tmp/c}", "Thrice",
			"- Thrice\n+ none\n" + unmet},
		{"the last at the very end of the time",
			"{evt.type: dup, fd.name: /srv/a}; {evt.type: dup, fd.name: /srv/b}; {evt.type: dup, fd.name: /srv/c, at: 10s}", thrice, ""},
		{"the last after the time",
			"{evt.type: dup, fd.name: /srv/a}; {evt.type: dup, fd.name: /srv/b}; {evt.type: dup, fd.name: /srv/c, at: 10001ms}", "none", ""},
		{"the first is too far back, the next three are not",
			"{evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv/a, at: 9s}; {evt.type: dup, fd.name: /srv/b, at: 12s}; {evt.type: dup, fd.name: /srv/c, at: 15s}", thrice, ""},
		{"a count starts anew at its alert",
			"{evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}", "[Thrice]", ""},
		{"it is reached a second time",
			"{evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}; {evt.type: dup, fd.name: /srv}", "[Thrice, Thrice]", ""},
		{"two processes do not count together",
			"{evt.type: dup, fd.name: /srv, proc.pid: 1}; {evt.type: dup, fd.name: /srv, proc.pid: 2}; {evt.type: dup, fd.name: /srv, proc.pid: 1}", "none", ""},
		{"a sequence in its order",
			"{evt.type: connect, fd.sport: 80}; {evt.type: chmod, at: 5s}; {evt.type: execve, proc.name: x, at: 60s}",
			"[{rule: Fetched and run, output: run x}]", ""},
		{"other events in between",
			"{evt.type: connect, fd.sport: 80}; {evt.type: dup}; {evt.type: chmod}; {evt.type: dup}; {evt.type: execve, proc.name: x}", "Fetched and run", ""},
		{"a sequence out of its order",
			"{evt.type: chmod}; {evt.type: connect, fd.sport: 80}; {evt.type: execve, proc.name: x}", "Fetched and run",
			"- Fetched and run\n+ none\n" + unmet},
		{"a sequence after its time",
			"{evt.type: connect, fd.sport: 80}; {evt.type: chmod}; {evt.type: execve, proc.name: x, at: 60001ms}", "none", ""},
		{"none of a sequence's steps",
			"{evt.type: connect, fd.sport: 443}", "Fetched and run",
			"- Fetched and run\n+ none\nhint: Fetched and run does not match, false are:\nhint:   fd.sport = 80: fd.sport is 443\n"},
		{"a sequence by what its events have in common",
			"{evt.type: chdir, proc.sid: 1, user.name: ann}; {evt.type: chroot, proc.sid: 1, user.name: ann}", "[{rule: Per session, fields: {proc.sid: 1}}]", ""},
		{"a sequence whose events differ in one of that",
			"{evt.type: chdir, proc.sid: 1, user.name: ann}; {evt.type: chroot, proc.sid: 1, user.name: bob}", "none", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := "- test: T\n  expect: " + tc.expect + "\n  events:\n  - " + strings.ReplaceAll(tc.events, "; ", "\n  - ")
			res := runAlone(t, stateRules, text)
			want := strings.ReplaceAll(tc.want, "%s", tc.expect)
			if got := strings.ReplaceAll("\n"+res.Failure(), "\n    ", "\n")[1:]; got != want || res.Passed != (want == "") {
				t.Errorf("passed %v, got\n%swant\n%s", res.Passed, got, want)
			}
		})
	}
}

// runAlone runs a file's only test over rules, which must both be right.
func runAlone(t *testing.T, ruleText, testText string) Result {
	t.Helper()
	set, problems := rules.Compile([]rules.File{{Name: "r.yaml", Data: []byte(ruleText)}})
	require.NotNil(t, set, "%v", problems)
	f, problems := Read(rules.File{Name: "t.yaml", Data: []byte(testText)})
	require.Empty(t, problems)
	require.Empty(t, f.Check(set))
	return f.Run(set)[0]
}
