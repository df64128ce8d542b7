package rules

import (
	"bytes"
	"errors"
	"io"

	"gopkg.in/yaml.v3"

	"tiercel/engine/event"
)

// Files of other kinds than rules, such as their tests, are read with the same
// manners: every problem with its place, its line, and what was probably meant.

// Node returns the file as YAML, or the problem that it is none. A file with
// nothing in it, and one of several documents, is a problem too.
func (f File) Node() (*yaml.Node, Problems) {
	src := newSource(f)
	dec := yaml.NewDecoder(bytes.NewReader(f.Data))
	var node, more yaml.Node
	switch err := dec.Decode(&node); {
	case errors.Is(err, io.EOF):
		return nil, Problems{spot{src: src}.problem("yaml", "", "nothing in the file")}
	case err != nil:
		return nil, Problems{yamlProblem(src, err)}
	}
	if err := dec.Decode(&more); err == nil {
		return nil, Problems{src.at(&more).problem("yaml", "", "a second document in the file")}
	} else if !errors.Is(err, io.EOF) {
		return nil, Problems{yamlProblem(src, err)}
	}
	return node.Content[0], nil
}

// Problem returns an error with the place of a node of the file. Where known has
// a name like wrong, the hint asks for it.
func (f File) Problem(at *yaml.Node, message, wrong string, known []string) Problem {
	p := newSource(f).at(at).problem("test", "", message)
	if near := nearest(wrong, known); near != "" && near != wrong {
		p.Hint = "did you mean " + near + "?"
	}
	return p
}

// LookupField finds the field of a name as outputs write it: its argument, where
// it has one, stands behind a dot or in brackets.
func LookupField(name string) (*event.Field, *event.Arg, error) {
	l := lexer{src: name}
	base, _ := l.name()
	arg, hasArg := l.bracketArg()
	if l.pos < len(name) {
		base, hasArg = name, false
	}
	return lookupField(base, arg, hasArg)
}

// FieldNames returns the name of every field.
func FieldNames() []string { return fieldNames() }
