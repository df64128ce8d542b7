package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/rules"
)

const wronglyWritten = `- macro: m
  condition: evt.type = openat and proc.nmae = x
- macro: unused
  condition: evt.type = openat
- {rule: r, desc: d, condition: m, output: o, priority: info, sevrity: high}
`

func TestProblemsAreColouredByTheirSeverity(t *testing.T) {
	problems := rules.Check([]rules.File{{Name: "x.yaml", Data: []byte(wronglyWritten)}})
	var plain, coloured strings.Builder
	require.NoError(t, writeProblems(&plain, problems, false))
	require.NoError(t, writeProblems(&coloured, problems, true))
	for _, want := range []string{"\x1b[31munknown field", "\x1b[31m^\x1b[0m", "\x1b[33mwarning:\x1b[0m unknown key", "\x1b[33m^\x1b[0m"} {
		if !strings.Contains(coloured.String(), want) {
			t.Errorf("got %q, want %q in it", coloured.String(), want)
		}
	}
	stripped := strings.NewReplacer("\x1b[31m", "", "\x1b[33m", "", "\x1b[0m", "").Replace(coloured.String())
	if stripped != plain.String() {
		t.Errorf("got %q without colours, want %q", stripped, plain.String())
	}
	if plain.String() != problems.Error()+"\n" {
		t.Errorf("got %q, want %q", plain.String(), problems.Error())
	}
}

func TestSummaryCountsErrorsAndWarnings(t *testing.T) {
	e, w := rules.Problem{Severity: rules.Error}, rules.Problem{Severity: rules.Warning}
	for _, tt := range []struct {
		problems rules.Problems
		want     string
	}{
		{rules.Problems{e}, "1 error"},
		{rules.Problems{w, w}, "2 warnings"},
		{rules.Problems{e, w, e}, "2 errors, 1 warning"},
	} {
		if got := summaryOf(tt.problems); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
