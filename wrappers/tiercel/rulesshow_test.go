package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const shownRules = `- list: shells
  items: [ash, bash, csh, dash, fish, ksh, sh, tcsh, yash, zsh]
- rule: Shell reads an account file
  desc: the demonstration
  condition: evt.type = openat and fd.name startswith /etc/ and proc.name in (shells)
  output: "%proc.name %fd.name"
  priority: notice
  tags: [file]
  exceptions:
    - name: known
      fields: [proc.name, fd.name]
      values: [[bash, /etc/profile]]
- rule: Shells that come often
  desc: d
  condition: evt.type = execve and proc.name in (shells)
  output: o
  priority: info
  count: 3
  within: 10s
  by: proc.ppid
`

func shownFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shown.yaml")
	require.NoError(t, os.WriteFile(path, []byte(shownRules), 0o600))
	return path
}

func TestRulesShowAsText(t *testing.T) {
	path := shownFile(t)
	got := string(printed(t, "rules", "show", "-r", path, "shell READS"))
	for _, want := range []string{
		"Shell reads an account file\n    priority     Notice\n    enabled      yes\n    tags         file\n",
		"defined      " + path + ":3\n",
		"\n    and proc.name in (ash, bash, csh, dash, fish, ksh, sh, tcsh, ... 2 more)\n",
		"known: ((proc.name = bash and fd.name = /etc/profile))\n",
		"stops openat\n",
		"openat: decided by the engine",
		"a second time, at its end, where fd.name startswith /etc/\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
	if full := string(printed(t, "rules", "show", "--full", "-r", path, "shell reads")); strings.Contains(full, " more)") || !strings.Contains(full, "yash, zsh)") {
		t.Errorf("--full: got\n%s\nwant whole lists", full)
	}
	if got := string(printed(t, "rules", "show", "-r", path, "shells")); !strings.Contains(got, "state        3 matches within 10s, with the same proc.ppid\n") {
		t.Errorf("got\n%s\nwant its state", got)
	}
}

func TestRulesShowAsJSON(t *testing.T) {
	var got []ruleSheet
	require.NoError(t, json.Unmarshal(printed(t, "rules", "show", "--format", "json", "-r", shownFile(t), "shell reads", "shells"), &got))
	require.Len(t, got, 2)
	if got[0].Name != "Shell reads an account file" || !strings.Contains(got[0].Expanded[0], "yash, zsh)") || got[0].State != nil {
		t.Errorf("got %+v, want the rule with whole lists and without a state", got[0])
	}
	if s := got[1].State; s == nil || s.Count != 3 || s.Within != "10s" || !slices.Equal(s.By, []string{"proc.ppid"}) {
		t.Errorf("got state %+v, want 3 in 10s by proc.ppid", s)
	}
	if s := got[0].Stops[0]; s.Decided != "engine" || s.AtEntry != "fd.name startswith /etc/" {
		t.Errorf("got %+v, want what is asked at the entry", s)
	}
}

func TestRulesShowRefusesWhatIsNoRule(t *testing.T) {
	path := shownFile(t)
	for name, hint := range map[string]string{
		"shell": "one of: Shell reads an account file, Shells that come often", "Shell reads the account file": `did you mean "Shell reads an account file"?`, "nothing": "tiercel rules list has the names",
	} {
		cmd := newRoot()
		cmd.SetArgs([]string{"rules", "show", "-r", path, name})
		var f *failure
		require.ErrorAs(t, cmd.Execute(), &f, name)
		if f.code != exitUsage || f.hint != hint {
			t.Errorf("%s: got status %d, hint %q, want %d, %q", name, f.code, f.hint, exitUsage, hint)
		}
	}
}

func TestShellsOfferTheRulesNames(t *testing.T) {
	if got, want := ruleNames([]string{shownFile(t)}), []string{"Shell reads an account file", "Shells that come often"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := ruleNames([]string{"/nowhere"}); got != nil {
		t.Errorf("of no file: got %q, want nothing", got)
	}
}

func TestOperatorsAreListed(t *testing.T) {
	var got []struct {
		Name, Kind, Description string
		Types                   []string
	}
	require.NoError(t, json.Unmarshal(printed(t, "list", "operators", "--format", "json"), &got))
	kinds := map[string]int{}
	for _, o := range got {
		kinds[o.Kind]++
		if o.Description == "" || o.Kind == "operator" && len(o.Types) == 0 {
			t.Errorf("%s: got %+v, want a description, and types", o.Name, o)
		}
		if o.Name == "pmatch" && !slices.Equal(o.Types, []string{"CHARBUF"}) {
			t.Errorf("pmatch: got types %q, want CHARBUF", o.Types)
		}
	}
	if kinds["operator"] < 20 || kinds["modifier"] != 3 || kinds["transformer"] < 9 {
		t.Errorf("got %v, want operators, 3 modifiers and transformers", kinds)
	}
}

func TestOperatorsInTheReferenceAreFresh(t *testing.T) {
	page, err := os.ReadFile("../../rules/LANGUAGE.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "<!-- operators: made by make generate -->\n")
	require.True(t, found)
	got, _, _ := strings.Cut(rest, "<!-- end of the operators -->")
	if want := string(printed(t, "list", "operators", "--format", "markdown")); got != want {
		t.Errorf("rules/LANGUAGE.md: got another table of operators than the program has: make generate")
	}
}
