package event

import (
	"slices"
	"strings"
	"testing"
)

func TestCallsThatMayMatch(t *testing.T) {
	opened := Condition{Arg: Result, Mask: 1 << 63}
	writes := Condition{Arg: 2, Mask: 3, Not: true}
	need := RowNeed{
		Only:  []Clause{{All: []Condition{opened, writes}}, {All: []Condition{opened}, Path: true}},
		Paths: &Paths{Param: 1, Texts: []string{"/etc/shadow", "/"}, Prefixes: []string{"/root/"}, Names: []string{"environ"}},
	}
	written := need
	written.Paths = &Paths{Param: 1, Texts: need.Paths.Texts, Written: true}
	name := func(s string) edit { return part(1, s) }
	base := func(s string) edit { return part(Base+1, s) }
	tests := []struct {
		name  string
		edits []edit
		want  bool
	}{
		{"numbers alone", []edit{name("/x"), arg(2, 1), ret(3)}, true},
		{"a number that is wrong", []edit{name("/x"), arg(2, 1), ret(-2)}, false},
		{"a result that is not known yet", []edit{name("/x"), arg(2, 1)}, true},
		{"another path", []edit{name("/x"), ret(3)}, false},
		{"another path, before the result is known", []edit{name("/x")}, false},
		{"the path", []edit{name("/etc/shadow"), ret(3)}, true},
		{"the path of a call that failed", []edit{name("/etc/shadow"), ret(-13)}, false},
		{"a longer path", []edit{name("/etc/shadow2"), ret(3)}, false},
		{"a path that begins so", []edit{name("/root/x"), ret(3)}, true},
		{"a path that does not quite begin so", []edit{name("/root"), ret(3)}, false},
		{"the last element", []edit{name("/proc/1/environ"), ret(3)}, true},
		{"an element that is not the last", []edit{name("/proc/environ/1"), ret(3)}, false},
		{"the root", []edit{name("/"), ret(3)}, true},
		{"a relative path", []edit{name("x"), ret(3)}, true},
		{"a relative path from elsewhere", []edit{name("x"), base("/srv"), ret(3)}, false},
		{"a relative path to the path", []edit{name("./shadow"), base("/etc"), ret(3)}, true},
		{"a relative path up to the path", []edit{name("../etc/shadow"), base("/srv"), ret(3)}, true},
		{"a relative path whose base could not be read", []edit{name("x"), lost(Base + 1), ret(3)}, true},
		{"a relative path from a hidden folder", []edit{name("x"), base("/home/ann/.ssh"), ret(3)}, true},
		{"a descriptor alone", []edit{name(""), base("/etc/shadow"), ret(3)}, true},
		{"a path with dots", []edit{name("/x/../y"), ret(3)}, false},
		{"a path with dots to the path", []edit{name("/x/../etc//shadow"), ret(3)}, true},
		{"a hidden element", []edit{name("/home/ann/.ssh"), ret(3)}, true},
		{"a slash at the end", []edit{name("/x/"), ret(3)}, false},
		{"a path that is too long to be read as a whole", []edit{name("/" + strings.Repeat("x", MaxString)), ret(3)}, true},
		{"a path that could not be read", []edit{lost(1), ret(3)}, true},
		{"no path", []edit{ret(3)}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := need.MayMatch(record("openat", tt.edits...)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	for _, edits := range [][]edit{{name("x"), base("/srv"), ret(3)}, {name("/x/../y"), ret(3)}} {
		if !written.MayMatch(record("openat", edits...)) {
			t.Error("where a rule asks for the path as it is written: got that one that is not plain cannot match")
		}
	}
	relative := record("openat", name("../x/y"), base("/srv/data"))
	if n := testing.AllocsPerRun(100, func() { need.MayMatch(relative) }); n != 0 {
		t.Errorf("a relative path: got %v allocations, want none", n)
	}
	if !(&RowNeed{}).MayMatch(record("openat")) {
		t.Error("without a clause: got that it cannot match, want that anything may")
	}
}

// The conditions that stand for a name hold for just the numbers that have it.
func TestNumbersThatHaveAName(t *testing.T) {
	for row := range Table {
		for i, p := range Table[row].Params {
			n, ok := numberOfArg(t, row, p.Name)
			if !ok || i >= Result {
				continue
			}
			checkNames(t, n)
		}
	}
	n, _ := numberOfArg(t, Lookup("openat"), "")
	checkNames(t, n)
}

// numberOfArg is the number that evt.arg is made of, or without a name evt.res.
func numberOfArg(t *testing.T, row int, name string) (Number, bool) {
	t.Helper()
	if name == "" {
		f, a := field(t, "evt.res")
		return f.Number(a, row)
	}
	f, a := field(t, "evt.arg["+name+"]")
	return f.Number(a, row)
}

// checkNames compares the conditions for each name with what numbers are called.
func checkNames(t *testing.T, n Number) {
	t.Helper()
	called := func(word uint64) []string {
		if n.Arg == Result {
			return []string{resultName(int64(word))}
		}
		text := string(n.Type.appendName(nil, n.Type.Number(word)))
		if n.IsSum() {
			return strings.Split(text, "|")
		}
		return []string{text}
	}
	words := []uint64{0, 1, 2, 3, 1 << 31, 1 << 63, 1<<64 - 1, 1<<64 - 13, 1<<64 - 4095, 1<<64 - 4096, 1<<64 - 5000, 1<<32 | 2, 0x80000201}
	for i := range uint64(64) {
		words = append(words, i, 1<<i, 3<<i, 0x800000+i, i<<8)
	}
	for _, word := range words {
		for _, name := range called(word) {
			if name == "" {
				continue
			}
			conds, ok := n.Named(func(s string) bool { return s == name })
			for _, other := range words {
				holds := slices.ContainsFunc(conds, func(c Condition) bool { return c.Of(other) })
				if want := slices.Contains(called(other), name); ok && holds != want {
					t.Fatalf("%q of type %d, %#x: got %v, want %v (%+v)", name, n.Type, other, holds, want, conds)
				}
			}
		}
	}
}
