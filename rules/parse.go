package rules

// The grammar of conditions:
//
//	condition  = and-expr { "or" and-expr }
//	and-expr   = not-expr { "and" not-expr }
//	not-expr   = { "not" } ( "(" condition ")" | comparison | macro )
//	comparison = field "exists"
//	           | field ( "<" | "<=" | ">" | ">=" ) number
//	           | field ( "=" | "==" | "!=" | "contains" | "startswith" | ... ) value
//	           | field ( "in" | "intersects" | "pmatch" ) ( "(" [ value { "," value } ] ")" | list )
//	field      = name "." name { "." name } [ "[" ( quoted | argument ) "]" ]
//	value      = quoted | bare
//
// After "and", "or" and "not" stands a blank or an opening parenthesis. A bare
// value ends at a blank, parenthesis, comma, quote or equals sign.

// maxDepth is how deep parentheses and negations may nest; the reference has the same.
const maxDepth = 100

type parser struct {
	lexer
	depth int
}

// parse returns the tree of a condition.
func parse(src string) (e expr, err *syntaxError) {
	p := &parser{lexer: lexer{src: src}}
	defer func() {
		if r := recover(); r != nil {
			s, ok := r.(syntaxError)
			if !ok {
				panic(r)
			}
			err = &s
		}
	}()
	p.blank()
	e = p.condition()
	p.blank()
	if p.pos < len(src) {
		p.fail(p.pos, "unexpected %q, want 'and', 'or' or the end", p.rest())
	}
	return e, nil
}

// rest is a few bytes of what is still to come, for messages.
func (p *parser) rest() string {
	r := p.src[p.pos:]
	for i := 1; i < len(r); i++ {
		if isBlank(r[i]) || i > 20 {
			return r[:i]
		}
	}
	return r
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.pos, "condition nested deeper than %d levels", maxDepth)
	}
}

func (p *parser) condition() expr {
	p.enter()
	defer func() { p.depth-- }()
	return p.joined(true, "or", func() expr { return p.joined(false, "and", p.notExpr) })
}

// joined reads operands with the word between them.
func (p *parser) joined(or bool, word string, operand func() expr) expr {
	at := p.pos
	kids := []expr{operand()}
	for {
		before := p.pos
		p.blank()
		if !p.symbol(word) {
			p.pos = before
			break
		}
		if !p.blank() && p.peek() != '(' {
			p.fail(p.pos, "expected a blank or '(' after '%s'", word)
		}
		kids = append(kids, operand())
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &logic{at, or, kids}
}

func (p *parser) notExpr() expr {
	at, negated := p.pos, false
	for p.not() {
		negated = !negated
	}
	e := p.primary()
	if negated {
		return &negation{at, e}
	}
	return e
}

// not takes "not" where it is the word and no macro's name begins with it.
func (p *parser) not() bool {
	before := p.pos
	if p.symbol("not") && (p.blank() || p.peek() == '(') {
		return true
	}
	p.pos = before
	return false
}

func (p *parser) primary() expr {
	at := p.pos
	if p.symbol("(") {
		p.blank()
		e := p.condition()
		p.blank()
		if !p.symbol(")") {
			p.fail(p.pos, "expected ')' for the '(' at column %d", at+1)
		}
		return e
	}
	name, dotted := p.name()
	switch {
	case name == "":
		p.fail(p.pos, "expected a field, a macro or '('")
	case !dotted:
		return &macroName{at, name}
	}
	return p.comparison(p.fieldArg(fieldName{at: at, name: name}))
}

// fieldArg reads the [argument] behind a field's name, if there is one.
func (p *parser) fieldArg(f fieldName) fieldName {
	if !p.symbol("[") {
		return f
	}
	arg, ok := p.quoted()
	if !ok {
		arg = p.while(func(c byte) bool { return !isBlank(c) && c != ']' && c != '[' && c != '"' && c != '\'' })
		ok = arg != ""
	}
	if !ok {
		p.fail(p.pos, "expected the field's argument: a name, a number or a quoted string")
	}
	if !p.symbol("]") {
		p.fail(p.pos, "expected ']' after the field's argument")
	}
	f.arg, f.hasArg = arg, true
	return f
}

func (p *parser) comparison(f fieldName) expr {
	p.blank()
	c := &comparison{at: f.at, field: f, opAt: p.pos}
	op, ok := p.operator()
	if !ok {
		p.fail(p.pos, "expected an operator after '%s', such as =, in, startswith or exists", f.name)
	}
	c.op = op
	if op.shape() == noValue {
		return c
	}
	spaced := p.blank()
	if last := p.src[c.opAt:p.pos]; !spaced && isLetter(last[len(last)-1]) && isWord(p.peek()) {
		p.fail(c.opAt, "expected a blank after '%s'", op)
	}
	c.values, c.list = p.values(op)
	return c
}

func (p *parser) values(op operator) (values []literal, list bool) {
	if op.shape() == listValue {
		return p.list(op), true
	}
	read, want := p.value, "value"
	if op.shape() == numberValue {
		read, want = p.number, "number"
	}
	v, ok := read()
	if !ok {
		p.fail(p.pos, "expected a %s after '%s'", want, op)
	}
	return []literal{v}, false
}

func (p *parser) list(op operator) []literal {
	at := p.pos
	if !p.symbol("(") {
		name, dotted := p.name()
		if name == "" || dotted {
			p.fail(at, "expected '(' or a list's name after '%s'", op)
		}
		return []literal{{at: at, text: name}}
	}
	p.blank()
	if p.symbol(")") {
		return nil
	}
	var values []literal
	for {
		v, ok := p.value()
		if !ok {
			p.fail(p.pos, "expected a value in the list")
		}
		values = append(values, v)
		p.blank()
		if p.symbol(")") {
			return values
		}
		if !p.symbol(",") {
			p.fail(p.pos, "expected ',' or ')' in the list")
		}
		p.blank()
	}
}
