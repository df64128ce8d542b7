package rules

import (
	"slices"
	"strings"

	"tiercel/engine/event"
)

// Sheet is what there is to say of a rule beyond what it says itself: what it
// means, what it asks of a source, and what its calls cost. All of it is about
// the rule alone, be it enabled or not: where other rules watch the same calls,
// these stop where any of the rules wants them to.
type Sheet struct {
	Expanded []string // the condition, or each step's, with macros and lists expanded, a comparison a line
	Program  string
	Watched  []Watched // the calls that the kernel's filter stops for the rule, in the order of the table
	Passes   []Passes  // what the kernel's side of a source lets pass of its calls, where it has more than a filter
	Reads    []string  // what a source must read for it, in words
	Stops    []Stops   // where each of its calls is decided
}

// Watched is a call that stops, or those of its calls that the kernel's filter picks by their arguments.
type Watched struct {
	Call  string
	Match bool     // the rule can match it; else it is watched for the process state that the rule reads
	Where []string // one of which must hold; empty: any of its calls
}

// Sheet describes a rule of the set. At most items values of a list are written; 0: all.
func (s *Set) Sheet(r *Rule, items int) *Sheet {
	needs := s.needsOf(r)
	sheet := &Sheet{Program: s.cutProgram(r, items), Passes: passesOf(needs, items), Reads: readsOf(r, needs), Stops: newExaminer(s, r, needs, items).stops()}
	for _, cond := range r.conds {
		sheet.Expanded = append(sheet.Expanded, laidOut(cond, s.preds, items))
	}
	for row := range event.Table {
		if need := needs.Rows[row]; need.Watch() && event.Table[row].When != event.Pseudo {
			sheet.Watched = append(sheet.Watched, Watched{event.Table[row].Name, need.Match, watchedWhere(needs, row)})
		}
	}
	return sheet
}

// watchedWhere is which calls of the row the kernel's filter stops, as texts.
func watchedWhere(needs *event.Needs, row int) (where []string) {
	for _, c := range needs.Where(row) {
		text := clauseText(&event.Table[row], &needs.Rows[row], &c)
		if text != "" && !slices.Contains(where, text) {
			where = append(where, text)
		}
	}
	return where
}

// cutProgram is the rule's program with at most so many values of a list; 0: as Program has it.
func (s *Set) cutProgram(r *Rule, items int) string {
	if items == 0 {
		return s.Program(r)
	}
	return s.program(r, func(p *predicate) string { return p.show(items) })
}

// needsOf is what the rule asks of a source if it is alone.
func (s *Set) needsOf(r *Rule) *event.Needs {
	needs := &event.Needs{}
	for row := range event.Table {
		needs.Rows[row].Match = r.rows.has(row)
	}
	r.fields(s, func(f *event.Field, arg *event.Arg) { needs.AddField(f, arg, r.rows.bools()) })
	s.pushDown(needs, []*Rule{r})
	return needs
}

// readsOf is what a source reads for the rule, in words: of its calls' memory, of the kernel, of the processes.
func readsOf(r *Rule, needs *event.Needs) (docs []string) {
	facts := needs.Process
	for row := range event.Table {
		if !r.rows.has(row) {
			continue
		}
		facts |= needs.Rows[row].Facts
		for _, doc := range event.Table[row].Reads() {
			if !slices.Contains(docs, doc) {
				docs = append(docs, doc)
			}
		}
	}
	return append(docs, facts.Docs()...)
}

// reduce is what is left of a condition when some of its comparisons are settled:
// a tree of the others, or its truth where nothing is left of it. of says the
// truth of a comparison, Maybe where it is not settled; one that is negated is
// asked for as such.
func reduce(n node, negated bool, of func(pred int32, negated bool) Truth) (node, Truth) {
	switch n := n.(type) {
	case *inverse:
		return reduce(n.kid, !negated, of)
	case *leaf:
		switch t := of(n.pred, negated); {
		case t != Maybe:
			return nil, t
		case negated:
			return &inverse{n}, Maybe
		}
		return n, Maybe
	case *branch:
		return reduceBranch(n, negated, of)
	}
	panic("unreachable: unknown node")
}

func reduceBranch(n *branch, negated bool, of func(pred int32, negated bool) Truth) (node, Truth) {
	left := &branch{or: n.or != negated} // De Morgan
	for _, kid := range n.kids {
		k, t := reduce(kid, negated, of)
		switch {
		case t == Maybe:
			left.add(k)
		case (t == True) == left.or:
			return nil, t
		}
	}
	switch {
	case len(left.kids) == 0 && left.or:
		return nil, False
	case len(left.kids) == 0:
		return nil, True
	case len(left.kids) == 1:
		return left.kids[0], Maybe
	}
	return left, Maybe
}

// add adds a kid, or where it is a branch of the same kind, its kids; each comparison once.
func (b *branch) add(kid node) {
	for _, k := range (&branch{b.or, []node{kid}}).flat() {
		if !slices.ContainsFunc(b.kids, func(old node) bool { return sameCondition(old, k) }) {
			b.kids = append(b.kids, k)
		}
	}
}

// sameCondition reports whether both are the same tree.
func sameCondition(a, b node) bool {
	switch a := a.(type) {
	case *leaf:
		other, ok := b.(*leaf)
		return ok && a.pred == other.pred
	case *inverse:
		other, ok := b.(*inverse)
		return ok && sameCondition(a.kid, other.kid)
	case *branch:
		other, ok := b.(*branch)
		return ok && a.or == other.or && slices.EqualFunc(a.kids, other.kids, sameCondition)
	}
	return false
}

// without is the condition without those of its demands that another makes, too; nil where that is all.
func without(n, other node) node {
	left, demanded := &branch{}, (&branch{kids: []node{other}}).flat()
	for _, kid := range (&branch{kids: []node{n}}).flat() {
		if !slices.ContainsFunc(demanded, func(d node) bool { return sameCondition(d, kid) }) {
			left.kids = append(left.kids, kid)
		}
	}
	switch len(left.kids) {
	case 0:
		return nil
	case 1:
		return left.kids[0]
	}
	return left
}

// eachLeaf calls f with every comparison in the tree.
func eachLeaf(n node, f func(pred int32)) {
	switch n := n.(type) {
	case *inverse:
		eachLeaf(n.kid, f)
	case *leaf:
		f(n.pred)
	case *branch:
		for _, kid := range n.kids {
			eachLeaf(kid, f)
		}
	}
}

// Find returns the rules that a name means: the one that is called so, or those in
// any case of its letters, else those whose names begin so. Where there is none, near
// is the name that is most like it, if one is.
func (s *Set) Find(name string) (found []*Rule, near string) {
	var names []string // in small letters: the case is no likeness
	written := map[string]string{}
	var alike []*Rule
	for _, r := range s.Rules {
		if r.Name == name {
			return []*Rule{r}, ""
		}
		if strings.EqualFold(r.Name, name) {
			alike = append(alike, r)
		}
		if len(r.Name) >= len(name) && strings.EqualFold(r.Name[:len(name)], name) {
			found = append(found, r)
		}
		small := strings.ToLower(r.Name)
		names = append(names, small)
		written[small] = r.Name
	}
	if len(alike) > 0 {
		return alike, ""
	}
	if len(found) == 0 {
		near = written[nearest(strings.ToLower(name), names)]
	}
	return found, near
}
