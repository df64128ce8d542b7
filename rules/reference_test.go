package rules

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A rule file of the reference's own tests, and what the reference says of it.
type loadingCase struct {
	Expect   string `json:"expect"` // ok, warning or error
	Engine   string `json:"engine"`
	Compiled struct {
		Rules []struct {
			Name     string `json:"name"`
			Enabled  bool   `json:"enabled"`
			Priority string `json:"priority"`
		} `json:"rules"`
	} `json:"compiled"`
}

// loadingDisagreements are the files on which we differ from the reference, with the reason.
var loadingDisagreements = map[string]string{}

func TestLoadingAgreesWithTheReference(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(falcoFolder(t), "cases", "rule-loading", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			var c loadingCase
			readJSON(t, file, &c)
			data, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".yaml")
			require.NoError(t, err)
			checkLoading(t, name, data, c)
		})
	}
}

func checkLoading(t *testing.T, name string, data []byte, c loadingCase) {
	t.Helper()
	set, problems := Compile([]File{{name + ".yaml", data}})
	got := verdict(problems)
	if why, differs := loadingDisagreements[name]; differs {
		if got == c.Expect {
			t.Errorf("got %s, as the reference, want a difference: %s", got, why)
		}
		return
	}
	if got != c.Expect {
		t.Fatalf("got %s, want %s\n%v", got, c.Expect, problems)
	}
	if set == nil || len(c.Compiled.Rules) == 0 {
		return
	}
	var have, want []string
	for _, r := range set.Rules {
		have = append(have, fmt.Sprint(r.Name, " ", r.Enabled, " ", r.Priority))
	}
	for _, r := range c.Compiled.Rules {
		want = append(want, fmt.Sprint(r.Name, " ", r.Enabled, " ", r.Priority))
	}
	if !slices.Equal(have, want) {
		t.Errorf("got rules %q, want %q", have, want)
	}
}

// verdict is what the reference would say of the problems.
func verdict(problems Problems) string {
	switch {
	case problems.Errors():
		return "error"
	case len(problems) > 0:
		return "warning"
	}
	return "ok"
}

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, to))
}

func TestStockRulesLoad(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(falcoFolder(t), "rules", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	sets := map[string][]string{"all of them": paths, "all and the built-in ones": append([]string{DefaultName}, paths...)}
	for _, path := range paths {
		sets[filepath.Base(path)] = []string{path}
	}
	for name, paths := range sets {
		t.Run(name, func(t *testing.T) {
			files, err := Read(paths)
			require.NoError(t, err)
			set, problems := Compile(files)
			if set == nil {
				t.Fatalf("got errors, want none:\n%v", problems)
			}
			for _, r := range set.Rules {
				if set.Program(r) == "" {
					t.Errorf("%s: got no program, want one", r.Name)
				}
			}
			t.Logf("%d rules, %d comparisons, %d warnings", len(set.Rules), len(set.preds), len(problems))
		})
	}
}
