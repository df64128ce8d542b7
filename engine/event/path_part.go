package event

import (
	"fmt"
	"path"
	"slices"
	"sync"
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
// (IsPlain), the field's value is. Of any other path it is the same part of what that comes to once it
// is completed, unless written is set. This is not declared but tried out, so that a
// new field needs no second line.
func (f *Field) PathPart(a *Arg, row, param int) (part PathPart, written bool) {
	if typ, _ := f.ValueType(a); typ != TypeString || Table[row].Params[param].Type != Path {
		return NoPart, false
	}
	var v View
	for i, pattern := range pathPatterns {
		v.Begin(pathTrials()[row][i], nil, AtEntry)
		switch one := partIn(completed(pathOf(pattern, param)), f.Get(&v, a)); {
		case i == 0:
			part = one
		case one != part && IsPlain(pattern):
			return NoPart, false
		case one != part:
			written = true
		}
	}
	return part, written
}

// pathPatterns are the paths of the calls that fields are tried on, with the number of the parameter in each.
// Relative ones start from trialBase.
var pathPatterns = [...]string{"/srv/t%d/a%d", "/%d%d", "t%d/../a%d", "/srv/t%d//a%d/"}

const trialBase = "/srv/base"

func completed(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(trialBase, name)
}

func pathOf(pattern string, param int) string { return fmt.Sprintf(pattern, param, param) }

// pathTrials are calls of each row with a path of each pattern, of which nothing but paths is known.
var pathTrials = sync.OnceValue(func() *[len(Table)][len(pathPatterns)]Event {
	var trials [len(Table)][len(pathPatterns)]Event
	var b Builder
	for row := range Table {
		for i, pattern := range pathPatterns {
			b.Begin(row, Origin{PID: 1, TID: 1}, 1)
			for param := range Table[row].Params {
				if Table[row].Params[param].Type == Path {
					b.AddString(Part(param), pathOf(pattern, param))
					b.AddString(Base+Part(param), trialBase)
				}
			}
			trials[row][i] = slices.Clone(b.Event())
		}
	}
	return &trials
})

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
