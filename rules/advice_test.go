package rules

import (
	"strings"
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

// What is too much to be advised on is left alone, rather than looked at for minutes.
func TestAdviceOnLargeConditionsIsNotSlow(t *testing.T) {
	list := func(n int, between, one string) string {
		return "evt.type = openat and " + strings.Repeat(one+between, n-1) + one
	}
	for name, condition := range map[string]string{
		"many demands of one value": list(20_000, " and ", "proc.tty != 1"),
		"many alternatives":         list(20_000, " or ", "proc.tty = 1"),
		"many of each":              list(500, " and ", "("+list(30, " or ", "proc.name startswith a")+")"),
	} {
		t.Run(name, func(t *testing.T) {
			soon(t, func() {
				for _, p := range Check(ruleFile(condition)) {
					t.Log(p.Code)
				}
			})
		})
	}
}
