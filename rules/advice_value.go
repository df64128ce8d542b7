package rules

import (
	"math"
	"slices"
	"strconv"

	"tiercel/engine/event"
)

// claim is a comparison that must hold, or, negated, must not.
type claim struct {
	pred    int32
	negated bool
}

// predFacts is what is known of a comparison with constants.
type predFacts struct {
	test   test
	values []event.Value // those that it holds for, where these are known one by one
	finite bool
	tried  bool // whether values and test can be used at all
	single bool // the left side has one value
}

// factsOf returns what is known of a comparison, found out once.
func (a *adviser) factsOf(pred int32) *predFacts {
	if f := a.facts[pred]; f != nil {
		return f
	}
	p, f := a.c.preds[pred], &predFacts{}
	a.facts[pred] = f
	field := p.left.field
	many := field != nil && field.Flags.Has(event.Many)
	f.single = !p.left.list && (!many || p.left.arg.Set)
	if p.right != nil || p.left.list || many && p.op == opNe && !field.Type.IsText() || p.isEmpty() {
		return f
	}
	f.tried = true
	if p.op == opExists {
		f.test = anyValue
		return f
	}
	f.test, _ = modified(p.left.typ, p.op, p.mod, p.values) // it was made of the same before
	f.values, f.finite = p.constants()
	return f
}

// constants returns the values that the comparison's are, where it holds for no other.
func (p *predicate) constants() (values []event.Value, ok bool) {
	if !slices.Contains([]operator{opEq, opIn, opIntersects}, p.op) || p.left.typ == event.TypeNet {
		return nil, false
	}
	for _, s := range p.values {
		val, ok := valueOf(p.left.typ, s)
		if !ok {
			return nil, false
		}
		values = append(values, val)
	}
	return values, true
}

// valueOf is a constant as the field has it.
func valueOf(typ event.FieldType, s string) (event.Value, bool) {
	val := event.Value{Status: event.Known, Text: s}
	switch {
	case typ.IsText():
		return val, true
	case typ.IsAddr():
		p, err := parseNet(typ, s)
		return event.Value{Status: event.Known, Text: string(p.Addr().AsSlice())}, err == nil
	case typ == event.TypeDouble:
		n, err := strconv.ParseFloat(s, 64)
		return event.Value{Status: event.Known, Num: int64(math.Float64bits(n))}, err == nil
	}
	n, err := parseNumber(typ, s)
	return event.Value{Status: event.Known, Num: n}, err == nil
}

// contradict reports whether the claims, which are of one value, cannot all hold.
// Where all of them are negated they can: the value may be absent.
func (a *adviser) contradict(claims []claim) bool {
	if a.left -= len(claims); a.left < 0 {
		return false
	}
	positive := func(c claim) bool { return !c.negated }
	if !slices.ContainsFunc(claims, positive) {
		return false
	}
	if slices.ContainsFunc(claims, func(c claim) bool { return c.negated && a.c.preds[c.pred].op == opExists }) {
		return true
	}
	values, ok := a.candidates(claims)
	if a.left -= len(values) * len(claims); !ok || a.left < 0 {
		return false
	}
	o := a.c.preds[claims[0].pred].left
	return !slices.ContainsFunc(values, func(val event.Value) bool {
		return a.possible(o, val) && !slices.ContainsFunc(claims, func(c claim) bool { return a.factsOf(c.pred).test(val) == c.negated })
	})
}

// candidates returns values among which is one that all claims hold for, if there is any such value.
func (a *adviser) candidates(claims []claim) (values []event.Value, ok bool) {
	for _, c := range claims {
		if f := a.factsOf(c.pred); !c.negated && f.finite && (!ok || len(f.values) < len(values)) {
			values, ok = f.values, true
		}
	}
	if ok {
		return values, true
	}
	o := a.c.preds[claims[0].pred].left
	if words := a.wordsOf(o); words != nil {
		for _, word := range words {
			values = append(values, event.Value{Status: event.Known, Text: word})
		}
		return values, true
	}
	return a.ends(o.typ, claims)
}

// ends returns the greatest number of each range that claims can leave: a
// constant, the number before one, or the greatest of the type.
func (a *adviser) ends(typ event.FieldType, claims []claim) (values []event.Value, ok bool) {
	_, greatest, ok := typ.Limits()
	if !ok {
		return nil, false
	}
	values = append(values, event.Value{Status: event.Known, Num: greatest})
	for _, c := range claims {
		for _, s := range a.c.preds[c.pred].values {
			n, err := parseNumber(typ, s)
			if err != nil {
				return nil, false
			}
			values = append(values, event.Value{Status: event.Known, Num: n - 1}, event.Value{Status: event.Known, Num: n})
		}
	}
	return values, true
}

// wordsOf returns every text that the operand can have, nil where they are not known.
func (a *adviser) wordsOf(o *operand) []string {
	if o.field == nil {
		return nil
	}
	words, done := a.words[o.field]
	if !done {
		words = o.field.Words()
		a.words[o.field] = words
	}
	return words
}

// possible reports whether the operand can have the value.
func (a *adviser) possible(o *operand, val event.Value) bool {
	if words := a.wordsOf(o); words != nil {
		return slices.Contains(words, val.Text)
	}
	least, greatest, ok := o.typ.Limits()
	return !ok || o.typ == event.TypeUint || least <= val.Num && val.Num <= greatest
}
