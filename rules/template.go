package rules

import (
	"fmt"
	"strings"

	"tiercel/engine/event"
)

// Template is a rule's output: text with fields in it.
type Template struct {
	parts []templatePart
}

type templatePart struct {
	text  string // before the field
	name  string // of the field with its argument, as written; empty behind the last one
	field *event.Field
	arg   *event.Arg
}

func (p *templatePart) valueType() event.FieldType {
	t, _ := p.field.ValueType(p.arg)
	return t
}

// newTemplate reads %field and %field[argument]; a percent sign before anything
// else is itself. A star before it (%*field) is accepted and ignored. The error
// is about the text's at-th byte.
func newTemplate(src string) (t Template, at int, err error) {
	text := strings.Builder{}
	for i := 0; i < len(src); {
		l := lexer{src: src, pos: i + 1}
		l.symbol("*")
		name, dotted := "", false
		if src[i] == '%' {
			name, dotted = l.name()
		}
		if !dotted {
			text.WriteByte(src[i])
			i++
			continue
		}
		part := templatePart{text: text.String(), name: name}
		arg, hasArg := bracketArg(&l)
		if part.field, part.arg, err = lookupField(name, arg, hasArg); err != nil {
			return t, i + 1, err
		}
		if hasArg {
			part.name += "[" + arg + "]"
		}
		t.parts = append(t.parts, part)
		text.Reset()
		i = l.pos
	}
	t.parts = append(t.parts, templatePart{text: text.String()})
	return t, 0, nil
}

// bracketArg takes [argument]; what is no argument is left as text.
func bracketArg(l *lexer) (string, bool) {
	end := strings.IndexByte(l.src[l.pos:], ']')
	if l.peek() != '[' || end < 2 {
		return "", false
	}
	arg := l.src[l.pos+1 : l.pos+end]
	l.pos += end + 1
	return arg, true
}

// Append appends the message for the view's event.
func (t *Template) Append(b []byte, v *event.View) []byte {
	for i := range t.parts {
		p := &t.parts[i]
		b = append(b, p.text...)
		if p.field != nil {
			b = p.valueType().AppendText(b, p.field.Get(v, p.arg))
		}
	}
	return b
}

// Fields calls f with each field in the template, and its value; a name that stands twice comes once.
func (t *Template) Fields(v *event.View, f func(name string, typ event.FieldType, val event.Value)) {
	for i := range t.parts {
		if p := &t.parts[i]; p.field != nil && !t.seen(i) {
			f(p.name, p.valueType(), p.field.Get(v, p.arg))
		}
	}
}

func (t *Template) seen(i int) bool {
	for j := range i {
		if t.parts[j].name == t.parts[i].name {
			return true
		}
	}
	return false
}

// checkTemplate reports what is wrong with a rule's output.
func (c *checker) template(r *ruleDef) (Template, bool) {
	t, at, err := newTemplate(strings.TrimRight(r.output.value, "\n")) // a folded text ends with one
	if err == nil {
		return t, true
	}
	p := r.output.place(at).problem("unknown-field", r.name, fmt.Sprintf("output: %v", err))
	l := lexer{src: r.output.value, pos: at}
	name, _ := l.name()
	if near := nearest(name, fieldNames()); near != "" && near != name {
		p.Hint = fmt.Sprintf("did you mean %%%s?", near)
	}
	c.doc.report(p)
	return t, false
}
