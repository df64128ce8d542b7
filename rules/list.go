package rules

import (
	"slices"
	"strings"
)

// values returns the comparison's values with lists expanded, and the place of
// each. As in the reference a list's name stands for its items wherever a bare
// value may stand: in the place of a single value, a list must have just one.
func (c *checker) values(e *comparison) (values []string, at []int, ok bool) {
	for _, lit := range e.values {
		switch {
		case lit.quoted || c.doc.lists[lit.text] == nil:
			values = append(values, lit.text)
		default:
			items, good := c.list(lit.at, lit.text, nil)
			if !good {
				return nil, nil, false
			}
			if !e.list && len(items) != 1 {
				c.report(lit.at, "list", "list %q has %d items where one value stands: write 'in (%s)'", lit.text, len(items), lit.text)
				return nil, nil, false
			}
			values = append(values, items...)
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
	def := c.doc.lists[name]
	def.used = true
	if values, done := c.lists[name]; done {
		return values, values != nil
	}
	if slices.Contains(within, name) {
		c.report(at, "cycle", "list %q contains itself", name)
		return nil, false
	}
	values, ok := c.expand(at, def, append(within, name))
	c.lists[name] = values
	return values, ok
}

func (c *checker) expand(at int, def *listDef, within []string) ([]string, bool) {
	values := []string{}
	for _, item := range def.items {
		if c.doc.lists[item.value] == nil {
			values = append(values, itemValues(item.value)...)
			continue
		}
		more, ok := c.list(at, item.value, within)
		if ok && len(values)+len(more) > maxItems {
			c.report(at, "too-long", "list %q has more than %d items", within[len(within)-1], maxItems)
			ok = false
		}
		if !ok {
			return nil, false
		}
		values = append(values, more...)
	}
	return values, true
}

// itemValues returns what an item of a list stands for in a condition: one with
// a blank in it is one text; else it is read as if it stood there, so that it
// may be quoted, or several with commas between.
func itemValues(item string) []string {
	if strings.Trim(item, plainItem) == "" {
		return []string{item}
	}
	p := parser{lexer: lexer{src: "(" + quoteBlank(item) + ")"}}
	values, ok := p.tryList()
	if !ok {
		return []string{item}
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.text
	}
	return texts
}

// plainItem is what most items are made of: these need no second look.
const plainItem = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"

// tryList reads a list of values in parentheses that is all there is.
func (p *parser) tryList() (values []literal, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok = r.(syntaxError); !ok {
				panic(r)
			}
			ok = false
		}
	}()
	values = p.list(opIn)
	return values, p.pos == len(p.src)
}

// markLists notes which lists other lists name.
func (c *checker) markLists() {
	for _, def := range c.doc.lists {
		for _, item := range def.items {
			if named := c.doc.lists[item.value]; named != nil && named.first < def.last {
				named.used = true
			}
		}
	}
}
