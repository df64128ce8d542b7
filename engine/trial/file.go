package trial

import (
	"fmt"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"tiercel/engine/event"
	"tiercel/rules"
)

// File is a file of tests.
type File struct {
	Name  string
	Tests []*Test

	rules []string
	src   rules.File
}

// Test is a few events and the alerts that are expected of them.
type Test struct {
	Name      string
	Line      int // in its file, from 1
	Events    []Event
	Recording string // path of a recorded run in place of Events
	Expect    []Expected
	Not       string // a rule that must not match, empty for none

	firstOnly bool // one rule was named, not a list: what comes after it is not looked at
	expectAt  *yaml.Node
	notAt     *yaml.Node
}

// Event is an event of a test: what is known of it, by the fields' full names.
type Event struct {
	Row   int
	At    uint64 // nanoseconds since the test's first event
	Given map[string][]event.Value
}

// Expected is an alert that is expected; what is nil in it is not compared.
type Expected struct {
	Rule     string
	Output   *string
	Priority *rules.Priority
	Fields   map[string]string // the values' text, by the fields' full names

	at *yaml.Node
}

// RulePaths returns the rules that the file is about, as rules.Read takes them.
func (f *File) RulePaths() []string {
	if f.rules == nil {
		return []string{rules.DefaultName}
	}
	paths := slices.Clone(f.rules)
	for i, p := range paths {
		if p != rules.DefaultName {
			paths[i] = beside(f.Name, p)
		}
	}
	return paths
}

// beside is a path that starts from the folder of the file that names it.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// Check reports the rules that tests name and the set has not.
func (f *File) Check(set *rules.Set) rules.Problems {
	var problems rules.Problems
	known := make([]string, len(set.Rules))
	for i, r := range set.Rules {
		known[i] = r.Name
	}
	check := func(at *yaml.Node, name string) {
		if name != "" && !slices.Contains(known, name) {
			problems = append(problems, f.src.Problem(at, fmt.Sprintf("unknown rule %q", name), name, known))
		}
	}
	for _, t := range f.Tests {
		for _, e := range t.Expect {
			check(e.at, e.Rule)
		}
		check(t.notAt, t.Not)
	}
	return problems
}

// Run runs the file's tests over the set, which Check has found to have their rules.
func (f *File) Run(set *rules.Set) []Result {
	results := make([]Result, len(f.Tests))
	for i, t := range f.Tests {
		results[i] = t.run(set)
		results[i].File = f.Name
	}
	return results
}
