package rules

import (
	"strings"
	"testing"

	"tiercel/engine/event"
)

func TestExplainNamesWhatIsFalse(t *testing.T) {
	for _, tc := range []struct{ name, condition, want string }{
		{"a rule that matches", "proc.name = sh and not proc.pname = cron", ""},
		{"one comparison", "proc.name = bash", "proc.name = bash: proc.name is sh"},
		{"all that are false, not the first alone", "proc.name = bash and proc.exe = x and proc.pname = sshd", "proc.name = bash: proc.name is sh; proc.exe = x: proc.exe is absent"},
		{"a negation", "not proc.name in (sh, bash)", "not proc.name in (sh, bash): proc.name is sh"},
		{"a number that is not equal", "not proc.tty > 5", "not proc.tty > 5: proc.tty is 7"},
		{"both alternatives", "proc.name = bash or proc.name = zsh", "proc.name = bash: proc.name is sh; proc.name = zsh: proc.name is sh"},
		{"an alternative is true, and the rest is false", "(proc.name = bash or proc.name = sh) and proc.tty = 0", "proc.tty = 0: proc.tty is 7"},
		{"each alternative lacks something else", "(proc.name = bash and proc.tty = 7) or (proc.name = sh and proc.tty = 0)", "proc.name = bash: proc.name is sh; proc.tty = 0: proc.tty is 7"},
		{"a longer alternative is true, and the rest is false", "((proc.name = bash and proc.tty = 0) or (proc.name = sh and proc.tty = 7)) and proc.pname = cron", "proc.pname = cron: proc.pname is sshd"},
		{"the first of two choices is made, in an alternative that fails", "((proc.name = bash or proc.name = sh) and proc.tty = 0) or proc.pname = cron", "proc.tty = 0: proc.tty is 7; proc.pname = cron: proc.pname is sshd"},
		{"a negated choice", "not (proc.name = sh or proc.name = bash)", "not proc.name = sh: proc.name is sh"},
		{"a value for each ancestor", "proc.aname = cron", "proc.aname = cron: proc.aname is sshd, systemd"},
		{"lists of many", "proc.name in (" + strings.Repeat("abcdefgh, ", 20) + "x)", "proc.name in (" + strings.Repeat("abcdefgh, ", 7) + "abc...: proc.name is sh"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set := compileOne(t, tc.condition)
			m := set.Matcher()
			text := func(s string) []event.Value { return []event.Value{{Status: event.Known, Text: s}} }
			m.View().BeginGiven(event.Lookup("dup"), 0, map[string][]event.Value{
				"proc.name": text("sh"), "proc.pname": text("sshd"), "proc.aname": append(text("sshd"), text("systemd")...),
				"proc.tty": {{Status: event.Known, Num: 7}},
			})
			reasons := m.Explain(set.Rules[0])
			if got := strings.Join(reasons, "; "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if matches := m.Match() != nil; matches != (len(reasons) == 0) {
				t.Errorf("got %d reasons of a rule that matches: %v", len(reasons), matches)
			}
		})
	}
}
