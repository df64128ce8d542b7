package rules

import (
	"fmt"

	"tiercel/engine/event"
)

// Explain returns the comparisons that keep the rule's condition from matching
// the view's event, each with what the event has instead; none where it matches.
// Of a sequence it is that of the step which lacks the least. The view must be
// whole. It takes time, and is for people.
func (m *Matcher) Explain(r *Rule) []string {
	m.forget()
	var least []string
	for i, code := range r.codes {
		if reasons := m.explain(code); i == 0 || len(reasons) < len(least) {
			least = reasons
		}
	}
	return least
}

// explain walks the program as run does, but where a comparison ends it as false,
// it takes note and goes on as if the comparison had been true: so all reasons
// come at once. What was false before, on the way to an alternative, is a reason
// only if the alternative was false too.
func (m *Matcher) explain(code program) []string {
	var reasons []string
	var open []int32 // false, with an alternative that is still being walked
	for at := int32(0); at >= 0; {
		in := &code[at]
		switch isTruth := (m.predicate(in.pred) == event.Known) != in.negated; {
		case isTruth:
			at = in.yes
			open = code.unsettled(open, at)
		case in.no >= 0:
			open = append(open, at)
			at = in.no
		default:
			for _, i := range append(open, at) {
				reasons = append(reasons, m.reason(code[i]))
			}
			open, at = nil, in.yes
		}
	}
	return reasons
}

// unsettled returns those of the false comparisons whose truth would not have led to where the walk is now.
func (p program) unsettled(open []int32, at int32) []int32 {
	var left []int32
	for _, i := range open {
		if !p.leads(p[i].yes, at) {
			left = append(left, i)
		}
	}
	return left
}

// leads reports whether the walk from one exit to another needs nothing but truth.
func (p program) leads(from, to int32) bool {
	for from != to && from >= 0 {
		from = p[from].yes
	}
	return from == to
}

// reason is a comparison that is false, and the values that it found.
func (m *Matcher) reason(in instr) string {
	p, not := m.set.preds[in.pred], ""
	if in.negated {
		not = "not "
	}
	return fmt.Sprintf("%s%s: %s is %s", not, shorten(p.String()), p.left.text, m.found(p.left))
}

// found is the values of a comparison's left side as a person reads them.
func (m *Matcher) found(o *operand) string {
	var b []byte
	each := o.each
	if each == nil {
		each = func(v *event.View, f func(event.Value)) event.Status {
			val := o.one(v)
			if val.Status == event.Known {
				f(val)
			}
			return val.Status
		}
	}
	each(&m.view, func(val event.Value) {
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = o.typ.AppendText(b, val)
	})
	if b == nil {
		return "absent"
	}
	return shorten(string(b))
}

// shorten cuts what no one reads to its end: the lists of programs are long.
func shorten(s string) string {
	const limit = 90
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-3]) + "..."
	}
	return s
}
