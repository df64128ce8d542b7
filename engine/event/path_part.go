package event

import (
	"fmt"
	"path"
)

// PathPart is what part of a path a field's value is.
type PathPart uint8

// The parts of a path.
const (
	NoPart PathPart = iota
	WholePath
	PathFolder
	PathName
)

// PathPart returns which part of the row's parameter, where that is a plain path
// (IsPlain), the field's value is. It is not declared but tried out, so that a
// new field needs no second line.
func (f *Field) PathPart(a *Arg, row, param int) PathPart {
	if typ, _ := f.ValueType(a); typ != TypeString || Table[row].Params[param].Type != Path {
		return NoPart
	}
	part := f.partOf(a, row, param, "/srv/t%d/a%d")
	if part != f.partOf(a, row, param, "/%d%d") {
		return NoPart
	}
	return part
}

// partOf tries the field on a call of which nothing but the paths is known, which
// are the pattern with the numbers of their parameters.
func (f *Field) partOf(a *Arg, row, param int, pattern string) PathPart {
	var b Builder
	b.Begin(row, Origin{PID: 1, TID: 1}, 1)
	tried := func(i int) string { return fmt.Sprintf(pattern, i, i) }
	for i := range Table[row].Params {
		if Table[row].Params[i].Type == Path {
			b.AddString(Part(i), tried(i))
		}
	}
	var v View
	v.Begin(b.Event(), nil, AtEntry)
	return partIn(tried(param), f.Get(&v, a))
}

func partIn(name string, val Value) PathPart {
	switch {
	case val.Status != Known:
		return NoPart
	case val.Text == name:
		return WholePath
	case val.Text == path.Dir(name):
		return PathFolder
	case val.Text == path.Base(name):
		return PathName
	}
	return NoPart
}
