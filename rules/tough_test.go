package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// rep is n texts that f makes of their numbers.
func rep(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

func ruleItem(name, condition, output string) string {
	return fmt.Sprintf("- rule: %s\n  desc: d\n  condition: %s\n  output: %s\n  priority: info\n", name, condition, output)
}

// nested is a chain of n macros or lists, each in the next.
func nested(n int, item func(name, inner string) string) string {
	return rep(n, func(i int) string { return item("n"+strconv.Itoa(i), before(i)) + "\n" })
}

// opensOf is n rules, each of the opens of a path of its own.
func opensOf(n int) string {
	return rep(n, func(i int) string {
		return ruleItem("r"+strconv.Itoa(i), fmt.Sprintf("evt.type = openat and fd.name = /srv/%d", i), "x")
	})
}

// worked is the processor time that f takes, in user and kernel mode.
func worked(f func()) time.Duration {
	var before, after unix.Rusage
	err := unix.Getrusage(unix.RUSAGE_SELF, &before)
	f()
	if err := errors.Join(err, unix.Getrusage(unix.RUSAGE_SELF, &after)); err != nil {
		panic(err)
	}
	return time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
}

// yardstick is what 10,000 rules take to be compiled on this machine.
var yardstick = sync.OnceValue(func() time.Duration {
	return worked(func() { Compile([]File{{"x.yaml", []byte(opensOf(10_000))}}) })
})

// soon runs f, which is to work at most 60 times the yardstick: what is ten times as
// large has room, what grows with the square has not, and neither depends on how
// fast or busy a machine is.
func soon(t *testing.T, f func()) {
	t.Helper()
	if took := worked(f); took > 60*yardstick() {
		t.Errorf("worked %v, want at most 60 times %v", took, yardstick())
	}
}

// A rule file may be large, deep or hostile: it is compiled or refused with a
// place, and soon.
func TestLargeAndHostileFilesAreCompiledOrRefusedSoon(t *testing.T) {
	const deep, mega = 10_000, 1_000_000
	opens := strings.Repeat("(", deep)
	for _, tt := range []struct {
		name, text string
		want       string // of the first error; none where it is empty
	}{
		{"100,000 rules", opensOf(100_000), ""},
		{"100,000 rules of every event", rep(100_000, func(i int) string { return ruleItem("r"+strconv.Itoa(i), fmt.Sprintf("proc.name = p%d", i), "x") }), ""},
		{"a list of a million items", "- list: l\n  items: [" + rep(mega, func(i int) string { return "i" + strconv.Itoa(i) + "," }) + "]\n" + ruleItem("r", "evt.type = open and fd.name in (l)", "x"), ""},
		{"a macro in itself by way of others", macroItem("a", "b") + "\n" + macroItem("b", "c") + "\n" + macroItem("c", "a") + "\n" + ruleItem("r", "a", "x"), `macro "b" is defined below`},
		{"parentheses", ruleItem("r", opens+"evt.type = open"+strings.Repeat(")", deep), "x"), "nested deeper"},
		{"negations", ruleItem("r", strings.Repeat("not ", deep)+"evt.type = open", "x"), ""},
		{"transformers", ruleItem("r", strings.Repeat("tolower(", deep)+"proc.name"+strings.Repeat(")", deep)+" = a", "x"), "nested deeper"},
		{"macros in macros", macroItem("base", "evt.type = open") + "\n" + nested(deep, macroItem) + ruleItem("r", "n9999", "x"), ""},
		{"macros that grow", macroItem("base", "evt.type = open") + "\n" + nested(64, func(name, inner string) string { return macroItem(name, inner+" and not "+inner) }) + ruleItem("r", "n63", "x"), "condition of more than 65536 comparisons"},
		{"lists in lists", listItem("base", "a") + "\n" + nested(deep, func(name, inner string) string { return listItem(name, inner) }) + ruleItem("r", "proc.name in (n9999)", "x"), ""},
		{"lists that grow", listItem("base", "a") + "\n" + nested(64, func(name, inner string) string { return listItem(name, inner, inner) }) + ruleItem("r", "proc.name in (n63)", "x"), `list "n20" has more than 1048576 items`},
		{"YAML in flow", strings.Repeat("[", deep), "1:1: not YAML"},
		{"YAML in blocks", strings.Repeat("- ", deep) + "a", "1:3: expected an item with keys"},
		{"an alias of itself", "&a [*a]", "1:1: expected an item with keys"},
		{"a list of itself", "- list: l\n  items: &a [*a]\n", "x"},
		{"an alias of itself as an exception", strings.TrimSuffix(ruleItem("r", "evt.type = open", "x"), "\n") + "\n  exceptions: &a\n  - {name: e, fields: proc.name, values: *a}\n", "x"},
		{"an alias of itself as values", strings.TrimSuffix(ruleItem("r", "evt.type = open", "x"), "\n") + "\n  exceptions:\n  - {name: e, fields: [proc.name], values: &a [*a]}\n", "x"},
		{"an alias of itself as tags", strings.TrimSuffix(ruleItem("r", "evt.type = open", "x"), "\n") + "\n  tags: &a [*a]\n", "x"},
		{"aliases that grow", "- list: l\n  items:\n" + rep(30, func(i int) string {
			if i == 0 {
				return "  - &a0 [x,x]\n"
			}
			return fmt.Sprintf("  - &a%d [*a%d,*a%d]\n", i, i-1, i-1)
		}), `3:5: expected text as an item of "items"`},
		{"a regex of 10 MB", ruleItem("r", "proc.name regex '"+strings.Repeat("a", 10*mega)+"'", "x"), "expression too large"},
		{"a condition of 10 MB", ruleItem("r", "evt.type = open"+rep(300_000, func(i int) string { return " or proc.name = p" + strconv.Itoa(i) + "       " }), "x"), "condition of more than 65536 comparisons"},
		{"an output of 10 MB", ruleItem("r", "evt.type = open", "'"+strings.Repeat("%proc.name ", mega)+"'"), ""},
		{"an output of brackets that stay open", ruleItem("r", "evt.type = open", "'"+strings.Repeat("%proc.name[ ", mega)+"'"), ""},
		{"100,000 values of an exception", strings.TrimSuffix(ruleItem("r", "evt.type = open", "x"), "\n") + "\n  exceptions:\n  - name: e\n    fields: [proc.name, fd.name]\n    values:\n" + rep(100_000, func(i int) string { return fmt.Sprintf("    - [p%d, /a/%d]\n", i, i) }), "condition of more than 65536 comparisons"},
		{"100,000 exceptions", strings.TrimSuffix(ruleItem("r", "evt.type = open", "x"), "\n") + "\n  exceptions:\n" + rep(100_000, func(i int) string { return fmt.Sprintf("  - {name: e%d, fields: proc.name, values: [p%d]}\n", i, i) }), "condition of more than 65536 comparisons"},
		{"a million tags", strings.TrimSuffix(ruleItem("r", "evt.type = open", "x"), "\n") + "\n  tags: [" + rep(mega, func(i int) string { return "t" + strconv.Itoa(i) + "," }) + "]\n", ""},
		{"NULs", strings.Repeat("\x00", mega), "not YAML: control characters"},
		{"UTF-16", "\xff\xfe-\x00 \x00a\x00", "x"},
		{"a huge number", ruleItem("r", "evt.type = open and fd.num = "+strings.Repeat("9", 100), "x"), "is no whole number"},
		{"a scalar of 10 MB", "- macro: m\n  condition: " + strings.Repeat("a", 10*mega), "unknown macro \"aaa"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var set *Set
			var problems Problems
			soon(t, func() { set, problems = Compile([]File{{"x.yaml", []byte(tt.text)}}) })
			switch {
			case tt.want == "" && set == nil, tt.want != "" && (set != nil || !strings.Contains(problems.Error(), tt.want)):
				t.Errorf("got a set: %t, problems %s, want %q", set != nil, cut(problems.Error(), 1000), tt.want)
			}
			for _, p := range problems {
				if s := p.String(); len(s) > 2000 {
					t.Errorf("a problem of %d bytes: %s, want it short", len(s), cut(s, 1000))
				}
			}
		})
	}
}

func before(i int) string {
	if i == 0 {
		return "base"
	}
	return "n" + strconv.Itoa(i-1)
}
