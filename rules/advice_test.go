package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAdviceInFiles(t *testing.T) { checkMarks(t, "testdata/advice/*.yaml", Check) }

func TestTheBuiltInRulesNeedNoAdvice(t *testing.T) {
	files, err := Read([]string{DefaultName})
	require.NoError(t, err)
	for _, p := range Check(files) {
		t.Errorf("got a problem: %v", p)
	}
}

func TestCompileGivesNoAdvice(t *testing.T) {
	files := ruleFile("evt.type = openat and proc.name = a and proc.name = b")
	if _, problems := Compile(files); len(problems) > 0 {
		t.Errorf("got %v, want nothing, as the rule can be run", problems)
	}
	if problems := Check(files); len(problems) != 1 || problems.Errors() {
		t.Errorf("got %v, want one warning", problems)
	}
}

func TestErrorsComeWithoutAdvice(t *testing.T) {
	problems := Check(ruleFile("evt.type = openat and proc.nmae = x and proc.name = a and proc.name = b"))
	if len(problems) != 1 || problems[0].Code != "unknown-field" {
		t.Errorf("got %v, want the error alone", problems)
	}
}
