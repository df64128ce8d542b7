package rules

import (
	"fmt"
	"slices"
)

// demand is what a rule's condition asks for, taken apart.
type demand struct {
	rule   *Rule
	claims []claim
	others []part // alternatives
}

// demandKey is what rules are found by that may take another's events: of a
// comparison that they ask for, a value, or a beginning, or the comparison
// itself, or its left side.
type demandKey struct {
	kind keyKind
	left string
	text string
	num  int64
}

type keyKind uint8

const (
	byValue keyKind = iota
	byBeginning
	byClaim
	byLeft
)

// How many values of a comparison a rule is found by, and how many rules by one
// key are looked at: what there is beyond is left without advice.
const maxKeys, maxShades = 64, 16

// shadows warns of rules whose every event is taken by one that stands before.
func (a *adviser) shadows() {
	demands := a.demands()
	counts := map[demandKey]int{}
	for _, d := range demands {
		for _, c := range d.claims {
			for _, key := range a.keysOf(c) {
				counts[key]++
			}
		}
	}
	shelf := map[demandKey][]*demand{}
	for _, d := range demands {
		if by := a.shadowOf(d, shelf); by != nil {
			a.shadowed(d.rule, by)
			continue // what it takes, the other takes
		}
		for _, key := range a.rarest(d, counts) {
			if len(shelf[key]) < maxShades {
				shelf[key] = append(shelf[key], d)
			}
		}
	}
}

// demands are those of the rules that can hide one another.
func (a *adviser) demands() (all []*demand) {
	for _, r := range a.set.Rules {
		if !r.Enabled || r.State != nil || a.dead[r] {
			continue
		}
		d := &demand{rule: r}
		a.at.root = r.conds[0]
		for _, p := range a.parts(r.conds[0], false) {
			if c, ok := p.claim(); ok {
				d.claims = append(d.claims, c)
			} else {
				d.others = append(d.others, p)
			}
		}
		all = append(all, d)
	}
	return all
}

// keysOf is what a rule is found by that asks for the claim.
func (a *adviser) keysOf(c claim) (keys []demandKey) {
	f, p := a.factsOf(c.pred), a.c.preds[c.pred]
	begins := p.right == nil && p.op == opStartsWith && (p.mod == noModifier || p.mod == anyOf)
	switch {
	case c.negated || len(p.values) > maxKeys || !begins && !f.finite:
		return []demandKey{a.claimKey(c), {kind: byLeft, left: p.left.text}}
	case begins:
		for _, s := range p.values {
			keys = append(keys, demandKey{byBeginning, p.left.text, s, 0})
		}
	default:
		for _, val := range f.values {
			keys = append(keys, demandKey{byValue, p.left.text, val.Text, val.Num})
		}
	}
	return keys
}

func (a *adviser) claimKey(c claim) demandKey {
	if c.negated {
		return demandKey{kind: byClaim, num: ^int64(c.pred)}
	}
	return demandKey{kind: byClaim, num: int64(c.pred)}
}

// searches is what those rules are found by that may ask for something that follows from the claim.
func (a *adviser) searches(c claim) []demandKey {
	f, p := a.factsOf(c.pred), a.c.preds[c.pred]
	keys := []demandKey{a.claimKey(c), {kind: byLeft, left: p.left.text}}
	if c.negated || p.right != nil || len(p.values) == 0 {
		return keys
	}
	if f.finite {
		keys = append(keys, demandKey{byValue, p.left.text, f.values[0].Text, f.values[0].Num})
	}
	if f.finite && p.left.typ.IsText() || p.op == opStartsWith && p.mod == noModifier {
		for i := range len(p.values[0]) + 1 {
			keys = append(keys, demandKey{byBeginning, p.left.text, p.values[0][:i], 0})
		}
	}
	return keys
}

// rarest is the keys of that claim of the rule's which the fewest rules are found by.
func (a *adviser) rarest(d *demand, counts map[demandKey]int) (best []demandKey) {
	fewest := 0
	for _, c := range d.claims {
		most, keys := 0, a.keysOf(c)
		for _, key := range keys {
			most = max(most, counts[key])
		}
		if best == nil || most < fewest {
			best, fewest = keys, most
		}
	}
	return best
}

// shadowOf returns the rule on the shelf that takes every event of this one, or nil.
func (a *adviser) shadowOf(d *demand, shelf map[demandKey][]*demand) *Rule {
	a.left = maxWork
	for _, c := range d.claims {
		for _, key := range a.searches(c) {
			for _, other := range shelf[key] {
				if a.takes(other, d) {
					return other.rule
				}
			}
		}
	}
	return nil
}

// takes reports whether the first rule matches whatever the second does.
func (a *adviser) takes(first, second *demand) bool {
	if second.rule.rows.and(first.rule.rows) != second.rule.rows {
		return false
	}
	for _, c := range first.claims {
		if !a.follows(c, second) {
			return false
		}
	}
	return !slices.ContainsFunc(first.others, func(p part) bool { return !a.followsAny(p, second) })
}

// follows reports whether a claim holds wherever the rule matches.
func (a *adviser) follows(c claim, d *demand) bool {
	if a.left -= len(d.claims); a.left < 0 {
		return false
	}
	if slices.Contains(d.claims, c) {
		return true
	}
	n := &leaf{pred: c.pred}
	if d.rule.rows.and(a.x.rows(n, !c.negated)) == (rowSet{}) {
		return true
	}
	f := a.factsOf(c.pred)
	if !f.tried {
		return false
	}
	otherwise := claim{c.pred, !c.negated}
	if f.single {
		return a.contradict(append(a.about(c, d), otherwise))
	}
	// Of several values one is such as another claim says: that one is enough.
	return !c.negated && slices.ContainsFunc(a.about(c, d), func(other claim) bool {
		return a.contradict([]claim{other, otherwise})
	})
}

// about is the rule's claims about the same value.
func (a *adviser) about(c claim, d *demand) (all []claim) {
	left := a.c.preds[c.pred].left.text
	for _, other := range d.claims {
		if a.c.preds[other.pred].left.text == left && a.factsOf(other.pred).tried {
			all = append(all, other)
		}
	}
	return all
}

// followsAny reports whether one of a part's alternatives holds wherever the rule matches.
func (a *adviser) followsAny(p part, d *demand) bool {
	if slices.ContainsFunc(d.others, func(other part) bool { return p.negated == other.negated && sameCondition(p.n, other.n) }) {
		return true
	}
	return slices.ContainsFunc(a.alternatives(p), func(parts []part) bool {
		return !slices.ContainsFunc(parts, func(p part) bool { return !a.followsPart(p, d) })
	})
}

func (a *adviser) followsPart(p part, d *demand) bool {
	if c, ok := p.claim(); ok {
		return a.follows(c, d)
	}
	return a.followsAny(p, d)
}

// shadowed warns of a rule that another takes all events from.
func (a *adviser) shadowed(r, by *Rule) {
	place := a.c.doc.rule(by.Name).at
	message := fmt.Sprintf("rule %q is never reached: %q (%s:%d) stands before it and matches whatever it matches", r.Name, by.Name, place.src.name, place.line)
	if by.Priority > r.Priority {
		message += ", unless --priority leaves that out"
	}
	a.c.doc.warn(a.c.doc.rule(r.Name).at, "shadowed", r.Name, message, fmt.Sprintf("put it before %q, or take its events out of that rule's condition", by.Name))
}
