package rules

import (
	"slices"
	"strings"
)

// operator is how a field is compared with values.
type operator uint8

const (
	opExists operator = iota
	opEq
	opNe
	opLt
	opLe
	opGt
	opGe
	opContains
	opIContains
	opBContains
	opStartsWith
	opBStartsWith
	opEndsWith
	opGlob
	opIGlob
	opRegex
	opIn
	opIntersects
	opPMatch
)

// shape is what must stand behind an operator.
type shape uint8

const (
	noValue shape = iota
	numberValue
	stringValue
	listValue
)

// operators has each operator's spelling, what stands behind it, and for which
// kinds of field it is (as in the reference): any, those with an order, text, bytes.
var operators = map[string]struct {
	op    operator
	shape shape
	kinds string
}{
	"exists": {opExists, noValue, "any"},
	"<":      {opLt, numberValue, "ordered"}, "<=": {opLe, numberValue, "ordered"},
	">": {opGt, numberValue, "ordered"}, ">=": {opGe, numberValue, "ordered"},
	"=": {opEq, stringValue, "any"}, "==": {opEq, stringValue, "any"}, "!=": {opNe, stringValue, "any"},
	"contains": {opContains, stringValue, "text bytes"}, "icontains": {opIContains, stringValue, "text"},
	"bcontains": {opBContains, stringValue, "bytes"}, "bstartswith": {opBStartsWith, stringValue, "bytes"},
	"startswith": {opStartsWith, stringValue, "text bytes"}, "endswith": {opEndsWith, stringValue, "text bytes"},
	"glob": {opGlob, stringValue, "text"}, "iglob": {opIGlob, stringValue, "text"}, "regex": {opRegex, stringValue, "text"},
	"in": {opIn, listValue, "any"}, "intersects": {opIntersects, listValue, "any"}, "pmatch": {opPMatch, listValue, "text"},
}

// operatorsByLength is every spelling, the longer ones first.
var operatorsByLength = func() []string {
	var all []string
	for name := range operators {
		all = append(all, name)
	}
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return all
}()

func (op operator) String() string {
	for _, name := range operatorsByLength {
		if operators[name].op == op && name != "==" {
			return name
		}
	}
	return "?"
}

func (op operator) shape() shape { return operators[op.String()].shape }
