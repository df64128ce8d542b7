package seccomp

import (
	"testing"

	"tiercel/engine/event"
)

func TestWhatAFilterStopsIsToldWithItsConditions(t *testing.T) {
	var none, opens, names, any event.Needs
	opens.Rows[event.Lookup("openat")].Match = true
	names.Rows[event.Lookup("prctl")].State = true
	any.Rows[event.Lookup("prctl")].Match = true
	for _, c := range []struct {
		name  string
		needs *event.Needs
		stops Stops
		call  string
		want  string
		is    bool
	}{
		{"a call that no rule asks for does not stop", &none, ByNotice, "openat", "", false},
		{"a call that one asks for stops always", &opens, ByNotice, "openat", "", true},
		{"what executes stops for who is notified", &none, ByNotice, "execve", "", true},
		{"and not for who traces", &none, ByTrace, "execve", "", false},
		{"a call that any event of is asked for stops always", &any, ByNotice, "prctl", "", true},
	} {
		got, is := Watches(c.needs, c.stops)[c.call]
		if got != c.want || is != c.is {
			t.Errorf("%s: got %q, %v, want %q, %v", c.name, got, is, c.want, c.is)
		}
	}
	some := Watches(&names, ByNotice)["prctl"]
	if some == "" || some != Watches(&names, ByNotice)["prctl"] {
		t.Errorf("got %q for a call that stops on a condition, want the same text each time", some)
	}
	if ptrace := Watches(&none, ByNotice)["ptrace"]; ptrace == "" || ptrace == some {
		t.Errorf("got %q for other conditions", ptrace)
	}
}
