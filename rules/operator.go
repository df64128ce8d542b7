package rules

import (
	"maps"
	"slices"
	"strings"

	"tiercel/engine/event"
)

// operator is how a side of a comparison is compared with values.
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

// kinds are the kinds of values that an operator is for, as bits.
type kinds uint8

const (
	ofOrder kinds = 1 << iota // numbers and text, which have an order
	ofText
	ofBytes
	ofList
	ofAny = ofOrder | ofText | ofBytes // and booleans, addresses and networks
)

// operators has each operator's spelling, what stands behind it, for which kinds
// of values it is (as in the reference), and what it says.
var operators = map[string]struct {
	op    operator
	shape shape
	kinds kinds
	doc   string
}{
	"exists": {opExists, noValue, ofAny | ofList, "there is a value"},
	"<":      {opLt, numberValue, ofOrder, "less"},
	"<=":     {opLe, numberValue, ofOrder, "less or equal"},
	">":      {opGt, numberValue, ofOrder, "greater"},
	">=":     {opGe, numberValue, ofOrder, "greater or equal"},
	"=":      {opEq, stringValue, ofAny, "equal"},
	"==":     {opEq, stringValue, ofAny, "equal"},
	"!=":     {opNe, stringValue, ofAny, "there is a value, and it is not equal"},

	"contains":    {opContains, stringValue, ofText | ofBytes, "has the text in it"},
	"icontains":   {opIContains, stringValue, ofText, "has the text in it, in any case"},
	"bcontains":   {opBContains, stringValue, ofBytes, "has the bytes, given in base 16, in it"},
	"startswith":  {opStartsWith, stringValue, ofText | ofBytes, "begins with the text"},
	"bstartswith": {opBStartsWith, stringValue, ofBytes, "begins with the bytes, given in base 16"},
	"endswith":    {opEndsWith, stringValue, ofText | ofBytes, "ends with the text"},
	"glob":        {opGlob, stringValue, ofText, "is matched by the pattern of *, ? and [...]; a star matches slashes too"},
	"iglob":       {opIGlob, stringValue, ofText, "is matched by the pattern, in any case"},
	"regex":       {opRegex, stringValue, ofText, "is matched as a whole by the regular expression (RE2, POSIX syntax)"},

	"in":         {opIn, listValue, ofAny | ofList, "is one of the values; of a list: all its items are"},
	"intersects": {opIntersects, listValue, ofAny | ofList, "is one of the values; of a list: one of its items is"},
	"pmatch":     {opPMatch, listValue, ofText, "is one of the paths or below one; a path may be a glob"},
}

// Operator is one line of the reference of operators.
type Operator struct {
	Name  string   `json:"name"`
	Kind  string   `json:"kind"`  // operator, modifier or transformer
	For   string   `json:"for"`   // of an operator, the kinds of values that it is for, in words
	Types []string `json:"types"` // of an operator, the types of the fields that it is for; "list" is a list of texts
	Doc   string   `json:"description"`
}

// Operators returns every operator, modifier and transformer of the language, with what it says.
func Operators() []Operator {
	var all []Operator
	for _, name := range slices.Sorted(maps.Keys(operators)) {
		all = append(all, Operator{name, "operator", operators[name].kinds.String(), operators[name].op.types(), operators[name].doc})
	}
	for m := oneOf; m <= allOf; m++ {
		all = append(all, Operator{m.String(), "modifier", "", []string{}, modifiers[m].doc})
	}
	for _, name := range slices.Sorted(maps.Keys(transformers)) {
		all = append(all, Operator{transformers[name].usage, "transformer", "", []string{}, transformers[name].doc})
	}
	return all
}

// operatorsByLength is every spelling, the longer ones first.
var operatorsByLength = func() []string {
	return slices.SortedFunc(maps.Keys(operators), func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
}()

// spellings is each operator's spelling and the rest of its line, by its number.
var spellings = func() (names [opPMatch + 1]string) {
	for _, name := range operatorsByLength {
		if name != "==" {
			names[operators[name].op] = name
		}
	}
	return names
}()

func (op operator) String() string { return spellings[op] }

func (op operator) shape() shape { return operators[op.String()].shape }

// fits reports whether the operator is for values of the type.
func (op operator) fits(t event.FieldType, list bool) bool {
	var k kinds
	switch {
	case list:
		k = ofList
	case t == event.TypeString:
		k = ofText | ofOrder
	case t == event.TypeBytes:
		k = ofBytes
	case t == event.TypeBool, t.IsAddr(), t == event.TypeSockAddr, t == event.TypeSockTuple:
		return operators[op.String()].kinds&ofAny == ofAny
	default:
		k = ofOrder
	}
	return operators[op.String()].kinds&k != 0
}

// String is the kinds in words.
func (k kinds) String() string {
	words := []string{"any type"}
	if k&ofAny != ofAny {
		words = nil
		for _, kind := range []struct {
			bit  kinds
			word string
		}{{ofOrder, "numbers, text"}, {ofText, "text"}, {ofBytes, "bytes"}} {
			if k&kind.bit != 0 {
				words = append(words, kind.word)
			}
		}
	}
	if k&ofList != 0 {
		words = append(words, "lists")
	}
	return strings.Join(words, ", ")
}

// types returns the types of field that the operator is for.
func (op operator) types() (names []string) {
	for t := event.TypeString; t < event.TypeDynamic; t++ {
		if op.fits(t, false) {
			names = append(names, t.String())
		}
	}
	if op.fits(event.TypeString, true) {
		names = append(names, "list")
	}
	return names
}

// modifier says how many of a list's values the comparison must hold for.
type modifier uint8

const (
	noModifier modifier = iota
	oneOf
	anyOf
	allOf
)

var modifiers = [...]struct{ name, doc string }{
	oneOf: {"oneof", "behind an operator: it holds for exactly one of the values"},
	anyOf: {"anyof", "behind an operator: it holds for one of the values or more"},
	allOf: {"allof", "behind an operator: it holds for all of the values, of which there is one or more"},
}

func (m modifier) String() string { return modifiers[m].name }
