package rules

import (
	"slices"
	"strings"

	"tiercel/engine/event"
)

// terms is what a comparison asks of one call's numbers: conditions that must
// all hold, or one of which must. Without any it asks for nothing that could be told.
type terms struct {
	conds []event.Condition
	all   bool
	exact bool // the comparison is true wherever they hold
}

// not is the terms of the contrary.
func (t terms) not() terms {
	if !t.exact {
		return terms{}
	}
	t.conds, t.all = slices.Clone(t.conds), !t.all
	for i := range t.conds {
		t.conds[i].Not = !t.conds[i].Not
	}
	return t
}

// formula is the terms as clauses.
func (t terms) formula() (f formula) {
	if len(t.conds) == 0 {
		return anyCall()
	}
	if t.all {
		f = anyCall()
	}
	for _, c := range t.conds {
		one := clause{all: []event.Condition{c}}
		if t.all {
			f = f.and(formula{one})
		} else {
			f = f.with(one)
		}
	}
	return f
}

// truthTerms are those of a boolean that is true where all of the conditions hold.
func truthTerms(k *predicate, all []event.Condition) terms {
	if k.op == opExists {
		return terms{}
	}
	test, _ := modified(k.left.typ, k.op, k.mod, k.values) // it was made of the same before
	yes, no := test(event.Value{Num: 1}), test(event.Value{Num: 0})
	switch t := (terms{all, true, true}); {
	case yes == no:
		return terms{}
	case yes:
		return t
	default:
		return t.not()
	}
}

// numberTerms are those of a comparison of a number, or of its name.
func numberTerms(k *predicate, n event.Number) terms {
	op := k.op
	if op == opNe {
		op = opEq
	}
	t := terms{exact: k.mod == noModifier || k.mod == anyOf && op == k.op}
	for _, v := range k.values {
		one := numberTerm(k.left.typ, op, v, n)
		if len(one.conds) == 0 {
			return terms{}
		}
		t.conds = append(t.conds, one.conds...)
		t.exact = t.exact && one.exact
	}
	if op != k.op {
		return t.not()
	}
	return t
}

// numberTerm are the terms of one value.
func numberTerm(typ event.FieldType, op operator, v string, n event.Number) terms {
	switch {
	case typ.IsText():
		return nameTerm(op, v, n)
	case slices.Contains([]operator{opEq, opIn, opIntersects}, op):
		val, _ := valueOf(typ, v)
		if c, ok := n.Is(val.Num); ok {
			return terms{[]event.Condition{c}, false, true}
		}
	case slices.Contains([]operator{opLt, opLe, opGt, opGe}, op):
		return signTerm(typ, op, v, n)
	}
	return terms{}
}

// signTerm is what a comparison of order says of the number's sign.
func signTerm(typ event.FieldType, op operator, v string, n event.Number) terms {
	c, ok := n.Negative()
	test, err := constants(typ, op, []string{v})
	if !ok || err != nil {
		return terms{}
	}
	below, above := test(event.Value{Num: -1}), test(event.Value{Num: 0})
	switch up := op == opGt || op == opGe; {
	case up && !below: // so for all that are less
		c.Not = true
		return terms{[]event.Condition{c}, false, above}
	case !up && !above:
		return terms{[]event.Condition{c}, false, below}
	}
	return terms{}
}

// nameOperators are those that a text must have the whole value in it for.
var nameOperators = []operator{opEq, opIn, opIntersects, opContains, opStartsWith, opEndsWith}

// nameTerm is what a comparison with the number's names says of the number. A
// number without a name is its digits, which the value must not be made of; a result always has one.
func nameTerm(op operator, v string, n event.Number) terms {
	if !slices.Contains(nameOperators, op) || n.Arg != event.Result && strings.Trim(v, "-0123456789ABCDEF") == "" {
		return terms{}
	}
	exact := true
	if n.IsSum() { // the text is names with bars between: one of them has the longest part of the value in it
		op, v, exact = nameIn(op, v)
	}
	compare := textPairs[op]
	conds, ok := n.Named(func(name string) bool { return compare(name, v) })
	switch {
	case !ok:
		return terms{}
	case n.Arg == event.Result && len(conds) > maxClauses: // most errors
		return errorTerm(conds, n)
	}
	return terms{conds, false, exact}
}

// errorTerm is that of a result for which too many conditions are: that there is
// an error, if that is what all of them say.
func errorTerm(conds []event.Condition, n event.Number) terms {
	failed, _ := n.Negative() // a result has a sign
	if slices.ContainsFunc(conds, func(c event.Condition) bool { return c.Not }) {
		return terms{}
	}
	return terms{conds: []event.Condition{failed}}
}

// nameIn is what a comparison with several names demands of one of them; exact
// where that is all that it demands.
func nameIn(op operator, v string) (operator, string, bool) {
	longest := slices.MaxFunc(strings.Split(v, "|"), func(a, b string) int { return len(a) - len(b) })
	switch {
	case longest != v:
		return opContains, longest, false
	case op == opContains:
		return op, v, true
	case op == opStartsWith, op == opEndsWith:
		return opContains, v, false
	}
	return op, v, false
}
