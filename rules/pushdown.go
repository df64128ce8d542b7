package rules

import "tiercel/engine/event"

// pusher works out which calls of a row rules can match by numbers and one path
// alone: what a source can decide before it writes an event. All else, such as
// what is asked of the process, is taken to be as the rule wants it.
type pusher struct {
	preds   []*predicate
	row     int
	param   int // the path that is looked at; -1 where the row has none
	view    event.View
	numbers map[termsKey]terms
	paths   map[pathsKey]*pathSet
	parts   map[*operand]pathPart // of the row's path
}

type (
	termsKey struct {
		pred   *predicate
		number event.Number
	}
	pathsKey struct {
		pred *predicate
		pathPart
	}
	pathPart struct {
		event.PathPart
		written bool
	}
)

// pushDown fills in what must hold of each row's events so that one of the rules can match.
func (s *Set) pushDown(needs *event.Needs, all []*Rule) {
	p := &pusher{preds: s.preds, numbers: map[termsKey]terms{}, paths: map[pathsKey]*pathSet{}}
	for p.row = range event.Table {
		if need := &needs.Rows[p.row]; need.Match && event.Table[p.row].When != event.Pseudo {
			need.Only, need.Paths = p.best(all)
		}
	}
}

// best looks at each of the row's paths, and takes the one that more clauses want something of.
func (p *pusher) best(all []*Rule) (only []event.Clause, paths *event.Paths) {
	var found formula
	var set *pathSet
	param := -1
	for i, of := range event.Table[p.row].Params {
		if of.Type != event.Path {
			continue
		}
		p.param = i
		if f, wanted := p.rules(all); param < 0 || f.pathless() < found.pathless() {
			param, found, set = i, f, wanted
		}
	}
	if p.param = param; param < 0 {
		found, set = p.rules(all)
	}
	return found.clauses(), set.of(param)
}

// rules is what must hold so that one of the rules can match, and the paths that are wanted.
func (p *pusher) rules(all []*Rule) (formula, *pathSet) {
	var f formula
	p.parts = map[*operand]pathPart{}
	for _, r := range all {
		for i := 0; r.rows.has(p.row) && i < len(r.conds) && !f.isAny(); i++ {
			f = f.or(p.formula(r.conds[i], false))
		}
	}
	return f.fitted()
}

// formula is what must hold so that the tree can.
func (p *pusher) formula(n node, negated bool) formula {
	switch n := n.(type) {
	case *inverse:
		return p.formula(n.kid, !negated)
	case *leaf:
		return p.leaf(p.preds[n.pred], negated)
	case *branch:
		f := p.formula(n.kids[0], negated)
		for _, kid := range n.kids[1:] {
			if n.or != negated { // De Morgan
				f = f.or(p.formula(kid, negated))
			} else {
				f = f.and(p.formula(kid, negated))
			}
		}
		return f
	}
	panic("unreachable: unknown node")
}

// leaf is what must hold so that the comparison can.
func (p *pusher) leaf(k *predicate, negated bool) formula {
	p.view.BeginRow(p.row)
	switch st := k.eval(&p.view); {
	case st != event.Unknown && (st == event.Known) == negated:
		return nil
	case st != event.Unknown || k.right != nil || k.left.field == nil:
		return anyCall()
	}
	if negated {
		return p.terms(k).not().formula()
	}
	if set := p.pathsOf(k); set != nil {
		return formula{{path: set}}
	}
	return p.terms(k).formula()
}

// pathsOf is of which paths the comparison can be true, nil where it does not ask for any.
func (p *pusher) pathsOf(k *predicate) *pathSet {
	if p.param < 0 {
		return nil
	}
	part, done := p.parts[k.left]
	if !done {
		part.PathPart, part.written = k.left.field.PathPart(k.left.arg, p.row, p.param)
		p.parts[k.left] = part
	}
	key := pathsKey{k, part}
	set, done := p.paths[key]
	if !done {
		set = pathsOf(part.PathPart, part.written, k.op, k.values)
		p.paths[key] = set
	}
	return set
}

// terms are those of a comparison with a field that is made of one number, or of flags.
func (p *pusher) terms(k *predicate) terms {
	if all, ok := k.left.field.Holds(p.row); ok {
		return truthTerms(k, all)
	}
	n, ok := k.left.field.Number(k.left.arg, p.row)
	if !ok {
		return terms{}
	}
	key := termsKey{k, n}
	t, done := p.numbers[key]
	if !done {
		t = numberTerms(k, n)
		p.numbers[key] = t
	}
	return t
}
