package rules

import (
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// conditions whose programs stand in testdata/programs.golden.
var conditions = []string{
	"evt.type = openat",
	"not evt.type = openat",
	"evt.type = openat and fd.num >= 0",
	"evt.type = openat or evt.type = open",
	"evt.type = openat and (fd.name = /a or fd.name = /b) and fd.num >= 0",
	"not (evt.type = openat and fd.name = /a)",
	"not (evt.type = openat or not fd.name = /a)",
	"not not evt.type = openat",
	"a_macro and not a_macro",
	"proc.name in (a_list, four) or proc.name in ()",
	"evt.arg.flags contains O_CREAT and evt.arg[0] exists and proc.aname[2] = x",
	"fd.snet in (10.0.0.0/8, \"192.168.0.0/16\") or fd.sip != 1.2.3.4",
	"evt.type in (open, openat) and ((proc.name = a and fd.name = b) or (proc.name = c and not fd.name = d))",
	"evt.type = openat and evt.type = openat",
}

func TestProgramsOfConditions(t *testing.T) {
	var got strings.Builder
	for _, cond := range conditions {
		set := compileOne(t, cond, macroItem("a_macro", "evt.type = open or proc.name = x"), listItem("a_list", "one", "two", "nested"), listItem("nested", "three"))
		got.WriteString(cond + "\n" + set.Program(set.Rules[0]) + "\n")
	}
	checkGolden(t, "testdata/programs.golden", got.String())
}

func checkGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if got != string(want) {
		t.Errorf("got\n%s\nwant, from %s,\n%s", got, path, want)
	}
}

func TestEqualComparisonsAreOne(t *testing.T) {
	set := compileOne(t, `evt.type = open or (evt.type = "open" and proc.name in (a, b)) or proc.name in (b, a) or proc.name in ("a", b)`)
	if len(set.preds) != 3 {
		t.Errorf("got %d comparisons, want 3", len(set.preds))
	}
}

func TestRowsThatARuleCanMatch(t *testing.T) {
	tests := []struct {
		name, condition, want string
	}{
		{"a name", "evt.type = openat", "openat"},
		{"a list of names", "evt.type in (open, openat)", "open openat"},
		{"a result without a name", "syscall.type = setuid and evt.rawres = 0", "setuid"},
		{"an argument that few rows have", "evt.arg.newdirfd exists", "renameat renameat2"},
		{"a call that does not return has no result", "evt.type in (exit_group, setuid) and evt.res = SUCCESS", "setuid"},
		{"a contradiction", "evt.type = open and evt.type = openat", ""},
		{"a name behind a negation", "evt.category = user and not evt.type startswith set", "quotactl capset getuid geteuid getgid getegid getresuid getresgid"},
		{"a name that no row has", "evt.type = pluginevent", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := compileOne(t, tt.condition)
			if got := strings.Join(set.Rows(set.Rules[0]), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFieldsOfTheRunDoNotHideRules(t *testing.T) {
	for _, cond := range []string{"evt.num > 0", "evt.hostname = x", "evt.reltime > 0", "evt.args contains res"} {
		set := compileOne(t, "evt.type = close and "+cond)
		if got := set.Rows(set.Rules[0]); len(got) != 1 {
			t.Errorf("%s: got rows %v, want close", cond, got)
		}
	}
}

func TestRulesThatAreOffMatchNothing(t *testing.T) {
	off := "- rule: R\n  desc: d\n  condition: evt.type = close\n  output: o\n  priority: info\n"
	for name, more := range map[string]string{"not enabled": "  enabled: false\n", "of another source": "  source: k8s_audit\n"} {
		set, problems := Compile([]File{{"x.yaml", []byte(off + more)}})
		require.NotNil(t, set, "%v", problems)
		if got := match(set.Matcher(), newEvent("close").ret(0).Event(), cat()); got != "" {
			t.Errorf("%s: got %q, want no match", name, got)
		}
		if set.Needs().Rows[event.Lookup("close")].Watch() {
			t.Errorf("%s: got close watched, want it left alone", name)
		}
	}
}

func TestTheFirstRuleThatMatchesWins(t *testing.T) {
	rule := func(name, cond string) string {
		return "- {rule: " + name + ", desc: d, condition: " + cond + ", output: o, priority: info}\n"
	}
	set, problems := Compile([]File{
		{"a.yaml", []byte(rule("never", "evt.type = open") + rule("first", "evt.type = close"))},
		{"b.yaml", []byte(rule("second", "evt.type = close"))},
	})
	require.NotNil(t, set, "%v", problems)
	if got := match(set.Matcher(), newEvent("close").ret(0).Event(), cat()); got != "first" {
		t.Errorf("got %q, want first", got)
	}
}

func TestNeedsOfASet(t *testing.T) {
	set := compileOne(t, "evt.type = fchmod and fd.name startswith /etc and user.name = root")
	needs := set.Needs()
	watched := ""
	for i := range needs.Rows {
		if needs.Rows[i].Match {
			watched += event.Table[i].Name
		}
	}
	if watched != "fchmod" {
		t.Errorf("got %q to match, want fchmod", watched)
	}
	if !needs.Rows[event.Lookup("setuid")].State || needs.Rows[event.Lookup("setuid")].Match {
		t.Errorf("got %v of setuid, want its effect alone", needs.Rows[event.Lookup("setuid")])
	}
}

func TestTooLongConditionsAreRefused(t *testing.T) {
	var before []string
	before = append(before, macroItem("m0", "evt.type = close or proc.name = x"))
	for i := 1; i <= 40; i++ {
		prev := "m" + strconv.Itoa(i-1)
		before = append(before, macroItem("m"+strconv.Itoa(i), prev+" and "+prev))
	}
	set, problems := Compile(ruleFile("m40", before...))
	if set != nil || !strings.Contains(messages(problems), "condition of more than") {
		t.Errorf("got %v, %v, want that the condition is too long", set, problems)
	}
}
