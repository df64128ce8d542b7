package rules

import (
	"strings"
	"testing"

	"tiercel/engine/event"
)

func TestRowsLeaveOutWhatTheyDecide(t *testing.T) {
	tests := []struct {
		name, condition, row, want string
	}{
		{"the type", "evt.type in (openat, setuid) and proc.name = a", "openat", "proc.name = a"},
		{"the other type's part", "evt.type in (openat, setuid) and (evt.type = setuid or fd.name = /a)", "openat", "fd.name = /a"},
		{"a field that the call does not have", "evt.type in (openat, setuid) and (fd.name = /a or user.uid = 0)", "setuid", "user.uid = 0"},
		{"what is not there, negated", "evt.type = setuid and not fd.name = /a and not user.uid = 0", "setuid", "not user.uid = 0"},
		{"nothing where nothing would be left", "evt.type = setuid", "setuid", "evt.type = setuid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := compileOne(t, tt.condition)
			got := set.variants[set.byRow[event.Lookup(tt.row)][0]].codes[0].disassemble(set.preds, (*predicate).String)
			if want := "  0  " + tt.want + " ? true : false\n"; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestVariantsAreBounded(t *testing.T) {
	tests := []struct {
		name, condition string
		most            int
	}{
		{"a rule about all calls", "evt.arg.flags contains X or evt.arg.mode exists or evt.arg.fd exists or evt.arg.path exists or evt.arg.addr exists or proc.name = a or evt.category = file or evt.category = net or evt.type in (open, openat, creat, mkdir, rename)", maxVariants + 1},
		{"a rule with a long program", "evt.type in (open, setuid) and (" + strings.Repeat("fd.name = /a or ", maxFolded) + "user.uid = 0)", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := len(compileOne(t, tt.condition).variants); got != tt.most {
				t.Errorf("got %d variants, want %d", got, tt.most)
			}
		})
	}
}
