package rules

import (
	"fmt"
	"strings"

	"tiercel/engine/event"
)

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
