package event

import (
	"strings"
	"testing"
)

func TestFieldsOfTimeAndNumberAreFleeting(t *testing.T) {
	tests := []struct {
		field string
		want  bool
	}{
		{"evt.num", true},
		{"evt.time", true},
		{"evt.time.s", true},
		{"evt.time.iso8601", true},
		{"evt.datetime", true},
		{"evt.datetime.s", true},
		{"evt.rawtime", true},
		{"evt.reltime", true},
		{"proc.duration", true},
		{"evt.type", false},
		{"evt.args", false},
		{"evt.arg", false},
		{"evt.hostname", false},
		{"proc.pid", false},
		{"proc.pid.ts", false},
		{"proc.aname", false},
		{"fd.name", false},
		{"fd.ip", false},
	}
	for _, tt := range tests {
		f, _, ok := LookupField(tt.field)
		if !ok {
			t.Fatalf("no field %s", tt.field)
		}
		if got := f.Fleeting(); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.field, got, tt.want)
		}
	}
}

// A clock that the trial did not see would keep equal alerts apart.
func TestEveryClockIsFleeting(t *testing.T) {
	for i := range Fields {
		f := &Fields[i]
		if strings.HasPrefix(f.Name, "evt.") && strings.Contains(f.Name, "time") && !f.Fleeting() {
			t.Errorf("%s: got a field that stays, want one that passes", f.Name)
		}
	}
}
