package rules

import (
	"fmt"

	"tiercel/engine/event"
)

// Check returns all problems of the files: those of Compile, and, where none of
// them is an error, warnings of what is probably not meant. What these say is
// proved from what comparisons, fields and calls are; where it cannot be proved,
// nothing is said.
func Check(files []File) Problems {
	c := newChecker(load(files))
	x := newIndexer(c)
	set, problems := c.compileSet(x)
	if set == nil {
		return problems
	}
	newAdviser(c, x).adviseAll(set)
	return tidy(c.doc.problems)
}

// adviser looks for what is probably not meant in a set that has no errors.
type adviser struct {
	c      *checker
	x      *indexer
	set    *Set
	macros map[node]string // which conditions are a macro's, by its name
	facts  map[int32]*predFacts
	words  map[*event.Field][]string
	dead   map[*Rule]bool // the rules that never match

	unanswered map[fieldInFile]*mention

	at   subject
	left int // how much work the condition at hand may still take
}

// subject is a condition that is looked at: of a macro, a rule, or a step of one.
type subject struct {
	name   string // of the rule or macro
	what   string // the same in words
	isRule bool
	root   node
	src    func() script
}

// maxWork bounds how many comparisons are held against one another for one
// condition: what is too long for that is left without advice.
const maxWork = 1 << 18

func newAdviser(c *checker, x *indexer) *adviser {
	a := &adviser{c: c, x: x, macros: map[node]string{}, facts: map[int32]*predFacts{}, words: map[*event.Field][]string{}, dead: map[*Rule]bool{}, unanswered: map[fieldInFile]*mention{}}
	for name, m := range c.macros {
		if m.node != nil {
			a.macros[m.node] = name
		}
	}
	return a
}

func (a *adviser) adviseAll(set *Set) {
	a.set = set
	for _, name := range a.c.doc.order {
		m := a.c.macros[name]
		a.precedence(name, m.def.cond)
		if m.node != nil {
			a.condition(subject{name, fmt.Sprintf("macro %q", name), false, m.node, func() script { return m.def.cond }})
		}
	}
	for _, r := range set.Rules {
		a.rule(r, a.c.doc.rule(r.Name))
	}
	a.tellUnanswered()
	a.shadows()
	a.brokenMacros()
}

func (a *adviser) rule(r *Rule, def *ruleDef) {
	a.precedence(r.Name, def.cond)
	for i := range r.conds {
		if a.condition(a.subject(r, def, i)) {
			a.dead[r] = true
		}
	}
	if !a.dead[r] && len(def.sequence) == 0 {
		a.exceptions(def, r.conds[0])
	}
}

// subject is the rule's i-th condition.
func (a *adviser) subject(r *Rule, def *ruleDef, i int) subject {
	s := subject{r.Name, fmt.Sprintf("rule %q", r.Name), true, r.conds[i], nil}
	if len(def.sequence) > 0 {
		s.what = fmt.Sprintf("step %d of %s", i+1, s.what)
		s.src = func() script { return def.sequence[i] }
		return s
	}
	s.src = func() script {
		src, _ := a.c.doc.condition(def) // had it an error, there would be no advice
		return src
	}
	return s
}

// condition advises on a condition, and reports whether it never matches.
func (a *adviser) condition(s subject) bool {
	a.at, a.left = s, maxWork
	a.ownLeaves(s.root, a.comparison)
	f := a.never(a.parts(s.root, false), around{rows: watched})
	if f == nil {
		a.explore(s.root, around{rows: watched})
		return false
	}
	if !f.alone || f.culprit.macro != "" && s.isRule { // else it was said of the comparison
		a.warn(f, "never-matches", s.what+" never matches: ")
	}
	return true
}

func (a *adviser) warn(f *finding, code, before string) {
	at, name := a.placeOf(f.culprit)
	a.c.doc.warn(at, code, name, before+f.message, f.hint)
}

// explore warns of the alternatives of a condition that never match, though it may match itself.
func (a *adviser) explore(n node, in around) {
	b, ok := n.(*branch)
	if !ok || a.macroAt(n) != "" || a.left < 0 {
		return
	}
	if !b.or {
		parts := a.parts(n, false)
		for i, p := range parts {
			if _, or := p.n.(*branch); or && !p.negated && p.macro == "" {
				a.explore(p.n, a.beside(parts, i, in))
			}
		}
		return
	}
	for _, kid := range b.kids {
		f := a.never(a.parts(kid, false), in)
		switch {
		case f == nil:
			a.explore(kid, in)
		case !f.alone:
			a.warn(f, "never-matches", "this alternative never matches: ")
		}
	}
}

// macroAt is the name of the macro whose condition the node is, empty for a part of the condition at hand.
func (a *adviser) macroAt(n node) string {
	if n == a.at.root {
		return ""
	}
	return a.macros[n]
}

// ownLeaves calls f with the comparisons that stand in the condition itself, not in a macro.
func (a *adviser) ownLeaves(n node, f func(*leaf)) {
	if a.macroAt(n) != "" {
		return
	}
	switch n := n.(type) {
	case *inverse:
		a.ownLeaves(n.kid, f)
	case *branch:
		for _, kid := range n.kids {
			a.ownLeaves(kid, f)
		}
	case *leaf:
		f(n)
	}
}

// placeOf returns where a part of the condition at hand stands, and in whose text.
func (a *adviser) placeOf(p part) (spot, string) {
	if p.macro == "" {
		from := firstLeaf(p.n).from
		return from.src.place(from.at), from.name
	}
	src, at := a.at.src(), -1
	a.c.within(a.at.name, src, func() {
		walk(a.c.parse(), func(e expr) {
			if m, ok := e.(*macroName); ok && m.name == p.macro && at < 0 {
				at = m.at
			}
		})
	})
	return src.place(max(at, 0)), a.at.name
}

func firstLeaf(n node) *leaf {
	switch n := n.(type) {
	case *inverse:
		return firstLeaf(n.kid)
	case *branch:
		return firstLeaf(n.kids[0])
	}
	return n.(*leaf)
}
