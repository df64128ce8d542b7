package main

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/rules"
)

var update = flag.Bool("update", false, "write the golden files")

// checked is the problems of a file, and their SARIF as JSON.
func checked(t *testing.T, path string) (rules.Problems, []byte) {
	t.Helper()
	files, err := rules.Read([]string{path})
	require.NoError(t, err)
	problems := rules.Check(files)
	log := sarifOf(problems, "/")
	log.Runs[0].Tool.Driver.Version = "VERSION"
	b, err := json.MarshalIndent(log, "", "  ")
	require.NoError(t, err)
	return problems, append(b, '\n')
}

func TestSARIFIsAsTheGoldenFileHasIt(t *testing.T) {
	_, got := checked(t, filepath.Join("testdata", "check.yaml"))
	golden := filepath.Join("testdata", "check.sarif")
	if *update {
		require.NoError(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	if string(got) != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What the standard's schema requires, and what code scanning needs beside it.
func TestSARIFHasWhatTheStandardRequires(t *testing.T) {
	problems, b := checked(t, filepath.Join("testdata", "check.yaml"))
	var log map[string]any
	require.NoError(t, json.Unmarshal(b, &log))
	require.Equal(t, "2.1.0", log["version"])
	run := log["runs"].([]any)[0].(map[string]any)
	driver := run["tool"].(map[string]any)["driver"].(map[string]any)
	require.Equal(t, "tiercel", driver["name"])
	require.Contains(t, []any{"utf16CodeUnits", "unicodeCodePoints"}, run["columnKind"])
	results, kinds := run["results"].([]any), driver["rules"].([]any)
	require.Len(t, results, len(problems))
	require.NotEmpty(t, results)
	for i, r := range results {
		r := r.(map[string]any)
		kind := kinds[int(r["ruleIndex"].(float64))].(map[string]any)
		if r["ruleId"] != problems[i].Code || kind["id"] != problems[i].Code {
			t.Errorf("got %v and %v, want %s", r["ruleId"], kind["id"], problems[i].Code)
		}
		if !slices.Contains([]any{"error", "warning"}, r["level"]) || r["message"].(map[string]any)["text"] == "" {
			t.Errorf("got %v, want a level and a message", r)
		}
		place := r["locations"].([]any)[0].(map[string]any)["physicalLocation"].(map[string]any)
		if uri, err := url.Parse(place["artifactLocation"].(map[string]any)["uri"].(string)); err != nil || uri.IsAbs() {
			t.Errorf("got URI %v, %v, want a relative one", uri, err)
		}
		region := place["region"].(map[string]any)
		if region["startLine"].(float64) < 1 || region["startColumn"].(float64) < 1 {
			t.Errorf("got %v, want places from 1", region)
		}
	}
	if ids := len(kinds); ids >= len(results) {
		t.Errorf("got %d kinds of %d problems, want each kind once", ids, len(results))
	}
}

func TestNoProblemsAreADocumentWithoutResults(t *testing.T) {
	b, err := json.Marshal(sarifOf(nil, "/"))
	require.NoError(t, err)
	for _, want := range []string{`"results":[]`, `"rules":[]`, `"version":"2.1.0"`, `"name":"tiercel"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("got %s, want %s in it", b, want)
		}
	}
}

func TestAProblemOfAWholeFileHasNoRegion(t *testing.T) {
	b, err := json.Marshal(sarifOf(rules.Problems{{File: "x.yaml", Severity: rules.Warning, Code: "empty", Message: "no rules"}}, "/"))
	require.NoError(t, err)
	if strings.Contains(string(b), "region") || strings.Contains(string(b), "logicalLocations") || !strings.Contains(string(b), `"level":"warning"`) {
		t.Errorf("got %s, want a warning without a region", b)
	}
}

func TestFilesInSARIF(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"a relative path stays", "rules/a.yaml", "rules/a.yaml"},
		{"and is cleaned", "./rules//a.yaml", "rules/a.yaml"},
		{"even out of the folder", "../a.yaml", "../a.yaml"},
		{"what is below the folder is relative to it", "/work/repo/rules/a.yaml", "rules/a.yaml"},
		{"what is not is absolute", "/etc/a.yaml", "file:///etc/a.yaml"},
		{"nor is what only begins alike", "/work/repository/a.yaml", "file:///work/repository/a.yaml"},
		{"a name with two dots before it is below", "/work/repo/..a.yaml", "..a.yaml"},
		{"what a URI cannot have is escaped", "my rules/50%.yaml", "my%20rules/50%25.yaml"},
		{"a colon makes no scheme", "a:b.yaml", "./a:b.yaml"},
	}
	for _, tt := range tests {
		if got := uriOf(tt.file, "/work/repo"); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
