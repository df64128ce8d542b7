package trial

import (
	"encoding/xml"
	"fmt"
	"io"
)

// The elements of a JUnit report, as CI servers read it: a suite for each file.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr,omitempty"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr,omitempty"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitFailure `xml:"failure"`
		Error   *junitFailure `xml:"error"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// Broken is a file of which no test could be run.
type Broken struct {
	File string
	Err  error
}

// WriteJUnit writes results as a JUnit report, those of a file together, and
// behind them an error for each file that is broken.
func WriteJUnit(w io.Writer, results []Result, broken []Broken) error {
	var all junitSuites
	for _, r := range results {
		n := len(all.Suites)
		if n == 0 || all.Suites[n-1].Name != r.File {
			all.Suites = append(all.Suites, junitSuite{Name: r.File})
			n++
		}
		suite := &all.Suites[n-1]
		suite.Cases = append(suite.Cases, r.junit())
		suite.Tests++
		all.Tests++
		if !r.Passed {
			suite.Failures++
			all.Failures++
		}
	}
	for _, b := range broken {
		c := junitCase{Name: "the file is read", Class: b.File, Error: &junitFailure{Message: b.File + ": no test was run", Text: "\n" + b.Err.Error() + "\n"}}
		all.Suites = append(all.Suites, junitSuite{Name: b.File, Tests: 1, Errors: 1, Cases: []junitCase{c}})
		all.Tests++
		all.Errors++
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r Result) junit() junitCase {
	c := junitCase{Name: r.Test, Class: r.File, Line: r.Line}
	if !r.Passed {
		c.Failure = &junitFailure{Message: fmt.Sprintf("%s:%d: other alerts than expected", r.File, r.Line), Text: "\n" + r.Failure()}
	}
	return c
}
