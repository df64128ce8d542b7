package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// grammarCase is a condition and whether the reference takes it.
type grammarCase struct {
	Expr     string `json:"expr"`
	Valid    bool   `json:"valid"`
	Variants bool   `json:"ws_variants"` // the verdict holds with other blanks, too
}

// disagreements are the conditions on which we differ from the reference, with the reason.
var disagreements = map[string]string{}

func TestGrammarAgreesWithTheReference(t *testing.T) {
	parsed := 0
	for _, c := range grammarCases(t) {
		for _, expr := range c.variants() {
			parsed++
			checkGrammar(t, expr, c)
		}
	}
	t.Logf("%d conditions compared", parsed)
}

func checkGrammar(t *testing.T, expr string, c grammarCase) {
	t.Helper()
	_, err := parse(expr)
	got, want := err == nil, c.Valid
	if disagreements[c.Expr] != "" {
		want = !want
	}
	if got != want {
		t.Errorf("%q: got accepted %v (%v), want %v", expr, got, err, want)
	}
}

func (c *grammarCase) variants() []string {
	if !c.Variants {
		return []string{c.Expr}
	}
	blanks := func(to string) string { return strings.ReplaceAll(c.Expr, " ", to) }
	return []string{c.Expr, "  " + c.Expr + " \t", "\n" + c.Expr + "\n", blanks("\n"), blanks("\t"), blanks("  ")}
}

func grammarCases(t *testing.T) (cases []grammarCase) {
	t.Helper()
	readJSON(t, filepath.Join(falcoFolder(t), "cases", "grammar.json"), &cases)
	require.NotEmpty(t, cases)
	return cases
}

// falcoFolder returns the folder of the reference's data, or skips the test.
func falcoFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("TIERCEL_FALCO")
	if dir == "" {
		dir = "../../shared/falco"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the reference's data is not here: %v", err)
	}
	return dir
}
