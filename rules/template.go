package rules

import (
	"fmt"
	"strings"

	"tiercel/engine/event"
)

// Template is a rule's output: text with fields in it.
type Template struct {
	parts []templatePart
	end   string // behind the last field
}

type templatePart struct {
	text  string // before the field
	name  string // of the field, or the transformer, as written
	value *operand
	again bool // the name stands before, too
}

// template reads a rule's output: %field, %field[argument] and %transformer(...)
// are filled in. A star behind the sign (%*field) is accepted and ignored.
func (c *checker) template(name string, src script) (t Template, ok bool) {
	ok = true
	c.within(name, src, func() {
		all := src.String()
		end := len(strings.TrimRight(all, "\n")) // a folded text ends with one
		p := parser{lexer: lexer{src: all[:end]}}
		start, seen := 0, map[string]bool{}
		for p.pos < end {
			if p.src[p.pos] != '%' {
				p.pos++
				continue
			}
			part := templatePart{text: p.src[start:p.pos]}
			if !c.templatePart(&p, &part) {
				ok = false
			}
			part.again, seen[part.name] = seen[part.name], true
			t.parts, start = append(t.parts, part), p.pos
		}
		t.end = p.src[start:]
	})
	return t, ok
}

// templatePart reads what stands behind a percent sign.
func (c *checker) templatePart(p *parser, part *templatePart) bool {
	sign := p.pos
	p.pos++
	p.symbol("*")
	start := p.pos
	term, err := p.tryTerm()
	if err != nil {
		p.pos = sign + 1
		c.doc.report(c.src.place(sign).problem("output", c.rule, "output: "+err.msg))
		return false
	}
	part.name = p.src[start:p.pos]
	before := len(c.doc.problems)
	part.value = c.term(term)
	for i := range c.doc.problems[before:] {
		q := &c.doc.problems[before+i]
		q.Message = "output: " + q.Message
		q.Hint = strings.Replace(q.Hint, `mean "`, `mean "%`, 1)
	}
	if part.value == nil {
		return false
	}
	return c.templateField(start, part.value)
}

// templateField checks that a field may stand in an output.
func (c *checker) templateField(at int, o *operand) (ok bool) {
	ok = true
	o.fields(func(f *event.Field, _ *event.Arg) {
		if f.Flags.Has(event.FilterOnly) {
			c.report(at, "output", "output: field %q is for conditions only", f.Name)
			ok = false
		}
		if f.Name == "evt.dir" {
			c.warn(at, "deprecated", "leave it out", "output: evt.dir is always '<', as there is one event per call")
		}
	})
	return ok
}

// tryTerm reads a field or a transformer. The brackets behind a field's name are
// its argument only if they are closed and not empty.
func (p *parser) tryTerm() (t term, err *syntaxError) {
	defer catch(&err)
	at := p.pos
	if name, ok := p.transformer(); ok && name != valTransformer {
		return p.transform(at, name), nil
	}
	p.pos = at
	name, dotted := p.name()
	if !dotted {
		return nil, &syntaxError{at, fmt.Sprintf("expected a field behind '%%', not %q", firstWord(p.src[at:]))}
	}
	f := &fieldName{at: at, name: name}
	f.arg, f.hasArg = p.bracketArg()
	return f, nil
}

func firstWord(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return isBlank(byte(r)) }); i >= 0 {
		return s[:i]
	}
	return s
}

// Append appends the message for the view's event.
func (t *Template) Append(b []byte, v *event.View) []byte {
	for i := range t.parts {
		p := &t.parts[i]
		b = append(b, p.text...)
		b = p.value.appendText(b, v)
	}
	return append(b, t.end...)
}

// appendText appends the operand's value as messages show it: a list in parentheses.
func (o *operand) appendText(b []byte, v *event.View) []byte {
	if !o.list {
		return o.typ.AppendText(b, o.one(v))
	}
	start := len(b)
	b = append(b, '(')
	st := o.each(v, func(val event.Value) {
		if len(b) > start+1 {
			b = append(b, ',')
		}
		b = o.typ.AppendText(b, val)
	})
	if st != event.Known {
		return o.typ.AppendText(b[:start], event.Value{})
	}
	return append(b, ')')
}

// Fields calls f with each field in the template, and its value; a name that
// stands twice comes once. A list's value is its text.
func (t *Template) Fields(v *event.View, f func(name string, typ event.FieldType, val event.Value)) {
	for i := range t.parts {
		p := &t.parts[i]
		if p.again {
			continue
		}
		if !p.value.list {
			f(p.name, p.value.typ, p.value.one(v))
			continue
		}
		f(p.name, event.TypeString, event.Value{Status: event.Known, Text: string(p.value.appendText(nil, v))})
	}
}
