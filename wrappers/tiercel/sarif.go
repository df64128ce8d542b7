package main

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tiercel/rules"
)

// SARIF 2.1.0 (OASIS), which code scanning of GitHub and GitLab reads: as much of
// it as there is to say of rule files. The names are the standard's.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct { // a kind of problem, not a rule of ours
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPlace  `json:"physicalLocation"`
		Logical  []sarifName `json:"logicalLocations,omitempty"`
	}
	sarifPlace struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"` // nil: the whole file
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifName struct {
		Name string `json:"name"`
	}
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifOf is the problems as SARIF has them; folder is what paths are made relative to.
func sarifOf(problems rules.Problems, folder string) sarifLog {
	run := sarifRun{Tool: sarifTool{sarifDriver{"tiercel", version, []sarifRule{}}}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	kinds := &run.Tool.Driver.Rules
	for _, p := range problems {
		kind := slices.Index(*kinds, sarifRule{p.Code})
		if kind < 0 {
			kind = len(*kinds)
			*kinds = append(*kinds, sarifRule{p.Code})
		}
		run.Results = append(run.Results, sarifResult{p.Code, kind, string(p.Severity), sarifMessage{messageOf(p)}, []sarifLocation{locationOf(p, folder)}})
	}
	return sarifLog{sarifSchema, "2.1.0", []sarifRun{run}}
}

func messageOf(p rules.Problem) string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + "\nhint: " + p.Hint
}

func locationOf(p rules.Problem, folder string) sarifLocation {
	at := sarifLocation{Physical: sarifPlace{Artifact: sarifArtifact{uriOf(p.File, folder)}}}
	if p.Line > 0 {
		at.Physical.Region = &sarifRegion{p.Line, p.Character()}
	}
	if p.Rule != "" {
		at.Logical = []sarifName{{p.Rule}}
	}
	return at
}

// uriOf is a file's URI: relative, as code scanning wants it, where the file is below the folder or was named so.
func uriOf(file, folder string) string {
	if !filepath.IsAbs(file) {
		return (&url.URL{Path: filepath.Clean(file)}).String()
	}
	if rel, err := filepath.Rel(folder, file); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
		return (&url.URL{Path: rel}).String()
	}
	return (&url.URL{Scheme: "file", Path: file}).String()
}

// printSARIF prints the problems, with paths relative to the working directory.
func printSARIF(problems rules.Problems) error {
	folder, err := os.Getwd()
	if err != nil {
		return err
	}
	return printJSON(sarifOf(problems, folder))
}
