package rules

import (
	"slices"

	"tiercel/engine/event"
)

// part is one of the demands that a condition is made of: a comparison, or
// alternatives; macro is the name of the macro that it comes of, if it does.
type part struct {
	n       node
	negated bool
	macro   string
}

// parts takes a condition apart into what must all hold.
func (a *adviser) parts(n node, negated bool) []part {
	return a.takeApart(nil, part{n, negated, ""})
}

func (a *adviser) takeApart(all []part, p part) []part {
	if p.macro == "" {
		p.macro = a.macroAt(p.n)
	}
	switch n := p.n.(type) {
	case *inverse:
		return a.takeApart(all, part{n.kid, !p.negated, p.macro})
	case *branch:
		if n.or != p.negated {
			break
		}
		for _, kid := range n.kids {
			all = a.takeApart(all, part{kid, p.negated, p.macro})
		}
		return all
	}
	return append(all, p)
}

// alternatives are those of a part that is no comparison, each taken apart.
func (a *adviser) alternatives(p part) (all [][]part) {
	for _, kid := range p.n.(*branch).kids {
		all = append(all, a.takeApart(nil, part{kid, p.negated, p.macro}))
	}
	return all
}

// claim is the part as a claim; ok is false for alternatives.
func (p part) claim() (c claim, ok bool) {
	l, ok := p.n.(*leaf)
	if !ok {
		return claim{}, false
	}
	return claim{l.pred, p.negated}, true
}

// around is what holds where a condition is asked for.
type around struct {
	rows   rowSet
	claims []claim
}

// with is what holds where the parts hold, too.
func (a *adviser) with(in around, parts []part) around {
	out := around{in.rows, slices.Clip(in.claims)}
	for _, p := range parts {
		out.rows = out.rows.and(a.x.rows(p.n, p.negated))
		if c, ok := p.claim(); ok {
			out.claims = append(out.claims, c)
		}
	}
	return out
}

// beside is what holds for the i-th of the parts: all others do.
func (a *adviser) beside(parts []part, i int, in around) around {
	a.left -= len(parts)
	return a.with(a.with(in, parts[:i]), parts[i+1:])
}

// finding is why a condition never matches.
type finding struct {
	culprit part
	alone   bool // the culprit is enough: it holds nowhere
	message string
	hint    string
}

// never returns why the parts can never all hold, or nil.
func (a *adviser) never(parts []part, in around) *finding {
	if a.left -= len(parts) + len(in.claims); a.left < 0 {
		return nil
	}
	for _, p := range parts {
		if f := a.impossible(p); f != nil {
			return f
		}
	}
	if f := a.contradiction(parts, in); f != nil {
		return f
	}
	if f := a.noRow(parts, in); f != nil {
		return f
	}
	for i, p := range parts {
		if _, ok := p.n.(*branch); ok {
			if f := a.noWay(p, a.beside(parts, i, in)); f != nil {
				return f
			}
		}
	}
	return nil
}

// noWay returns why none of the part's alternatives can hold, or nil.
func (a *adviser) noWay(p part, in around) *finding {
	var first *finding
	alone := true
	for _, parts := range a.alternatives(p) {
		f := a.never(parts, in)
		if f == nil {
			return nil
		}
		if alone = alone && f.alone; first == nil {
			first = f
		}
	}
	return &finding{p, alone, "none of the alternatives can hold, as " + first.message, first.hint}
}

// impossible returns why a part by itself can never hold, or nil.
func (a *adviser) impossible(p part) *finding {
	c, ok := p.claim()
	if !ok && a.x.rows(p.n, p.negated) == (rowSet{}) {
		return a.noWay(p, around{rows: watched})
	}
	if !ok {
		return nil
	}
	pred := a.c.preds[c.pred]
	found := func(message string) *finding { return &finding{p, true, message, ""} }
	rows := a.x.rows(p.n, p.negated)
	switch f := a.factsOf(c.pred); {
	case rows.and(watched) == rowSet{} && !p.negated && unanswered(pred) != nil:
		return found(whyUnanswered(unanswered(pred)))
	case rows.and(watched) == rowSet{}:
		return found(a.textOf(c) + " holds of no event")
	case f.tried && a.contradict([]claim{c}):
		return found(a.textOf(c) + " holds of no value that there can be")
	}
	return nil
}

// unanswered returns a field of the comparison that no source can answer, or nil.
func unanswered(p *predicate) (field *event.Field) {
	p.fields(func(f *event.Field, _ *event.Arg) {
		if f.Why() != "" {
			field = f
		}
	})
	return field
}

func whyUnanswered(f *event.Field) string { return f.Name + " is never set: " + f.Why() }

// textOf is the claim as it would be written.
func (a *adviser) textOf(c claim) string {
	text := shorten(a.c.preds[c.pred].show(3))
	if c.negated {
		return "not " + text
	}
	return text
}
