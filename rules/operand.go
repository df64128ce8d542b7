package rules

import (
	"strings"

	"tiercel/engine/event"
)

// operand is a side of a comparison, checked: a field, a transformer over other
// operands, or, within one, a constant or a list.
type operand struct {
	typ  event.FieldType
	list bool   // it has any number of values, which are compared together
	text string // as disassembly shows it

	field *event.Field // of a plain field
	arg   *event.Arg
	args  []*operand // of a transformer; of a list, its items

	one  func(v *event.View) event.Value                           // of what is no list: its value
	each func(v *event.View, f func(val event.Value)) event.Status // of a list: calls f with its items; Known if it could be read
}

// term checks a side of a comparison; nil after an error, which is reported.
func (c *checker) term(t term) *operand {
	switch t := t.(type) {
	case *fieldName:
		return c.fieldOperand(t)
	case *transform:
		return c.transform(t)
	case *termList:
		return c.listOperand(t)
	case *literal:
		return constantOperand(t)
	}
	panic("unreachable: unknown term")
}

// fieldOperand returns the operand that reads a field: the same one for all that
// ask for the same field.
func (c *checker) fieldOperand(n *fieldName) *operand {
	if o := c.operands[n.key()]; o != nil {
		return o
	}
	o := c.newFieldOperand(n)
	if o != nil {
		c.operands[n.key()] = o
	}
	return o
}

// key is the field's name wherever it stands.
func (n *fieldName) key() fieldName { return fieldName{0, n.name, n.arg, n.hasArg} }

func (c *checker) newFieldOperand(n *fieldName) *operand {
	f, arg, ok := c.field(n)
	if !ok {
		return nil
	}
	typ, ok := f.ValueType(arg)
	if !ok {
		c.errorf(n.at, "field", "no call has a parameter %q, which %s names", arg.Key, f.Name)
		return nil
	}
	if f.Flags.Has(event.PrintOnly) {
		c.errorf(n.at, "field", "field %q is for outputs only", f.Name)
		return nil
	}
	o := &operand{typ: typ, list: f.Flags.Has(event.List), text: arg.FullName(f), field: f, arg: arg}
	o.one = func(v *event.View) event.Value { return f.Get(v, arg) }
	o.each = func(v *event.View, yield func(event.Value)) event.Status { return eachValue(v, f, arg, yield) }
	return o
}

// eachValue calls yield with a field's values, and returns Known if there were any.
func eachValue(v *event.View, f *event.Field, arg *event.Arg, yield func(event.Value)) event.Status {
	found := event.Absent
	st := f.Any(v, arg, func(val event.Value) bool {
		found = event.Known
		yield(val)
		return false
	})
	if st == event.Unknown {
		return event.Unknown
	}
	return found
}

func constantOperand(l *literal) *operand {
	o := &operand{typ: event.TypeString, text: quote(l.text)}
	if !l.quoted {
		o.typ, o.text = event.TypeUint, l.text // the grammar has nothing but numbers here
	}
	val := event.Value{Status: event.Known, Text: l.text}
	o.one = func(*event.View) event.Value { return val }
	return o
}

func (c *checker) listOperand(l *termList) *operand {
	o := &operand{typ: event.TypeString, list: true}
	for _, item := range l.items {
		kid := c.term(item)
		if kid == nil {
			return nil
		}
		o.args = append(o.args, kid)
	}
	o.text = "(" + textOfAll(o.args) + ")"
	o.each = func(v *event.View, yield func(event.Value)) event.Status { return eachText(v, o.args, yield) }
	return o
}

// eachText calls yield with the operands' values as text. One that is a list is
// as all of its items. It stops at the first that has no value.
func eachText(v *event.View, operands []*operand, yield func(event.Value)) event.Status {
	for _, o := range operands {
		st := event.Known
		if o.list {
			st = o.each(v, yield)
		} else if val := o.one(v); val.Status == event.Known {
			yield(o.asText(v, val))
		} else {
			st = val.Status
		}
		if st != event.Known {
			return st
		}
	}
	return event.Known
}

// asText is a value as text, which a constant always is.
func (o *operand) asText(v *event.View, val event.Value) event.Value {
	if !o.typ.IsText() && (o.field != nil || o.args != nil) {
		val.Text = v.Build(func(b []byte) []byte { return o.typ.AppendText(b, val) })
	}
	return val
}

func textOfAll(operands []*operand) string {
	texts := make([]string, len(operands))
	for i, o := range operands {
		texts[i] = o.text
	}
	return strings.Join(texts, ", ")
}

// fields calls f with every field that the operand reads.
func (o *operand) fields(f func(*event.Field, *event.Arg)) {
	if o.field != nil {
		f(o.field, o.arg)
	}
	for _, kid := range o.args {
		kid.fields(f)
	}
}
