package rules

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// sheetOf is the sheet of the one rule with the condition.
func sheetOf(t *testing.T, condition string, before ...string) *Sheet {
	t.Helper()
	set := compileOne(t, condition, before...)
	return set.Sheet(set.Rules[0], 0)
}

// checkExpanded sees to it that each rule's expanded condition is the same condition.
func checkExpanded(t *testing.T, set *Set) {
	t.Helper()
	for _, r := range set.Rules {
		again := compileOne(t, set.Sheet(r, 0).Expanded[0])
		if got, want := again.Program(again.Rules[0]), set.Program(r); got != want {
			t.Errorf("%s, %s: got\n%s\nwant\n%s", r.Name, r.Condition, got, want)
		}
	}
}

func TestExpandedConditionsMeanTheSame(t *testing.T) {
	checkExpanded(t, defaultSet(t))
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		checkExpanded(t, compileOne(t, condition(random, 1+random.IntN(4))))
	}
}

func TestExpandedConditionsOfTheStockRulesMeanTheSame(t *testing.T) {
	files, err := Read([]string{filepath.Join(falcoFolder(t), "rules")})
	require.NoError(t, err)
	set, problems := Compile(files)
	require.NotNil(t, set, "%v", problems)
	checkExpanded(t, set)
}

func TestExpandedConditionsAreLaidOut(t *testing.T) {
	macros := []string{macroItem("opens", "(evt.type in (calls) and not evt.failed = true)"), listItem("calls", "open", "openat"), listItem("many", "a", "b", "c", "d", "e")}
	tests := []struct {
		name, condition, want string
		items                 int
	}{
		{"a comparison", "evt.type = open", "evt.type = open", 0},
		{"a macro in the place of its name, without parentheses that say nothing", "opens and fd.name = /x", "evt.type in (open, openat)\nand not evt.failed = true\nand fd.name = /x", 0},
		{"an alternative within", "evt.type = open and (fd.name = /x or fd.num = 3)", "evt.type = open\nand (\n    fd.name = /x\n    or fd.num = 3\n)", 0},
		{"a negation", "not (evt.type = open or evt.type = close)", "not (\n    evt.type = open\n    or evt.type = close\n)", 0},
		{"a long list that is cut", "proc.name in (many)", "proc.name in (a, b, ... 3 more)", 2},
		{"a list with one value too many is not cut", "proc.name in (many)", "proc.name in (a, b, c, d, e)", 4},
		{"values that want quotes", `proc.name in ("a b", '"', "it's", "", x)`, `proc.name in ("a b", '"', "it's", "", x)`, 0},
		{"a modifier, a transformer and a field", "proc.name startswith anyof (a, b) or tolower(proc.name) = val(proc.pname)", "proc.name startswith anyof (a, b)\nor tolower(proc.name) = val(proc.pname)", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := compileOne(t, tt.condition, macros...)
			if got := set.Sheet(set.Rules[0], tt.items).Expanded[0]; got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestStopsOfARule(t *testing.T) {
	tests := []struct {
		name, condition    string
		decided            event.Point
		entry, exit, later string
		cost               string
	}{
		{"arguments alone", "evt.type = openat and fd.name startswith /etc", event.ByEntry, "fd.name startswith /etc", "", "", "each call stops once; a second time, at its end, where fd.name startswith /etc"},
		{"the result", "evt.type = openat and fd.num >= 0", event.ByExit, "", "fd.num >= 0", "", "stops twice"},
		{"the process", "evt.type = openat and proc.name = cat", event.ByEngine, "", "", "proc.name = cat", "stops twice"},
		{"all of them", "evt.type = openat and fd.name = /x and evt.failed = false and not proc.name = cat", event.ByEngine, "fd.name = /x", "evt.failed = false", "proc.name = cat", "where fd.name = /x"},
		{"an alternative that arguments cannot tell", "evt.type = openat and (fd.name = /x or proc.name = cat)", event.ByEngine, "", "", "proc.name = cat", "stops twice"},
		{"an argument that is negated", "evt.type = openat and not (fd.name = /x or proc.name = cat)", event.ByEngine, "not fd.name = /x", "", "proc.name = cat", "where not fd.name = /x"},
		{"nothing but the call", "evt.type = openat", event.ByRow, "", "", "", "stops twice"},
		{"what the source reads at the end", "evt.type = fchmod and fd.name = /x", event.ByEngine, "", "", "fd.name = /x", "stops twice"},
		{"a call without an end", "evt.type = exit_group and evt.arg.status = 3", event.ByEntry, "evt.arg[status] = 3", "", "", "stops once: it has no end"},
		{"a program's start", "evt.type = execve and evt.failed = false", event.ByExit, "", "evt.failed = false", "", "whatever the rules say"},
		{"a change of what is read", "evt.type = setuid and user.uid = 0", event.ByEngine, "", "", "user.uid = 0", "it changes what the rule reads"},
		{"no call", "evt.type = procexit", event.ByRow, "", "", "", "no call"},
		{"what can be told of some calls", "evt.type = unlinkat and fd.name = /x", event.ByEngine, "fd.name = /x", "", "", "where fd.name = /x, or where that cannot be told yet"},
		{"another form of the same for another call", "evt.type = openat and (evt.type = open or fd.name = /x)", event.ByEntry, "fd.name = /x", "", "", "where fd.name = /x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stops := sheetOf(t, tt.condition).Stops
			require.Len(t, stops, 1)
			s := stops[0]
			if later := strings.Join(s.Later, "; "); s.Decided != tt.decided || s.AtEntry != tt.entry || s.AtExit != tt.exit || later != tt.later || !strings.Contains(s.Cost, tt.cost) {
				t.Errorf("got %v, %q, %q, %q, %q, want %v, %q, %q, %q, %q", s.Decided, s.AtEntry, s.AtExit, later, s.Cost, tt.decided, tt.entry, tt.exit, tt.later, tt.cost)
			}
		})
	}
}

// What a sheet says of the entry is what the gate does there.
func TestStopsAgreeWithTheGate(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	dropped := 0
	for range 400 {
		cond := condition(random, 1+random.IntN(3))
		set := compileOne(t, cond)
		x := newExaminer(set, set.Rules[0], set.needsOf(set.Rules[0]), 0)
		for range 20 {
			entry := withBases(random)
			row := entry.RowIndex()
			may := false
			if set.Rules[0].rows.has(row) {
				may = x.mayAtEntry(entry)
			}
			got := set.Matcher().Decide(entry) == event.Watch
			if got != may {
				t.Fatalf("%s over %s: got watched %v, want %v as the sheet says\n%+v", cond, entry.Row().Name, got, may, x.row(row))
			}
			if !got {
				dropped++
			}
		}
	}
	if dropped < 100 {
		t.Errorf("got %d calls that are let go on, want many: else nothing was compared", dropped)
	}
}

// mayAtEntry evaluates what the sheet says of an event at its entry.
func (x *examiner) mayAtEntry(entry event.Event) bool {
	tree := x.left(entry.RowIndex())
	if tree == nil {
		return true
	}
	if tree = x.must(tree, entry.RowIndex(), event.ByEntry); tree == nil {
		return true
	}
	m := x.set.Matcher()
	m.view.Begin(entry, nil, event.AtEntry)
	m.forget()
	return kleene(tree, m) != False
}

// withBases is a random event at its entry, its relative paths with where they start from.
func withBases(random *rand.Rand) event.Event {
	entry, _ := randomEvent(random)
	r := &recorder{}
	r.Load(entry)
	for i, p := range entry.Row().Params {
		if p.Type == event.Path && entry.NeedsBase(i) {
			r.AddString(event.Base+event.Part(i), "/srv")
		}
	}
	return slices.Clone(r.Event())
}

func TestWatchedCalls(t *testing.T) {
	sheet := sheetOf(t, "evt.type in (openat, procexit) and proc.name = cat and proc.env[X] exists and fd.name = /x")
	var matched, state []string
	for _, w := range sheet.Watched {
		if w.Match {
			matched = append(matched, w.Call)
			continue
		}
		state = append(state, w.Call)
		if w.Call == "prctl" && len(w.Where) == 0 {
			t.Errorf("prctl: got every call, want those that set a name")
		}
	}
	if !slices.Equal(matched, []string{"openat"}) || !slices.Equal(state, []string{"prctl"}) {
		t.Errorf("got %q, and for state %q, want openat, and prctl", matched, state)
	}
	if want := []string{"a path", "the folder that a relative path starts from", "the environment"}; !slices.Equal(sheet.Reads, want) {
		t.Errorf("got reads %q, want %q", sheet.Reads, want)
	}
}

func TestWatchedCallsAreThoseWithTheArguments(t *testing.T) {
	sheet := sheetOf(t, "evt.type in (openat, creat) and evt.failed = false and (evt.type = creat or evt.arg.flags contains O_CREAT or evt.arg.flags contains O_TRUNC and fd.name = /x)")
	want := []Watched{
		{Call: "openat", Match: true, Where: []string{"flags & 0x40 != 0x0", "flags & 0x200 != 0x0"}},
		{Call: "creat", Match: true},
	}
	require.Equal(t, want, sheet.Watched)
}

func TestPlacesOfRules(t *testing.T) {
	const base = `- rule: one
  desc: d
  condition: evt.type = open
  output: o
  priority: info
  exceptions:
    - {name: none, fields: [proc.name]}
- rule: two
  desc: d
  condition: evt.type = open
  output: o
  priority: info
`
	const local = `
- rule: one
  override: {priority: replace, tags: append}
  priority: error
  tags: [x]
- rule: one
  append: true
  condition: and proc.name = x
  exceptions:
    - {name: none, values: [[a]]}
- rule: one
  enabled: false
- rule: two
  desc: d
  condition: evt.type = close
  output: o
  priority: info
`
	set, problems := Compile([]File{{"base.yaml", []byte(base)}, {"local.yaml", []byte(local)}})
	require.NotNil(t, set, "%v", problems)
	want := [][]Place{
		{{"base.yaml", 1, "defined"}, {"local.yaml", 2, "overridden, priority: replace, tags: append"}, {"local.yaml", 6, "appended to"}, {"local.yaml", 11, "switched on or off"}},
		{{"base.yaml", 8, "defined"}, {"local.yaml", 13, "defined anew"}},
	}
	for i, r := range set.Rules {
		if !slices.Equal(r.Places, want[i]) {
			t.Errorf("%s: got %v, want %v", r.Name, r.Places, want[i])
		}
	}
	if want := []Exception{{"none", "((proc.name = a))"}}; !slices.Equal(set.Rules[0].Except, want) {
		t.Errorf("got exceptions %v, want %v", set.Rules[0].Except, want)
	}
}

func TestFindingRulesByName(t *testing.T) {
	var set Set
	for _, name := range []string{"Read file", "Read files", "Write file"} {
		set.Rules = append(set.Rules, &Rule{Name: name})
	}
	tests := []struct{ name, given, want, near string }{
		{"the name, though another begins so", "Read file", "Read file", ""},
		{"the name in other letters", "read FILES", "Read files", ""},
		{"a beginning of one", "wr", "Write file", ""},
		{"a beginning of several", "read", "Read file, Read files", ""},
		{"a name that is nearly one", "Wrote file", "", "Write file"},
		{"a name that is nearly one, but for the case of its letters", "READ FILL", "", "Read file"},
		{"a name that is like none", "Delete", "", ""},
	}
	for _, tt := range tests {
		found, near := set.Find(tt.given)
		var names []string
		for _, r := range found {
			names = append(names, r.Name)
		}
		if got := strings.Join(names, ", "); got != tt.want || near != tt.near {
			t.Errorf("%s: got %q, near %q, want %q, near %q", tt.name, got, near, tt.want, tt.near)
		}
	}
}

func TestRulesWhoseNamesDifferInCaseAreFound(t *testing.T) {
	set, problems := Compile([]File{{"x.yaml", []byte(ruleItem("abc", "evt.type = open", "x") + ruleItem("ABC", "evt.type = close", "x"))}})
	require.NotNil(t, set, "%v", problems)
	for name, want := range map[string]int{"ABC": 1, "abc": 1, "Abc": 2} {
		found, _ := set.Find(name)
		if len(found) != want || want == 1 && found[0].Name != name {
			t.Errorf("%s: got %d rules, want %d", name, len(found), want)
		}
	}
}
