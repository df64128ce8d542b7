package rules

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"
)

// File is a rule file's name, for messages, and its bytes.
type File struct {
	Name string
	Data []byte
}

// source is a file that is being read.
type source struct {
	name  string
	lines []string
}

func newSource(f File) *source {
	return &source{f.Name, strings.Split(string(bytes.ReplaceAll(f.Data, []byte("\r\n"), []byte("\n"))), "\n")}
}

// line returns the line's text; lines count from 1.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// spot is a place in a file, line and column counted from 1.
type spot struct {
	src       *source
	line, col int
}

func (s spot) problem(code, rule, message string) Problem {
	return Problem{File: s.src.name, Line: s.line, Column: s.col, Severity: Error, Code: code, Rule: rule, Message: cut(message, 400), source: s.src.line(s.line)}
}

// at returns the place of a YAML node, whose column counts characters.
func (s *source) at(n *yaml.Node) spot {
	chars := 1
	for i := range s.line(n.Line) {
		if chars == n.Column {
			return spot{s, n.Line, i + 1}
		}
		chars++
	}
	return spot{s, n.Line, n.Column}
}

// text is a string in a file, or, where it is made, one that is about a node of it.
type text struct {
	value string
	node  *yaml.Node
	src   *source
	made  bool
}

// place returns where the text's offset-th byte stands in the file.
//
// YAML folds lines and strips indents, but it neither adds nor takes away what
// is no blank (but for escapes in quoted scalars, where the place is near). So
// the byte's place is found by counting what is no blank.
func (t text) place(offset int) spot {
	if t.made {
		return t.src.at(t.node)
	}
	at, skipped := t.src.at(t.node), solid(t.value[:min(offset, len(t.value))])
	block := t.node.Style&(yaml.FoldedStyle|yaml.LiteralStyle) != 0
	switch {
	case block:
		at.line, at.col = at.line+1, 1
	case t.node.Anchor != "":
		skipped += len("&" + t.node.Anchor)
	}
	if t.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		skipped++
	}
	if skipped > 0 && solid(t.value[min(offset, len(t.value)):]) == 0 { // behind the text's end: not on what follows it
		at = t.src.skip(at, skipped-1)
		at.col++
		return at
	}
	return t.src.skip(at, skipped)
}

// solid counts the bytes that are no blanks.
func solid(s string) int {
	n := 0
	for i := range len(s) {
		if !isBlank(s[i]) {
			n++
		}
	}
	return n
}

// skip moves past the n bytes, blanks apart, that follow the spot, and to the next such byte.
func (s *source) skip(from spot, n int) spot {
	for line := from.line; line <= len(s.lines); line++ {
		text := s.lines[line-1]
		start := 0
		if line == from.line {
			start = from.col - 1
		}
		for i := start; i < len(text); i++ {
			if isBlank(text[i]) {
				continue
			}
			if n == 0 {
				return spot{s, line, i + 1}
			}
			n--
		}
	}
	return from
}

// script is a condition: the text of a definition and of all that was appended to it.
type script []text

// String returns the texts with a blank between.
func (s script) String() string {
	parts := make([]string, len(s))
	for i, t := range s {
		parts[i] = t.value
	}
	return strings.Join(parts, " ")
}

// place returns where the offset-th byte of String stands.
func (s script) place(offset int) spot {
	for _, t := range s[:len(s)-1] {
		if offset <= len(t.value) {
			return t.place(offset)
		}
		offset -= len(t.value) + 1
	}
	return s[len(s)-1].place(offset)
}
