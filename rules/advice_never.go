package rules

import (
	"fmt"
	"slices"
	"strings"

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

// contradiction returns which claims about one value cannot hold together, or nil.
func (a *adviser) contradiction(parts []part, in around) *finding {
	groups := map[string][]claim{}
	for _, c := range in.claims {
		a.group(groups, c)
	}
	for _, p := range parts {
		c, ok := p.claim()
		if !ok || !a.group(groups, c) {
			continue
		}
		group := groups[a.c.preds[c.pred].left.text]
		if len(group) > 1 && a.contradict(group) {
			return a.contradictionOf(p, parts, group)
		}
	}
	return nil
}

// group adds a claim to those about the same value; ok is false where nothing can be told of it.
func (a *adviser) group(groups map[string][]claim, c claim) (ok bool) {
	f := a.factsOf(c.pred)
	if !f.tried || !f.single {
		return false
	}
	text := a.c.preds[c.pred].left.text
	groups[text] = append(groups[text], c)
	return true
}

// contradictionOf names two of the group that contradict each other, if two are enough. The last is the part's.
func (a *adviser) contradictionOf(p part, parts []part, group []claim) *finding {
	last := group[len(group)-1]
	for _, c := range group[:len(group)-1] {
		if !a.contradict([]claim{c, last}) {
			continue
		}
		// what stands in the condition itself is named rather than what a macro brings
		for _, other := range parts {
			if oc, ok := other.claim(); ok && oc == c && other.macro == "" && p.macro != "" {
				p, c, last = other, last, c
				break
			}
		}
		return &finding{p, false, fmt.Sprintf("%s contradicts %s", a.textOf(last), a.textOf(c)), ""}
	}
	texts := make([]string, len(group))
	for i, c := range group {
		texts[i] = a.textOf(c)
	}
	return &finding{p, false, "these never hold together: " + strings.Join(texts, ", "), ""}
}

// noRow returns why the parts leave no row of the event table, or nil.
func (a *adviser) noRow(parts []part, in around) *finding {
	all := make([]rowSet, len(parts))
	left := in.rows
	for i, p := range parts {
		all[i] = a.x.rows(p.n, p.negated)
		left = left.and(all[i])
	}
	if left != (rowSet{}) || in.rows == (rowSet{}) {
		return nil
	}
	best, bestRank, bestOthers := len(parts)-1, -1, rowSet{}
	others := othersOf(all, in.rows)
	for i, p := range parts {
		if r := a.rank(p); others[i] != (rowSet{}) && r >= bestRank {
			best, bestRank, bestOthers = i, r, others[i]
		}
	}
	if f := a.typeFinding(parts[best], in); f != nil {
		return f
	}
	return a.rowFinding(parts[best], bestOthers)
}

// typeFinding says of an alternative that only names types of events which
// comparison around it holds of none of them; nil where it does not name types, or none is enough.
func (a *adviser) typeFinding(p part, in around) *finding {
	if c, ok := p.claim(); !ok || p.negated || a.c.preds[c.pred].left.text != typeField {
		return nil
	}
	rows := a.x.rows(p.n, false)
	for _, c := range in.claims {
		other := part{&leaf{pred: c.pred}, c.negated, ""}
		if a.x.rows(other.n, c.negated).and(rows) == (rowSet{}) {
			f := a.rowFinding(other, rows)
			return &finding{p, false, f.message, f.hint}
		}
	}
	return nil
}

// othersOf returns, for each set, the rows that all others leave.
func othersOf(all []rowSet, from rowSet) []rowSet {
	others := make([]rowSet, len(all))
	before := from
	for i := range all {
		others[i] = before
		before = before.and(all[i])
	}
	behind := from
	for i := len(all) - 1; i >= 0; i-- {
		others[i] = others[i].and(behind)
		behind = behind.and(all[i])
	}
	return others
}

// rank is how good a part is to be named for what is wrong: best is one that
// stands in the condition itself, and does not just name types of events.
func (a *adviser) rank(p part) (rank int) {
	if p.macro == "" {
		rank += 2
	}
	if c, ok := p.claim(); !ok || a.c.preds[c.pred].left.text != typeField {
		rank++
	}
	return rank
}

// rowFinding says why a part does not hold on the rows that all other parts leave.
func (a *adviser) rowFinding(p part, others rowSet) *finding {
	c, single := p.claim()
	switch {
	case others == rowSet{}:
		return &finding{p, false, "there is no type of event that all of it holds of", ""}
	case !single:
		return &finding{p, false, "none of the alternatives holds of events of " + namesOf(others), ""}
	case p.negated:
		return &finding{p, false, a.textOf(c) + " holds of no event of " + namesOf(others), ""}
	}
	left := a.c.preds[c.pred].left
	set := a.x.fields[left.text].yes
	if left.field == nil || set == (rowSet{}) || set.and(others) != (rowSet{}) {
		return &finding{p, false, a.textOf(c) + " holds of no event of " + namesOf(others), ""}
	}
	return &finding{p, false, fmt.Sprintf("%s is never set on events of %s", left.text, namesOf(others)), "it is set on those of " + namesOf(set)}
}

// namesOf is the rows by the names of their calls, the first few of many.
func namesOf(rows rowSet) string {
	const most = 8
	var names []string
	for i := range event.Table {
		if rows.has(i) {
			names = append(names, event.Table[i].Name)
		}
	}
	if more := len(names) - most; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
