package rules

import (
	"slices"

	"tiercel/engine/event"
)

// formula is what must hold so that a rule can match: one of its clauses. It may
// hold where the rule does not match, never the other way round, so that any
// part of a clause can be left out, and two clauses made one of what both demand.
type formula []clause

// clause is demands on a call's numbers and on its path, all of which must hold;
// without any it holds of every call.
type clause struct {
	all  []event.Condition
	path *pathSet // nil: any path
}

// What the kernel's side has room for, and how many clauses are kept while a formula is made.
const (
	maxClauses    = 8
	maxConditions = 4
	maxInBetween  = 32
)

// anyCall is the formula that holds of every call.
func anyCall() formula { return formula{{}} }

func (f formula) isAny() bool { return len(f) == 1 && f[0].isEmpty() }

func (c *clause) isEmpty() bool { return len(c.all) == 0 && c.path == nil }

func (f formula) or(g formula) formula {
	for _, c := range g {
		f = f.with(c)
	}
	return f
}

// with is the formula with another clause, and without those that it makes needless.
func (f formula) with(c clause) formula {
	for i := range f {
		if one, ok := f[i].join(&c); ok {
			return slices.Delete(slices.Clone(f), i, i+1).with(one)
		}
	}
	if len(f) == maxInBetween {
		return f.lessOne().with(c)
	}
	return append(slices.Clip(f), c)
}

// join returns the clause that holds where one of both does, if there is one
// that says so: where one demands no more than the other, or they differ in
// which bits of a number they want one of. Paths are joined all the same, as a
// row has only one set of them.
func (c *clause) join(d *clause) (clause, bool) {
	switch {
	case c.isWithin(d):
		return clause{c.all, c.path.or(d.path)}, true
	case d.isWithin(c):
		return clause{d.all, c.path.or(d.path)}, true
	case (c.path == nil) != (d.path == nil):
		return clause{}, false
	}
	all, ok := anyBits(c.all, d.all)
	return clause{all, c.path.or(d.path)}, ok
}

// isWithin reports whether the clause demands nothing that the other does not.
func (c *clause) isWithin(d *clause) bool {
	return (c.path == nil || d.path != nil) && !slices.ContainsFunc(c.all, func(cond event.Condition) bool { return !slices.Contains(d.all, cond) })
}

// anyBits joins conditions that differ in one, which in both wants any of some bits.
func anyBits(a, b []event.Condition) (all []event.Condition, ok bool) {
	onlyA, onlyB := lacking(a, b), lacking(b, a)
	if len(onlyA) != 1 || len(onlyB) != 1 || !wantsBits(onlyA[0]) || !wantsBits(onlyB[0]) || onlyA[0].Arg != onlyB[0].Arg {
		return nil, false
	}
	one := onlyA[0]
	one.Mask |= onlyB[0].Mask
	return append(common(a, b), one), true
}

func wantsBits(c event.Condition) bool { return c.Not && c.Value == 0 }

// common is the conditions that are in both.
func common(a, b []event.Condition) (both []event.Condition) {
	for _, c := range a {
		if slices.Contains(b, c) {
			both = append(both, c)
		}
	}
	return both
}

// lacking is the conditions of a that b lacks.
func lacking(a, b []event.Condition) (rest []event.Condition) {
	for _, c := range a {
		if !slices.Contains(b, c) {
			rest = append(rest, c)
		}
	}
	return rest
}

// and is what must hold where both must. Where that were too many clauses, the
// formula with fewer is enough.
func (f formula) and(g formula) formula {
	if len(f) > len(g) {
		f, g = g, f
	}
	if f.isAny() {
		return g
	}
	if len(f)*len(g) > maxInBetween {
		return f
	}
	var both formula
	for i := range f {
		for j := range g {
			if c, ok := f[i].and(&g[j]); ok {
				both = both.with(c)
			}
		}
	}
	return both
}

// and is a clause that demands what both do; ok is false where nothing can hold for it.
func (c *clause) and(d *clause) (both clause, ok bool) {
	both = clause{slices.Clone(c.all), c.path.stricter(d.path)}
	for _, cond := range d.all {
		if both.all, ok = andCondition(both.all, cond); !ok {
			return clause{}, false
		}
	}
	return both, true
}

// andCondition adds a condition; ok is false where the others rule it out.
func andCondition(all []event.Condition, c event.Condition) (more []event.Condition, ok bool) {
	for i, old := range all {
		switch {
		case old == c || settles(old, c) && c.Of(old.Value):
			return all, true
		case settles(old, c) || settles(c, old) && !old.Of(c.Value):
			return nil, false
		case settles(c, old):
			return andCondition(slices.Delete(all, i, i+1), c)
		}
	}
	for i, old := range all {
		if old.Arg == c.Arg && !old.Not && !c.Not {
			if (old.Value^c.Value)&old.Mask&c.Mask != 0 {
				return nil, false
			}
			all[i].Mask, all[i].Value = old.Mask|c.Mask, old.Value|c.Value
			return all, true
		}
	}
	return append(all, c), true
}

// settles reports whether a condition that some bits are as it says leaves no
// doubt of another, which is about no other bits.
func settles(a, b event.Condition) bool { return a.Arg == b.Arg && !a.Not && b.Mask&^a.Mask == 0 }

// fitted is the formula cut to what the kernel's side has room for, with the
// paths that all of its clauses with one want.
func (f formula) fitted() (formula, *pathSet) {
	f = f.short()
	if !slices.ContainsFunc(f, func(c clause) bool { return c.path != nil }) {
		return f, nil
	}
	paths := f.paths()
	if paths == nil {
		return f.anyPath().short(), nil
	}
	return f, paths
}

// paths is those of all clauses that want one, as far as there is room; nil, any path, where there is none.
func (f formula) paths() *pathSet {
	all := &pathSet{}
	for _, c := range f {
		if c.path != nil {
			all = all.or(c.path)
		}
	}
	if all == nil {
		return nil
	}
	return all.fitted()
}

// anyPath is the formula without demands on the path.
func (f formula) anyPath() (any formula) {
	for _, c := range f {
		any = any.with(clause{all: c.all})
	}
	return any
}

// short is a formula of few clauses, each of few conditions.
func (f formula) short() formula {
	var short formula
	for _, c := range f {
		c.all = slices.Clone(c.all)
		slices.SortStableFunc(c.all, func(a, b event.Condition) int { return a.Arg - b.Arg })
		c.all = c.all[:min(len(c.all), maxConditions)]
		short = short.with(c)
	}
	for len(short) > maxClauses {
		short = short.lessOne()
	}
	return short
}

// lessOne makes one clause of the two that have the most in common: of what both demand.
func (f formula) lessOne() formula {
	best, a, b := -1, 0, 0
	for i := range f {
		for j := range f[:i] {
			if n := f[i].shares(&f[j]); n > best {
				best, a, b = n, j, i
			}
		}
	}
	one := clause{common(f[a].all, f[b].all), f[a].path.or(f[b].path)}
	return slices.Delete(slices.Delete(slices.Clone(f), b, b+1), a, a+1).with(one)
}

// shares is how many demands two clauses have in common.
func (c *clause) shares(d *clause) int {
	n := len(common(c.all, d.all))
	if c.path != nil && d.path != nil {
		n++
	}
	return n
}

// pathless is how many clauses hold whatever the path.
func (f formula) pathless() (n int) {
	for _, c := range f {
		if c.path == nil {
			n++
		}
	}
	return n
}

// clauses is the formula as a source has it.
func (f formula) clauses() (all []event.Clause) {
	if f.isAny() {
		return nil
	}
	for _, c := range f {
		all = append(all, event.Clause{All: c.all, Path: c.path != nil})
	}
	return all
}
