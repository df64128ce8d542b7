package rules

import (
	"fmt"

	"tiercel/engine/event"
)

// Explain returns the comparisons that keep the rule from matching the view's
// event, each with what the event has instead; none where the rule matches. The
// view must be whole. It takes time, and is for people.
//
// It walks the program as run does, but where a comparison ends it as false, it
// takes note and goes on as if the comparison had been true: so all reasons come
// at once. What was false before, on the way to an alternative, is a reason only
// if the alternative was false too.
func (m *Matcher) Explain(r *Rule) []string {
	m.forget()
	var reasons []string
	var open []int32 // false, with an alternative that is still being walked
	for at := int32(0); at >= 0; {
		in := &r.code[at]
		switch isTruth := (m.predicate(in.pred) == event.Known) != in.negated; {
		case isTruth:
			at = in.yes
			open = r.code.unsettled(open, at)
		case in.no >= 0:
			open = append(open, at)
			at = in.no
		default:
			for _, i := range append(open, at) {
				reasons = append(reasons, m.reason(r.code[i]))
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
	return fmt.Sprintf("%s%s: %s is %s", not, shorten(p.text), p.arg.FullName(p.field), m.found(p))
}

// found is the values of a comparison's field as a person reads them.
func (m *Matcher) found(p *predicate) string {
	typ, _ := p.field.ValueType(p.arg)
	var b []byte
	p.field.Any(&m.view, p.arg, func(v event.Value) bool {
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = typ.AppendText(b, v)
		return false
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
