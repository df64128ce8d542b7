package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tiercel/engine/event"
)

// A checked condition: macros and lists are gone, fields and values are resolved.
type (
	node   interface{}
	branch struct {
		or   bool
		kids []node
	}
	inverse struct{ kid node }
	leaf    struct {
		pred int32
		from *written
	}
)

// written is where a comparison was written: in which condition, and at which
// bytes of it the comparison and each of its values stand.
type written struct {
	name   string // of the rule or macro
	src    script
	at     int
	values []int
}

// checker resolves the names of conditions, and collects the set's predicates.
type checker struct {
	doc      *document
	preds    []*predicate
	byText   map[string]int32
	macros   map[string]*macro
	operands map[fieldName]*operand // of fields
	lists    map[string][]string    // those already expanded; nil for one that cannot be
	stack    []string               // the macros being expanded

	rule string // what is being checked, and where it stands
	src  script
}

// macro is a macro of which the tree is known, and where a rule has asked for it, what it means.
type macro struct {
	def      *macroDef
	tree     expr // nil after an error
	checked  bool
	node     node     // nil after an error
	problems Problems // to be said again for each rule that uses it
}

func newChecker(doc *document) *checker {
	c := &checker{doc: doc, byText: map[string]int32{}, macros: map[string]*macro{}, operands: map[fieldName]*operand{}, lists: map[string][]string{}}
	for _, name := range doc.order {
		c.macros[name] = &macro{def: doc.macros[name]}
	}
	for _, name := range doc.order { // a macro that nothing uses is parsed all the same
		m := c.macros[name]
		c.within(name, m.def.cond, func() { m.tree = c.parse() })
		if m.tree != nil {
			c.within(name, m.def.cond, func() { c.macroNames(m) })
		}
	}
	return c
}

// within runs f for a condition: what it reports is about that one.
func (c *checker) within(name string, src script, f func()) {
	outerRule, outerSrc := c.rule, c.src
	c.rule, c.src = name, src
	f()
	c.rule, c.src = outerRule, outerSrc
}

func (c *checker) parse() expr {
	e, err := parseWith(c.src.String(), func(name string) bool { return c.doc.lists[name] != nil })
	if err != nil {
		c.errorf(err.at, "syntax", "%s", err.msg)
		return nil
	}
	return e
}

// condition parses and resolves a condition; nil after an error, which is reported.
func (c *checker) condition(name string, src script) (n node) {
	c.within(name, src, func() {
		if e := c.parse(); e != nil {
			n = c.resolve(e)
		}
	})
	return n
}

func (c *checker) report(at int, code, format string, args ...any) {
	c.doc.errorf(c.src.place(at), code, c.rule, format, args...)
}

// errorf is report where a node is wanted.
func (c *checker) errorf(at int, code, format string, args ...any) node {
	c.report(at, code, format, args...)
	return nil
}

func (c *checker) warn(at int, code, hint, message string) {
	c.doc.warn(c.src.place(at), code, c.rule, message, hint)
}

// walk calls f with every macro's name and comparison in the tree.
func walk(e expr, f func(e expr)) {
	switch e := e.(type) {
	case *logic:
		for _, kid := range e.kids {
			walk(kid, f)
		}
	case *negation:
		walk(e.kid, f)
	default:
		f(e)
	}
}

// macroNames checks that the macros that a macro names are there, and defined above it.
func (c *checker) macroNames(m *macro) {
	walk(m.tree, func(e expr) {
		name, ok := e.(*macroName)
		if !ok {
			return
		}
		used := c.macros[name.name]
		switch {
		case used == nil:
			c.unknown(name.at, "macro", name.name, c.doc.order)
		case used == m:
			c.report(name.at, "cycle", "macro %q contains itself", name.name)
		case used.def.first >= m.def.last:
			c.report(name.at, "unknown-macro", "macro %q is defined below: a macro sees those above it", name.name)
		default:
			used.def.used = true
			return
		}
		m.tree = nil
	})
}

func (c *checker) resolve(e expr) node {
	switch e := e.(type) {
	case *logic:
		b := &branch{or: e.or}
		ok := true
		for _, kid := range e.kids {
			n := c.resolve(kid)
			ok = ok && n != nil
			b.kids = append(b.kids, n)
		}
		if !ok {
			return nil
		}
		return b
	case *negation:
		if n := c.resolve(e.kid); n != nil {
			return &inverse{n}
		}
		return nil
	case *macroName:
		return c.macro(e)
	case *comparison:
		return c.comparison(e)
	}
	panic("unreachable: unknown expr")
}

func (c *checker) macro(e *macroName) node {
	m := c.macros[e.name]
	if m == nil {
		return c.unknown(e.at, "macro", e.name, c.doc.order)
	}
	m.def.used = true
	if slices.Contains(c.stack, e.name) {
		return c.errorf(e.at, "cycle", "macro %q contains itself: %s", e.name, strings.Join(append(c.stack, e.name), " -> "))
	}
	if m.checked {
		c.doc.problems = append(c.doc.problems, m.problems...)
		return m.node
	}
	if m.tree == nil {
		return nil
	}
	before := len(c.doc.problems)
	c.stack = append(c.stack, e.name)
	c.within(e.name, m.def.cond, func() { m.node = c.resolve(m.tree) })
	c.stack = c.stack[:len(c.stack)-1]
	m.checked, m.problems = true, slices.Clone(c.doc.problems[before:])
	return m.node
}

// unknown reports a name that nothing has, with the nearest that something has.
func (c *checker) unknown(at int, kind, name string, known []string) node {
	p := c.src.place(at).problem("unknown-"+kind, c.rule, fmt.Sprintf("unknown %s %q", kind, name))
	if near := nearest(name, known); near != "" {
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	c.doc.report(p)
	return nil
}

func (c *checker) comparison(e *comparison) node {
	k := check{op: e.op, mod: e.mod, left: c.term(e.left)}
	if e.right != nil {
		k.right = c.term(e.right)
	}
	values, at, ok := c.values(e)
	if k.left == nil || e.right != nil && k.right == nil || !ok {
		return nil
	}
	k.values = values
	if !c.eventTypes(&k, at) {
		return nil
	}
	c.advise(e, &k, at)
	return c.share(e, &k, at)
}

// share returns the leaf of the comparison: of an equal one, if there was one before.
func (c *checker) share(e *comparison, k *check, at []int) node {
	quoted := *k
	quoted.values = quoteAll(k.values)
	key, from := quoted.String(), &written{c.rule, c.src, e.at, at}
	if i, done := c.byText[key]; done {
		return &leaf{i, from}
	}
	p, err := k.predicate()
	var bad *badValue
	switch {
	case errors.As(err, &bad):
		return c.errorf(at[bad.index], "value", "%v", err)
	case err != nil && len(at) == 1 && k.mod == noModifier && k.op.fits(k.left.typ, k.left.list):
		return c.errorf(at[0], "value", "%v", err)
	case err != nil:
		return c.errorf(e.opAt, "operator", "%v", err)
	}
	i := int32(len(c.preds))
	c.preds = append(c.preds, p)
	c.byText[key] = i
	return &leaf{i, from}
}

func quote(s string) string { return strconv.Quote(s) }

func quoteAll(values []string) []string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return quoted
}

// eventTypes checks that evt.type is compared with types that there are.
func (c *checker) eventTypes(k *check, at []int) bool {
	if k.left.field == nil || k.left.field.Name != typeField {
		return true
	}
	switch k.op {
	case opEq, opNe, opIn, opIntersects:
	default:
		return true
	}
	ok := true
	for i, value := range k.values {
		if !event.IsType(value) {
			c.unknown(at[i], "event type", value, event.Types())
			ok = false
		}
	}
	return ok
}

// typeField is the field that says which call an event is of.
const typeField = "evt.type"

// advise warns of what the reference warns of.
func (c *checker) advise(e *comparison, k *check, at []int) {
	if f := k.left.field; f != nil && f.Name == "evt.dir" {
		c.warn(e.at, "deprecated", "leave the comparison of evt.dir out", "there is one event per call, with its result: 'evt.dir = <' is always true, 'evt.dir = >' never")
	}
	for i, value := range k.values {
		if k.left.typ.IsText() && isTerm(strings.TrimSpace(value)) {
			c.warn(at[i], "misused-field", fmt.Sprintf("write val(%s) to compare with the field", strings.TrimSpace(value)), fmt.Sprintf("%q is compared with as text, but is a field", value))
		}
	}
}

func (c *checker) field(n *fieldName) (*event.Field, *event.Arg, bool) {
	f, arg, err := lookupField(n.name, n.arg, n.hasArg)
	if err == nil {
		return f, arg, true
	}
	if f == nil {
		c.unknown(n.at, "field", n.name, fieldNames())
	} else {
		c.report(n.at, "field", "%v", err)
	}
	return nil, nil, false
}

// unused warns of macros and lists that nothing refers to.
func (c *checker) unused() {
	c.markLists()
	for _, name := range c.doc.order {
		if m := c.doc.macros[name]; !m.used {
			c.doc.warn(m.at, "unused-macro", name, fmt.Sprintf("macro %q is used nowhere", name), "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.doc.lists)) {
		if l := c.doc.lists[name]; !l.used {
			c.doc.warn(l.at, "unused-list", name, fmt.Sprintf("list %q is used nowhere", name), "")
		}
	}
}
