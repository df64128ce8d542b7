package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
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

// notYet is what the language of this version has not: transformers and modifiers.
var notYet = regexp.MustCompile(`\b(tolower|toupper|b64|basename|len|join|concat|getopt|val)\s*\(|\s(oneof|anyof|allof)[\s(]`)

// disagreements are the conditions on which we differ from the reference, with the reason.
var disagreements = map[string]string{}

func TestGrammarAgreesWithTheReference(t *testing.T) {
	skipped, parsed := 0, 0
	for _, c := range grammarCases(t) {
		if c.Valid && notYet.MatchString(c.Expr) {
			skipped++
			continue
		}
		for _, expr := range c.variants() {
			parsed++
			checkGrammar(t, expr, c)
		}
	}
	t.Logf("%d conditions compared, %d cases left out: transformers and modifiers are not in this version", parsed, skipped)
	if parsed < 500 {
		t.Errorf("got %d conditions, want 500 or more", parsed)
	}
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
	b, err := os.ReadFile(filepath.Join(falcoFolder(t), "cases", "grammar.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &cases))
	return cases
}

// falcoFolder returns the folder of the reference's data, or skips the test.
func falcoFolder(t *testing.T) string {
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
