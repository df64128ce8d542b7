package rules

// The grammar of conditions:
//
//	condition   = and-expr { "or" and-expr }
//	and-expr    = not-expr { "and" not-expr }
//	not-expr    = { "not" } ( "(" condition ")" | comparison | macro )
//	comparison  = ( field | transformer ) test
//	test        = "exists"
//	            | ( "<" | "<=" | ">" | ">=" ) ( number | right )
//	            | string-op ( value | right | modifier ( values | list ) )
//	            | ( "in" | "intersects" | "pmatch" ) ( values | list | right )
//	string-op   = "=" | "==" | "!=" | "contains" | "startswith" | ...
//	modifier    = "oneof" | "anyof" | "allof"
//	values      = "(" [ value { "," value } ] ")"
//	right       = "val(" field ")" | transformer
//	transformer = name "(" argument { "," argument } ")" [ "[" key "]" ]
//	argument    = single | "(" [ single { "," single } ] ")"
//	single      = field | transformer | quoted | number
//	field       = name "." name { "." name } [ "[" key "]" ]
//	key         = quoted | bare
//	value       = quoted | bare
//
// After "and", "or" and "not" stands a blank or an opening parenthesis. A bare
// value ends at a blank, parenthesis, comma, quote or equals sign.

// maxDepth is how deep parentheses, negations and transformers may nest. The
// reference bounds the calls of its parser, of which a parenthesis takes some
// five, to a thousand: no condition that it takes is too deep here.
const maxDepth = 250

type parser struct {
	lexer
	depth  int
	isList func(name string) bool // whether bare words with blanks between are a list's name
}

// parse returns the tree of a condition.
func parse(src string) (expr, *syntaxError) {
	return parseWith(src, func(string) bool { return false })
}

// parseWith is parse where lists may have names with blanks in them: the
// reference warns of these, and finds them all the same.
func parseWith(src string, isList func(name string) bool) (e expr, err *syntaxError) {
	p := &parser{lexer: lexer{src: src}, isList: isList}
	defer catch(&err)
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
	if name, ok := p.transformer(); ok && name != valTransformer {
		return p.comparison(p.transform(at, name))
	}
	p.pos = at
	name, dotted := p.name()
	switch {
	case name == "":
		p.fail(p.pos, "expected a field, a macro or '('")
	case !dotted:
		return &macroName{at, name}
	}
	return p.comparison(p.field(at, name))
}

// field reads what stands behind a field's name.
func (p *parser) field(at int, name string) term {
	f := &fieldName{at: at, name: name}
	f.arg, f.hasArg = p.key("field's argument")
	return f
}

// key reads [key], if there is one.
func (p *parser) key(what string) (key string, ok bool) {
	if !p.symbol("[") {
		return "", false
	}
	key, ok = p.quoted()
	if !ok {
		key = p.while(func(c byte) bool { return !isBlank(c) && c != ']' && c != '[' && c != '"' && c != '\'' })
		ok = key != ""
	}
	if !ok {
		p.fail(p.pos, "expected the %s: a name, a number or a quoted string", what)
	}
	if !p.symbol("]") {
		p.fail(p.pos, "expected ']' after the %s", what)
	}
	return key, true
}

// transform reads a transformer's arguments, behind its opening parenthesis.
func (p *parser) transform(at int, name string) term {
	p.enter()
	defer func() { p.depth-- }()
	t := &transform{at: at, name: name}
	for more := true; more; more = p.comma() {
		t.args = append(t.args, p.argument(name))
	}
	if !p.symbol(")") {
		p.fail(p.pos, "expected ')' that closes '%s('", name)
	}
	t.key, t.hasKey = p.key("key")
	return t
}

// comma takes a comma with blanks around it.
func (p *parser) comma() bool {
	p.blank()
	if !p.symbol(",") {
		return false
	}
	p.blank()
	return true
}

func (p *parser) argument(of string) term {
	p.blank()
	at := p.pos
	if of == valTransformer {
		name, dotted := p.name()
		if !dotted {
			p.fail(at, "expected a field in 'val(...)'")
		}
		return p.field(at, name)
	}
	if !p.symbol("(") {
		return p.single()
	}
	list := &termList{at: at}
	p.blank()
	if p.symbol(")") {
		return list
	}
	for more := true; more; more = p.comma() {
		list.items = append(list.items, p.single())
	}
	if !p.symbol(")") {
		p.fail(p.pos, "expected ')' that closes the list")
	}
	return list
}

// single reads one value of a transformer: a field, another transformer, a
// quoted string or a number.
func (p *parser) single() term {
	at := p.pos
	if name, ok := p.transformer(); ok && name != valTransformer {
		return p.transform(at, name)
	}
	p.pos = at
	if name, dotted := p.name(); dotted {
		return p.field(at, name)
	}
	p.pos = at
	if s, ok := p.quoted(); ok {
		return &literal{at, s, true}
	}
	n, ok := p.number()
	if !ok {
		p.fail(at, "expected an argument: a field, a transformer, a quoted string, a number or a list of them")
	}
	return &n
}

func (p *parser) comparison(left term) expr {
	written := p.src[left.place():p.pos]
	p.blank()
	c := &comparison{at: left.place(), left: left, opAt: p.pos}
	op, ok := p.operator()
	if !ok {
		p.fail(p.pos, "expected an operator after '%s', such as =, in, startswith or exists", written)
	}
	c.op = op
	switch op.shape() {
	case noValue:
		return c
	case stringValue:
		c.mod = p.modifier()
	}
	p.blank()
	if c.mod == noModifier {
		c.right = p.right()
	}
	if c.right == nil {
		c.values, c.list = p.values(op, c.mod)
	}
	return c
}

// right reads a field or a transformer in the place of a value, if there is one.
func (p *parser) right() term {
	at := p.pos
	if name, ok := p.transformer(); ok {
		return p.transform(at, name)
	}
	return nil
}

func (p *parser) values(op operator, mod modifier) (values []literal, list bool) {
	if op.shape() == listValue || mod != noModifier {
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
	for more := true; more; more = p.comma() {
		v, ok := p.value()
		if !ok {
			p.fail(p.pos, "expected a value in the list")
		}
		values = append(values, p.spaced(v))
	}
	if !p.symbol(")") {
		p.fail(p.pos, "expected ',' or ')' in the list")
	}
	return values
}

// spaced takes the words behind a bare one that make a list's name with it.
func (p *parser) spaced(v literal) literal {
	before := p.pos
	for name := v.text; !v.quoted && p.blank(); {
		word, ok := p.value()
		name += " " + word.text
		if !ok || word.quoted {
			break
		}
		if p.isList != nil && p.isList(name) {
			return literal{v.at, name, false}
		}
	}
	p.pos = before
	return v
}
