package rules

import (
	"fmt"
	"slices"
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
	leaf    struct{ pred int32 }
)

// checker resolves the names of conditions, and collects the set's predicates.
type checker struct {
	doc    *document
	preds  []*predicate
	byText map[string]int32
	macros map[string]node     // those already checked
	lists  map[string][]string // those already expanded; nil for one that cannot be
	stack  []string            // the macros being expanded

	rule string // what is being checked, and where it stands
	src  script
}

func newChecker(doc *document) *checker {
	return &checker{doc: doc, byText: map[string]int32{}, macros: map[string]node{}, lists: map[string][]string{}}
}

// condition parses and resolves a condition; nil after an error, which is reported.
func (c *checker) condition(name string, src script) node {
	outerRule, outerSrc := c.rule, c.src
	c.rule, c.src = name, src
	defer func() { c.rule, c.src = outerRule, outerSrc }()
	e, err := parse(src.String())
	if err != nil {
		c.doc.report(src.place(err.at).problem("syntax", name, err.msg))
		return nil
	}
	return c.resolve(e)
}

func (c *checker) errorf(at int, code, format string, args ...any) node {
	c.doc.errorf(c.src.place(at), code, c.rule, format, args...)
	return nil
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
	if n, done := c.macros[e.name]; done {
		return n
	}
	m := c.doc.macros[e.name]
	if m == nil {
		return c.unknown(e.at, "macro", e.name, keys(c.doc.macros))
	}
	if slices.Contains(c.stack, e.name) {
		return c.errorf(e.at, "cycle", "macro %q contains itself: %s", e.name, strings.Join(append(c.stack, e.name), " -> "))
	}
	c.stack = append(c.stack, e.name)
	n := c.condition(e.name, m.cond)
	c.stack = c.stack[:len(c.stack)-1]
	c.macros[e.name] = n
	return n
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

func keys[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c *checker) comparison(e *comparison) node {
	f, arg, ok := c.field(e.field)
	if !ok {
		return nil
	}
	values, at, ok := c.values(e)
	if !ok {
		return nil
	}
	key := describe(f, arg, e.op, quoteAll(values))
	if i, done := c.byText[key]; done {
		return &leaf{i}
	}
	p, bad, err := newPredicate(f, arg, e.op, values)
	switch {
	case err != nil && bad >= 0:
		return c.errorf(at[bad], "value", "%v", err)
	case err != nil:
		return c.errorf(e.opAt, "operator", "%v", err)
	}
	i := int32(len(c.preds))
	c.preds = append(c.preds, p)
	c.byText[key] = i
	return &leaf{i}
}

func quoteAll(values []string) []string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return quoted
}

func (c *checker) field(n fieldName) (*event.Field, *event.Arg, bool) {
	f, arg, err := lookupField(n.name, n.arg, n.hasArg)
	if err == nil {
		return f, arg, true
	}
	if f == nil {
		c.unknown(n.at, "field", n.name, fieldNames())
	} else {
		c.errorf(n.at, "field", "%v", err)
	}
	return nil, nil, false
}

// lookupField finds the field of a name with its argument, behind a dot or in
// brackets; f is nil where there is no such field.
func lookupField(name, inBrackets string, hasBrackets bool) (f *event.Field, arg *event.Arg, err error) {
	f, dotted, ok := event.LookupField(name)
	if !ok {
		return nil, nil, fmt.Errorf("unknown field %q", name)
	}
	if hasBrackets {
		dotted = inBrackets
	}
	arg = event.NewArg(dotted)
	switch {
	case f.Arg == event.NoArg && arg.Set:
		return f, nil, fmt.Errorf("field %q takes no argument", f.Name)
	case f.Arg == event.MustKey && !arg.Set:
		return f, nil, fmt.Errorf("field %q wants an argument: %s.NAME", f.Name, f.Name)
	case f.Arg == event.MayIndex && arg.Set && !isIndex(dotted):
		return f, nil, fmt.Errorf("field %q wants a number as its argument, not %q", f.Name, dotted)
	}
	return f, arg, nil
}

func isIndex(s string) bool {
	return strings.Trim(s, "0123456789") == "" && len(s) < 6
}

func fieldNames() []string {
	names := make([]string, len(event.Fields))
	for i := range event.Fields {
		names[i] = event.Fields[i].Name
	}
	return names
}

// values returns the comparison's values with lists expanded, and the place of each.
func (c *checker) values(e *comparison) (values []string, at []int, ok bool) {
	for _, lit := range e.values {
		if e.list && !lit.quoted && c.doc.lists[lit.text] != nil {
			items, good := c.list(lit.at, lit.text, nil)
			if !good {
				return nil, nil, false
			}
			values = append(values, items...)
		} else {
			values = append(values, lit.text)
		}
		for len(at) < len(values) {
			at = append(at, lit.at)
		}
	}
	return values, at, true
}

// maxItems bounds a list with the lists that it names: lists that double one
// another over and over are refused rather than expanded for minutes.
const maxItems = 1 << 20

// list returns the items of a list, and of the lists that it names.
func (c *checker) list(at int, name string, within []string) ([]string, bool) {
	if values, done := c.lists[name]; done {
		return values, values != nil
	}
	if slices.Contains(within, name) {
		c.errorf(at, "cycle", "list %q contains itself", name)
		return nil, false
	}
	values := []string{}
	for _, item := range c.doc.lists[name].items {
		if c.doc.lists[item.value] == nil {
			values = append(values, item.value)
			continue
		}
		more, ok := c.list(at, item.value, append(within, name))
		if ok && len(values)+len(more) > maxItems {
			c.errorf(at, "too-long", "list %q has more than %d items", name, maxItems)
			ok = false
		}
		if !ok {
			c.lists[name] = nil
			return nil, false
		}
		values = append(values, more...)
	}
	c.lists[name] = values
	return values, true
}

// nearest returns the known name that is most like name, or "" where none is like it.
func nearest(name string, known []string) string {
	best, bestDist := "", max(1, len(name)/3)+1
	for _, k := range known {
		if d := distance(name, k, bestDist); d < bestDist {
			best, bestDist = k, d
		}
	}
	return best
}

// distance is the edit distance (Levenshtein) of two names, or limit if it is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return min(row[len(b)], limit)
}
