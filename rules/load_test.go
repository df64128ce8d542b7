package rules

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// inTime fails the test where f takes longer than a condition may.
func inTime(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("got no answer in 5 s, want one at once")
	}
}

func TestCyclesAreRefused(t *testing.T) {
	tests := []struct {
		name, condition, want string
		before                []string
	}{
		{"a macro that contains itself", "a", `macro "a" contains itself`, []string{macroItem("a", "evt.type = open or a")}},
		{"a macro that contains itself by another", "a", `macro "b" is defined below`, []string{macroItem("a", "b"), macroItem("b", "c"), macroItem("c", "not a")}},
		{"a macro that a later definition makes contain itself", "a", "contains itself", []string{macroItem("a", "evt.type = open"), macroItem("b", "a"), macroItem("a", "b")}},
		{"a cycle that no rule uses", "evt.type = open", "contains itself", []string{macroItem("a", "a")}},
		{"a list that contains itself", "proc.name in (a)", `list "a" contains itself`, []string{listItem("a", "x", "a")}},
		{"a list that contains itself by another", "proc.name in (a)", "contains itself", []string{listItem("a", "b"), listItem("b", "a")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, func() {
				set, problems := Compile(ruleFile(tt.condition, tt.before...))
				if set != nil || !strings.Contains(messages(problems), tt.want) {
					t.Errorf("got %q, want %q", messages(problems), tt.want)
				}
			})
		})
	}
}

func TestProblemsAreTheSameEachTime(t *testing.T) {
	files := ruleFile("a", macroItem("c", "a"), macroItem("a", "b"), macroItem("b", "c"), macroItem("d", "nothing"), macroItem("e", "d"))
	_, first := Compile(files)
	for range 30 {
		if _, problems := Compile(files); problems.Error() != first.Error() {
			t.Fatalf("got\n%v\nwant, as before,\n%v", problems, first)
		}
	}
}

func TestDeepConditions(t *testing.T) {
	const levels = 10_000
	chain := []string{macroItem("m0", "evt.type = open")}
	for i := 1; i < levels; i++ {
		chain = append(chain, macroItem("m"+strconv.Itoa(i), "m"+strconv.Itoa(i-1)))
	}
	tests := []struct {
		name, condition, want string
		before                []string
	}{
		{"parentheses", strings.Repeat("(", levels) + "evt.type = open" + strings.Repeat(")", levels), "nested deeper", nil},
		{"negations with parentheses", strings.Repeat("not (", levels) + "evt.type = open" + strings.Repeat(")", levels), "nested deeper", nil},
		{"as deep as may be", strings.Repeat("(", maxDepth-1) + "evt.type = open" + strings.Repeat(")", maxDepth-1), "", nil},
		{"negations", strings.Repeat("not ", levels) + "evt.type = open", "", nil},
		{"operands", strings.Repeat("evt.type = open or ", levels) + "evt.type = open", "", nil},
		{"macros in macros", "m" + strconv.Itoa(levels-1), "", chain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, func() {
				set, problems := Compile(ruleFile(tt.condition, tt.before...))
				if ok := tt.want == ""; (set != nil) != ok || !strings.Contains(messages(problems), tt.want) {
					t.Errorf("got accepted %v, %.200s, want %q", set != nil, messages(problems), tt.want)
				}
			})
		})
	}
}

// Each list has the one before twice: these are 4 million values, a few more lists would be more than memory holds.
func TestDoublingListsAreRefused(t *testing.T) {
	before := []string{listItem("l0", "x", "y")}
	for i := 1; i <= 21; i++ {
		prev := "l" + strconv.Itoa(i-1)
		before = append(before, listItem("l"+strconv.Itoa(i), prev, prev))
	}
	soon(t, func() {
		set, problems := Compile(ruleFile("proc.name in (l21)", before...))
		if set != nil {
			t.Errorf("got accepted, %.200s, want an error", messages(problems))
		}
	})
}

func TestAppendedConditionsAndItems(t *testing.T) {
	set := compileOne(t, "m and proc.name in (l)", macroItem("m", "evt.type = open"), macroItem("m", "or evt.type = close")+"\n  append: true",
		listItem("l", "a"), listItem("l", "b")+"\n  append: true")
	want := "  0  evt.type = open ? 2 : 1\n  1  evt.type = close ? 2 : false\n  2  proc.name in (a, b) ? true : false\n"
	if got := set.Program(set.Rules[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRulesOfAFile(t *testing.T) {
	const text = `
- required_engine_version: 0.57.0
- rule: one
  desc: first
  condition: evt.type = open
  output: "%proc.name"
  priority: INFO
  tags: [a, b]
- rule: two
  desc: second
  condition: evt.type = close
  output: x
  priority: critical
- rule: one
  append: true
  condition: and proc.name = x
- rule: two
  enabled: false
---
- rule: two
  desc: third
  condition: evt.type = close
  output: y
  priority: debug
`
	set, problems := Compile([]File{{"x.yaml", []byte(text)}})
	require.NotNil(t, set, "%v", problems)
	var got []string
	for _, r := range set.Rules {
		got = append(got, fmt.Sprint(r.Name, ": ", r.Desc, ", ", r.Condition, ", ", r.Output, ", ", r.Priority, ", ", r.Tags, ", ", r.Enabled))
	}
	want := "one: first, evt.type = open and proc.name = x, %proc.name, Informational, [a b], true\n" +
		"two: third, evt.type = close, y, Debug, [], true"
	if all := strings.Join(got, "\n"); all != want {
		t.Errorf("got\n%s\nwant\n%s", all, want)
	}
}

func TestEmptyFilesHaveNoRules(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "--- \n---\n", "[]", "null"} {
		set, problems := Compile([]File{{"x.yaml", []byte(text)}})
		if set == nil || len(set.Rules) != 0 || len(problems) != 0 {
			t.Errorf("%q: got %v, %v, want an empty set", text, set, problems)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, cond := range append(conditions, comparisons...) {
		f.Add(cond)
	}
	for _, cond := range []string{"", "(", "not", "a.b = 'x", `a.b = "\"x"`, "a.b in (", "a.b in ()", "a.b[", "a.b[\"x\"] < -1.5e+9", "x and", "\x00", "a.b exists) or (c"} {
		f.Add(cond)
	}
	f.Fuzz(func(t *testing.T, cond string) {
		e, err := parse(cond)
		if e == nil && err == nil {
			t.Fatalf("%q: got neither a tree nor an error, want one of them", cond)
		}
		if err != nil && (err.at < 0 || err.at > len(cond) || err.msg == "") {
			t.Errorf("%q: got %q at %d, want a message at a place in it", cond, err.msg, err.at)
		}
	})
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"", "- rule", "- rule: x\n  condition: [", "- list: l\n  items: [l]", "&a [*a]", "- macro: m\n  condition: m", "- {rule: r, desc: d, condition: evt.type = open, output: '%proc.name[', priority: 1}",
		"- rule: r\n  desc: d\n  condition: >\n    evt.type = open\n     and x\n  output: |\n    %no.field\n  priority: info\n", "\xef\xbb\xbf- list: é\n  items: [\"\\u00e9\", &x y, *x]", "- list: l\n  items: !!binary aGk=", "- ? [a]\n  : b", "- <<: {a: b}\n  rule: x",
		"- rule: r\r\n  enabled: 1\r\n", "--- |\n x\n--- [1]\n", "- macro: \"\"\n  condition: *nothing", "- list: 1\n  items: [1.5, true, ~, 0x10]\n- rule: r\n  desc: ~\n  condition: proc.name in (1)\n  output: ~\n  priority: error"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, problems := Compile([]File{{"x.yaml", []byte(text)}})
		if (set == nil) != problems.Errors() {
			t.Errorf("got set %v, problems %v, want one of them", set, problems)
		}
		for _, p := range problems {
			if p.String() == "" || p.Message == "" || p.Code == "" || p.Line < 0 || p.Line > len(text)+1 {
				t.Errorf("got %+v, want a message at a place in the file", p)
			}
		}
	})
}
