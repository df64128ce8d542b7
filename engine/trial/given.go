package trial

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"tiercel/engine/event"
	"tiercel/rules"
)

// field is a field with its argument.
type field struct {
	*event.Field
	arg *event.Arg
}

// lookup finds the field that a key names; ok is false where there is none, which is reported.
func (r *reader) lookup(key *yaml.Node) (f field, ok bool) {
	found, arg, err := rules.LookupField(key.Value)
	if err != nil {
		r.unknown(key, err.Error(), key.Value, rules.FieldNames())
		return f, false
	}
	return field{found, arg}, true
}

// event reads an event: its row, and the values of its fields.
func (r *reader) event(n *yaml.Node) Event {
	e := Event{Row: -1, Given: map[string][]event.Value{}}
	r.each(n, func(key, value *yaml.Node) {
		if key.Value == "evt.type" {
			e.Row = r.row(value)
		}
	})
	if e.Row < 0 {
		if n.Kind == yaml.MappingNode && !hasKey(n, "evt.type") {
			r.errorf(n, "event without 'evt.type'")
		}
		return e
	}
	r.fields(n, &e)
	return e
}

// fields reads all keys of an event but its row, which was read before.
func (r *reader) fields(n *yaml.Node, e *Event) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := target(n.Content[i]), target(n.Content[i+1])
		switch key.Value {
		case "evt.type":
		case "at":
			e.At = r.at(value)
		default:
			r.given(key, value, e)
		}
	}
}

// row returns the index of the row that a node names, or -1. The rows of which
// the engine only learns about processes are no events that rules see.
func (r *reader) row(n *yaml.Node) int {
	name := r.text(n)
	i := event.Lookup(name)
	if name == "" || i >= 0 && !event.IsNote(i) {
		return i
	}
	r.unknown(n, fmt.Sprintf("unknown event %q: tiercel list syscalls has them", name), name, event.Types())
	return -1
}

func (r *reader) given(key, value *yaml.Node, e *Event) {
	f, ok := r.lookup(key)
	if !ok {
		return
	}
	name := f.arg.FullName(f.Field)
	if _, twice := e.Given[name]; twice {
		r.errorf(key, "field %q is given twice", name)
	}
	values, ok := r.values(f, value)
	if !ok {
		return
	}
	if len(values) > 0 {
		r.possible(f, key, e.Row, values[0])
	}
	e.Given[name] = values
}

// values reads a field's values: none for null, one for a scalar, or a list where the field has several.
func (r *reader) values(f field, n *yaml.Node) ([]event.Value, bool) {
	if isNull(n) {
		return []event.Value{}, true
	}
	items := []*yaml.Node{n}
	if f.Flags&(event.Many|event.List) != 0 && !f.arg.Set && n.Kind == yaml.SequenceNode {
		items = r.list(n, "")
	}
	values := make([]event.Value, 0, len(items))
	for _, item := range items {
		v, ok := r.value(f, item)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

func (r *reader) value(f field, n *yaml.Node) (event.Value, bool) {
	if n.Kind != yaml.ScalarNode {
		r.errorf(n, "expected one value: %s has no list", f.arg.FullName(f.Field))
		return event.Value{}, false
	}
	typ, ok := f.ValueType(f.arg)
	if !ok {
		r.errorf(n, "no event has %s", f.arg.FullName(f.Field))
		return event.Value{}, false
	}
	v, err := typ.Parse(n.Value)
	if err != nil {
		r.errorf(n, "%s: %v", f.arg.FullName(f.Field), err)
	}
	return v, err == nil
}

// possible reports a value that no event of the row has: what a view of the row
// alone knows of the field is so for all of them.
func (r *reader) possible(f field, key *yaml.Node, row int, v event.Value) {
	var view event.View
	view.BeginRow(row)
	name, rowName := f.arg.FullName(f.Field), event.Table[row].Name
	switch got := f.Get(&view, f.arg); {
	case got.Status == event.Absent:
		r.errorf(key, "impossible event: %s of %s is always absent", name, rowName)
	case got.Status == event.Known && got != v:
		r.errorf(key, "impossible event: %s of %s is always %s", name, rowName, f.Type.AppendText(nil, got))
	}
}

// expectedFields reads the fields that an alert is to have: their values' text.
func (r *reader) expectedFields(n *yaml.Node) map[string]string {
	want := map[string]string{}
	r.each(n, func(key, value *yaml.Node) {
		f, ok := r.lookup(key)
		if !ok {
			return
		}
		var v event.Value // null: absent
		if !isNull(value) {
			if v, ok = r.value(f, value); !ok {
				return
			}
		}
		typ, _ := f.ValueType(f.arg)
		want[f.arg.FullName(f.Field)] = string(typ.AppendText(nil, v))
	})
	return want
}
