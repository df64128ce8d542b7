package rules

import (
	"encoding/binary"

	"tiercel/engine/event"
)

// codec writes a set as bytes or reads one. Each of its methods says once, for
// both ways, what something consists of: numbers are varints (encoding/binary),
// texts and lists stand behind their length, and pointers are indices or names.
type codec struct {
	data     []byte // what was written, or is left to read
	text     string // data, as long as it was when reading began: what texts are parts of
	reading  bool
	failed   bool     // what is read is no set
	check    *checker // of the fields that are read
	operands map[string]*operand
}

type integer interface {
	~int | ~int32 | ~int64 | ~uint8 | ~uint32 | ~uint64
}

func number[T integer](c *codec, n *T) {
	if !c.reading {
		c.data = binary.AppendVarint(c.data, int64(*n))
		return
	}
	v, size := binary.Varint(c.data)
	if size <= 0 {
		c.failed, c.data, size = true, nil, 0
	}
	*n, c.data = T(v), c.data[size:]
}

func (c *codec) bool(b *bool) {
	n := uint8(0)
	if *b {
		n = 1
	}
	number(c, &n)
	*b = n == 1
}

func (c *codec) string(s *string) {
	n := len(*s)
	if number(c, &n); !c.reading {
		c.data = append(c.data, *s...)
		return
	}
	if n < 0 || n > len(c.data) {
		c.failed, n = true, 0
	}
	at := len(c.text) - len(c.data)
	*s, c.data = c.text[at:at+n], c.data[n:]
}

// list writes or reads what each says of every item. No item is less than a byte.
func list[T any](c *codec, all *[]T, each func(*T)) {
	n := len(*all)
	if number(c, &n); c.reading && (n < 0 || n > len(c.data)) {
		c.failed, n = true, 0
	}
	if c.reading && n > 0 {
		*all = make([]T, n)
	}
	for i := range *all {
		each(&(*all)[i])
	}
}

// optional writes or reads what each says of a thing that need not be there.
func optional[T any](c *codec, p **T, each func(*T)) {
	there := *p != nil
	c.bool(&there)
	switch {
	case !there:
		return
	case c.reading:
		*p = new(T)
	}
	each(*p)
}

func (c *codec) set(s *Set) {
	list(c, &s.preds, func(p **predicate) { optional(c, p, c.predicate) })
	list(c, &s.Rules, func(r **Rule) { optional(c, r, c.rule) })
	rules := map[*Rule]int{}
	for i, r := range s.Rules {
		rules[r] = i
	}
	list(c, &s.variants, func(v *variant) {
		i := rules[v.rule]
		if number(c, &i); c.reading && c.within(i, len(s.Rules)) {
			v.rule = s.Rules[i]
		}
		list(c, &v.codes, c.program)
	})
	for row := range event.Table {
		list(c, &s.byRow[row], func(i *int32) { number(c, i) })
		list(c, &s.stateful[row], func(i *int32) { number(c, i) })
		c.need(&s.needs.Rows[row])
	}
	number(c, &s.needs.Process)
}

// within reports whether there are more than i of something; if not, the reading fails.
func (c *codec) within(i, n int) bool {
	c.failed = c.failed || i < 0 || i >= n
	return !c.failed
}

func (c *codec) need(n *event.RowNeed) {
	c.bool(&n.Match)
	c.bool(&n.State)
	number(c, &n.Facts)
	list(c, &n.Only, func(clause *event.Clause) {
		list(c, &clause.All, c.condition)
		c.bool(&clause.Path)
	})
	optional(c, &n.Paths, func(p *event.Paths) {
		number(c, &p.Param)
		list(c, &p.Texts, c.string)
		list(c, &p.Prefixes, c.string)
		list(c, &p.Names, c.string)
		c.bool(&p.Written)
	})
}

func (c *codec) condition(cond *event.Condition) {
	number(c, &cond.Arg)
	number(c, &cond.Mask)
	number(c, &cond.Value)
	c.bool(&cond.Not)
}

func (c *codec) rule(r *Rule) {
	for _, s := range []*string{&r.Name, &r.Desc, &r.Condition, &r.Output, &r.Source, &r.Message.end} {
		c.string(s)
	}
	list(c, &r.Message.parts, func(p *templatePart) {
		c.string(&p.text)
		c.string(&p.name)
		c.operand(&p.value)
		c.bool(&p.again)
	})
	number(c, &r.Priority)
	list(c, &r.Tags, c.string)
	c.bool(&r.Enabled)
	optional(c, &r.State, c.state)
	list(c, &r.Places, func(p *Place) {
		c.string(&p.File)
		number(c, &p.Line)
		c.string(&p.What)
	})
	list(c, &r.Except, func(e *Exception) {
		c.string(&e.Name)
		c.string(&e.Condition)
	})
	list(c, &r.codes, c.program)
	list(c, &r.conds, c.node)
	for i := range r.rows {
		number(c, &r.rows[i])
	}
}

func (c *codec) state(s *State) {
	number(c, &s.Count)
	number(c, &s.Steps)
	number(c, &s.Within)
	list(c, &s.By, func(ref *Ref) {
		name := ""
		if !c.reading {
			name = ref.Arg.FullName(ref.Field)
		}
		if c.string(&name); c.reading && !c.failed {
			var err error
			*ref, err = NewRef(name)
			c.failed = err != nil
		}
	})
}

func (c *codec) program(p *program) {
	list(c, (*[]instr)(p), func(in *instr) {
		number(c, &in.pred)
		c.bool(&in.negated)
		number(c, &in.yes)
		number(c, &in.no)
	})
}

// The kinds of node, as they are stored.
const (
	storedLeaf uint8 = iota
	storedInverse
	storedAnd
	storedOr
)

func kindOf(n node) uint8 {
	switch n := n.(type) {
	case *inverse:
		return storedInverse
	case *branch:
		if n.or {
			return storedOr
		}
		return storedAnd
	}
	return storedLeaf
}

func (c *codec) node(n *node) {
	kind := kindOf(*n)
	number(c, &kind)
	switch kind {
	case storedLeaf:
		number(c, &fresh[leaf](c, n).pred)
	case storedInverse:
		c.node(&fresh[inverse](c, n).kid)
	default:
		b := fresh[branch](c, n)
		list(c, &b.kids, c.node)
		b.or = kind == storedOr
	}
}

// fresh is the node, a new one where it is read.
func fresh[T any](c *codec, n *node) *T {
	if c.reading {
		*n = new(T)
	}
	return (*n).(*T)
}

func (c *codec) predicate(p *predicate) {
	c.operand(&p.left)
	number(c, &p.op)
	number(c, &p.mod)
	list(c, &p.values, c.string)
	c.operand(&p.right)
}

// operand is stored as its text; that is empty where there is none.
func (c *codec) operand(o **operand) {
	s := ""
	if *o != nil {
		s = (*o).text
	}
	if c.string(&s); !c.reading || c.failed {
		return
	}
	known, done := c.operands[s]
	if !done {
		if t, err := parseTerm(s); err == nil {
			c.check.src = script{lineOf("stored", s)} // what a problem, such as a field that there is no more, is said of
			known = c.check.term(t)
		}
		c.operands[s], c.failed = known, known == nil
	}
	*o = known
}

// parseTerm reads one side of a comparison.
func parseTerm(s string) (t term, err *syntaxError) {
	defer catch(&err)
	p := parser{lexer: lexer{src: s}}
	if t = p.right(); t == nil {
		p.pos = 0
		name, _ := p.name()
		t = p.field(0, name)
	}
	return t, nil
}
