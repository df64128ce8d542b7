package seccomp

import (
	"testing"

	"tiercel/engine/event"
)

func TestWhatAFilterStopsIsTold(t *testing.T) {
	var none, opens event.Needs
	opens.Rows[event.Lookup("openat")].Match = true
	for _, c := range []struct {
		name    string
		needs   *event.Needs
		stops   Stops
		call    string
		is, any bool
	}{
		{"a call that no rule asks for does not stop", &none, ByNotice, "openat", false, false},
		{"a call that one asks for stops always", &opens, ByNotice, "openat", true, true},
		{"what executes stops for who is notified", &none, ByNotice, "execve", true, true},
		{"and not for who traces", &none, ByTrace, "execve", false, false},
		{"to trace stops where it begins that", &none, ByNotice, "ptrace", true, false},
	} {
		got, is := Watches(c.needs, c.stops)[c.call]
		if is != c.is || Covers(got, []event.Clause{{}}) != c.any {
			t.Errorf("%s: got %v, %v", c.name, got, is)
		}
	}
}

func TestAFilterCoversWhatAsksForNoLess(t *testing.T) {
	one, two := event.Condition{Arg: 1, Mask: 3, Value: 1}, event.Condition{Arg: 2, Mask: 1, Value: 1}
	clause := func(all ...event.Condition) []event.Clause { return []event.Clause{{All: all}} }
	for _, c := range []struct {
		name          string
		stops, wanted []event.Clause
		want          bool
	}{
		{"any call covers some", clause(), clause(one), true},
		{"some calls do not cover any", clause(one), clause(), false},
		{"the same cover the same", clause(one), clause(one), true},
		{"fewer are covered", clause(one), clause(two, one), true},
		{"others are not", clause(one), clause(two), false},
		{"each must be", clause(one), append(clause(one), clause(two)...), false},
		{"by any of them", append(clause(two), clause(one)...), clause(one), true},
		{"where none stops none is covered", nil, clause(one), false},
		{"and nothing is asked for", nil, nil, true},
	} {
		if got := Covers(c.stops, c.wanted); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
