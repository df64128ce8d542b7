package rules

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fence is a block of code in Markdown: its language and its text.
var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// examples are the blocks of a language in a page.
func examples(t *testing.T, file, language string) (blocks []string) {
	t.Helper()
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
		if m[1] == language {
			blocks = append(blocks, m[2])
		}
	}
	require.NotEmpty(t, blocks)
	return blocks
}

func TestRulesInTheReferenceCompile(t *testing.T) {
	for _, page := range []string{"LANGUAGE.md", "../README.md"} {
		for _, block := range examples(t, page, "yaml") {
			if _, problems := Compile([]File{{page, []byte(block)}}); len(problems) > 0 {
				t.Errorf("got\n%v\nwant no problem, in\n%s", problems, block)
			}
		}
	}
}

func TestConditionsInTheReferenceCompile(t *testing.T) {
	for _, block := range examples(t, "LANGUAGE.md", "condition") {
		for cond := range strings.SplitSeq(block, "\n\n") {
			if _, _, err := tryCondition(strings.TrimSpace(cond)); err != nil {
				t.Errorf("got\n%v\nwant no problem", err)
			}
		}
	}
}

// The first two conditions of the reference are said to be the same.
func TestPrecedenceIsAsTheReferenceSays(t *testing.T) {
	both := strings.Split(strings.TrimSpace(examples(t, "LANGUAGE.md", "condition")[0]), "\n\n")
	require.Len(t, both, 2)
	first, second := compileOne(t, both[0]), compileOne(t, both[1])
	if got, want := first.Program(first.Rules[0]), second.Program(second.Rules[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Every key that an item may have is in a table of the reference.
func TestEveryKeyIsInTheReference(t *testing.T) {
	page, err := os.ReadFile("LANGUAGE.md")
	require.NoError(t, err)
	for kind, keys := range entryKeys {
		for _, key := range append([]string{kind}, keys...) {
			if !strings.Contains(string(page), "`"+key+"`") && !strings.Contains(string(page), "- "+key+":") {
				t.Errorf("%s: got no word of key %s, want one", kind, key)
			}
		}
	}
}
