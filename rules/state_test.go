package rules

import (
	"strings"
	"testing"
	"time"
)

func TestStateIsChecked(t *testing.T) {
	ref, err := NewRef("proc.pid")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		state State
		want  string // empty for none
	}{
		{"a count", State{Count: 2, Within: time.Second}, ""},
		{"the greatest count", State{Count: MaxCount, Within: time.Second, By: []Ref{ref}}, ""},
		{"a sequence", State{Steps: 2, Within: 1}, ""},
		{"the longest sequence", State{Steps: MaxSteps, Within: time.Hour}, ""},
		{"nothing", State{}, "count of 0: want 2 to 10000"},
		{"a count of one is a rule without state", State{Count: 1, Within: time.Second}, "count of 1"},
		{"a count below nothing", State{Count: -1, Within: time.Second}, "count of -1"},
		{"too great a count", State{Count: MaxCount + 1, Within: time.Second}, "count of 10001"},
		{"a sequence of one", State{Steps: 1, Within: time.Second}, "sequence of 1: want 2 to 16 conditions"},
		{"too long a sequence", State{Steps: MaxSteps + 1, Within: time.Second}, "sequence of 17"},
		{"both", State{Count: 2, Steps: 2, Within: time.Second}, "both a count and a sequence"},
		{"no time", State{Count: 2}, "within 0s: want more than 0"},
		{"time backwards", State{Steps: 2, Within: -time.Second}, "within -1s"},
		{"too many fields", State{Count: 2, Within: time.Second, By: make([]Ref, MaxBy+1)}, "by 9 fields: want at most 8"},
	}
	for _, tt := range tests {
		err := tt.state.Check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestReferencesToFields(t *testing.T) {
	tests := []struct {
		name, field, arg, err string
	}{
		{"proc.pid", "proc.pid", "", ""},
		{"evt.arg.flags", "evt.arg", "flags", ""},
		{"evt.arg[flags]", "evt.arg", "flags", ""},
		{"proc.aname[2]", "proc.aname", "2", ""},
		{"proc.env[HOME]", "proc.env", "HOME", ""},
		{"proc.nothing", "", "", `unknown field "proc.nothing"`},
		{"", "", "", `unknown field ""`},
		{"proc.pid[1]", "", "", `field "proc.pid" takes no argument`},
		{"evt.arg", "", "", `field "evt.arg" wants an argument`},
		{"proc.aname[2", "", "", `unknown field "proc.aname[2"`},
		{"proc.aname", "", "", `field "proc.aname" has several values`},
		{"fd.ip", "", "", `field "fd.ip" has several values`},
	}
	for _, tt := range tests {
		ref, err := NewRef(tt.name)
		switch {
		case tt.err != "":
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: got %v, want %q", tt.name, err, tt.err)
			}
		case err != nil:
			t.Errorf("%s: got %v, want no error", tt.name, err)
		case ref.Field.Name != tt.field || ref.Arg.Key != tt.arg:
			t.Errorf("%s: got %s with %q, want %s with %q", tt.name, ref.Field.Name, ref.Arg.Key, tt.field, tt.arg)
		}
	}
}
