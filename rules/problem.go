package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Severity says whether a file with the problem can be used.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is something to say of a rule file. Line and Column count from 1, in
// lines and bytes; a problem of the whole file has line 0.
type Problem struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`
	Rule     string   `json:"rule"` // the rule, macro or list that it is about
	Message  string   `json:"message"`
	Hint     string   `json:"hint"`

	source string // the line itself
}

// Character returns the column counted in characters (Unicode code points)
// instead of bytes, from 1.
func (p Problem) Character() int {
	before := min(p.Column-1, len(p.source))
	if before < 0 {
		return p.Column
	}
	return utf8.RuneCountInString(p.source[:before]) + p.Column - before
}

// String is the problem as a person reads it: place, message, the line, a caret, and the hint.
func (p Problem) String() string { return p.Painted(func(s string) string { return s }) }

// Painted is String with what draws the eye passed through a function: the
// message of an error, the word 'warning' of a warning, and the caret.
func (p Problem) Painted(paint func(string) string) string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if p.Severity == Warning {
		b.WriteString(": " + paint("warning:") + " " + p.Message)
	} else {
		b.WriteString(": " + paint(p.Message))
	}
	if p.source != "" {
		line, column := excerpt(p.source, p.Column-1)
		fmt.Fprintf(&b, "\n    %s\n    %s%s", line, indent(line, column), paint("^"))
	}
	if p.Hint != "" {
		b.WriteString("\n    hint: " + p.Hint)
	}
	return b.String()
}

// excerpt returns the line and the place in it, or where the line is very long
// (a list may be of megabytes) what is around the place.
func excerpt(line string, at int) (string, int) {
	const most, before = 240, 80
	if from := at - before; len(line) > most && from > 0 && at < len(line) {
		for !utf8.RuneStart(line[from]) {
			from++
		}
		line, at = "..."+line[from:], at-from+len("...")
	}
	return cut(line, most), at
}

// cut shortens what is longer than most bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// indent is as wide as the first n bytes of the line are on a screen: tabs stay tabs.
func indent(line string, n int) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, line[:min(n, len(line))])
}

// Problems are the problems of one or more files. As an error it is all of them, a line each or more.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors reports whether one of them is an error.
func (ps Problems) Errors() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error })
}

// offStyle has the codes of warnings that do not touch what rules mean.
var offStyle = map[string]bool{"deprecated": true, "unused-macro": true, "unused-list": true, "event-types": true}

// OfMeaning returns the problems but for those of style: what who runs the rules wants to know.
func (ps Problems) OfMeaning() Problems {
	var left Problems
	for _, p := range ps {
		if !offStyle[p.Code] {
			left = append(left, p)
		}
	}
	return left
}

// tidy puts the problems in the order of their places, each once: a macro's comes with every rule that uses it.
func tidy(ps Problems) Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	seen := map[Problem]bool{}
	return slices.DeleteFunc(ps, func(p Problem) bool {
		twice := seen[p]
		seen[p] = true
		return twice
	})
}
