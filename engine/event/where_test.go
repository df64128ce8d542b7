package event

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestWhatOfARowIsWorthALook(t *testing.T) {
	sets := Condition{Arg: 0, Mask: 1<<32 - 1, Value: unix.PR_SET_NAME}
	other := Condition{Arg: 0, Mask: 1<<32 - 1, Value: unix.PR_SET_SECCOMP}
	good := Condition{Arg: Result, Mask: 1 << 63, Value: 1 << 63, Not: true}
	any := []Clause{{}}
	tests := []struct {
		name, row string
		need      RowNeed
		want      []Clause
	}{
		{"nothing that is asked for", "prctl", RowNeed{}, nil},
		{"whatever rules may match", "prctl", RowNeed{Match: true}, any},
		{"what changes state", "prctl", RowNeed{State: true}, []Clause{{All: []Condition{sets}}}},
		{"what changes state in any way", "setuid", RowNeed{State: true}, any},
		{"what rules may match", "prctl", RowNeed{Match: true, Only: []Clause{{All: []Condition{other}}}}, []Clause{{All: []Condition{other}}}},
		{"both", "prctl", RowNeed{Match: true, State: true, Only: []Clause{{All: []Condition{other}}}}, []Clause{{All: []Condition{sets}}, {All: []Condition{other}}}},
		{"what changes state, beside what rules may match", "unshare", RowNeed{Match: true, State: true, Only: []Clause{{All: []Condition{other}}}}, any},
		{"a result is not known yet", "prctl", RowNeed{Match: true, Only: []Clause{{All: []Condition{other, good}}}}, []Clause{{All: []Condition{other}}}},
		{"nothing but the result", "prctl", RowNeed{Match: true, Only: []Clause{{All: []Condition{other}}, {All: []Condition{good}}}}, any},
		{"a path is not known yet", "openat", RowNeed{Match: true, Only: []Clause{{Path: true}}}, any},
		{"a path, and numbers", "openat", RowNeed{Match: true, Only: []Clause{{All: []Condition{other}, Path: true}}}, []Clause{{All: []Condition{other}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n Needs
			row := Lookup(tt.row)
			n.Rows[row] = tt.need
			require.Equal(t, tt.want, n.Where(row))
		})
	}
}
