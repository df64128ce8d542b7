package rules

import (
	"slices"

	"tiercel/engine/event"
)

// rowSet is a set of rows of the event table, a bit each.
type rowSet [(len(event.Table) + 63) / 64]uint64

func (s *rowSet) has(row int) bool { return s[row/64]&(1<<(row%64)) != 0 }
func (s *rowSet) add(row int)      { s[row/64] |= 1 << (row % 64) }

func (s rowSet) and(t rowSet) rowSet {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

func (s rowSet) or(t rowSet) rowSet {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

// watched is the rows whose events rules are matched over.
var watched = func() (s rowSet) {
	for i := range event.Table {
		if !event.IsNote(i) {
			s.add(i)
		}
	}
	return s
}()

// bounds is on which rows' events a comparison may be true, and on which false,
// when nothing is known but the row.
type bounds struct{ yes, no rowSet }

// indexer finds the rows whose events a condition may match: those on which it
// is not false when nothing is known but the row. Comparisons are looked at once
// each; of a field that says nothing yet, not even that.
type indexer struct {
	c      *checker
	view   event.View
	bounds []bounds // by predicate
	fields map[string]bounds
}

func newIndexer(c *checker) *indexer { return &indexer{c: c, fields: map[string]bounds{}} }

// rows returns the rows whose events the tree may match.
func (x *indexer) rows(n node, negated bool) rowSet {
	switch n := n.(type) {
	case *inverse:
		return x.rows(n.kid, !negated)
	case *branch:
		rows := x.rows(n.kids[0], negated)
		for _, kid := range n.kids[1:] {
			if n.or != negated { // De Morgan
				rows = rows.or(x.rows(kid, negated))
			} else {
				rows = rows.and(x.rows(kid, negated))
			}
		}
		return rows
	case *leaf:
		for len(x.bounds) < len(x.c.preds) {
			x.bounds = append(x.bounds, x.predicate(x.c.preds[len(x.bounds)]))
		}
		if negated {
			return x.bounds[n.pred].no
		}
		return x.bounds[n.pred].yes
	}
	panic("unreachable: unknown node")
}

func (x *indexer) predicate(p *predicate) bounds {
	if p.right != nil || p.left.field == nil {
		return x.look(watched, p.eval)
	}
	name := p.left.text
	field, done := x.fields[name]
	if !done {
		field = x.look(watched, p.left.exists)
		x.fields[name] = field
	}
	known := rowSet{}
	for i := range known {
		known[i] = field.yes[i] &^ field.no[i]
	}
	b := x.look(known, p.eval)
	for i := range b.yes {
		unknown := field.yes[i] & field.no[i]
		b.yes[i] |= unknown
		b.no[i] |= field.no[i] | unknown
	}
	return b
}

// exists is the evaluation of "exists".
func (o *operand) exists(v *event.View) event.Status {
	if o.list {
		return o.each(v, func(event.Value) {})
	}
	return o.field.Any(v, o.arg, anyValue)
}

func (x *indexer) look(rows rowSet, eval func(v *event.View) event.Status) (b bounds) {
	if rows == (rowSet{}) {
		return b
	}
	for row := range event.Table {
		if !rows.has(row) {
			continue
		}
		x.view.BeginRow(row)
		st := eval(&x.view)
		if st != event.Absent {
			b.yes.add(row)
		}
		if st != event.Known {
			b.no.add(row)
		}
	}
	return b
}

// findNeeds works out what a source must watch and read.
func (s *Set) findNeeds() {
	for row := range event.Table {
		s.needs.Rows[row].Match = len(s.byRow[row]) > 0 || len(s.stateful[row]) > 0
	}
	type use struct {
		field *event.Field
		arg   *event.Arg
		rows  rowSet
	}
	seen := map[use]bool{}
	enabled := slices.DeleteFunc(slices.Clone(s.Rules), func(r *Rule) bool { return !r.Enabled })
	s.pushDown(&s.needs, enabled)
	for _, r := range enabled {
		r.fields(s, func(f *event.Field, arg *event.Arg) {
			if u := (use{f, arg, r.rows}); !seen[u] {
				seen[u] = true
				s.needs.AddField(f, arg, r.rows.bools())
			}
		})
	}
}

// bools is the set as an array.
func (s *rowSet) bools() *[len(event.Table)]bool {
	var rows [len(event.Table)]bool
	for i := range rows {
		rows[i] = s.has(i)
	}
	return &rows
}

// fields calls f with every field that the rule reads.
func (r *Rule) fields(s *Set, f func(*event.Field, *event.Arg)) {
	r.asked(s, f)
	if r.State != nil {
		for _, ref := range r.State.By {
			f(ref.Field, ref.Arg)
		}
	}
	for i := range r.Message.parts {
		r.Message.parts[i].value.fields(f)
	}
}

// asked calls f with every field that the rule's condition reads.
func (r *Rule) asked(s *Set, f func(*event.Field, *event.Arg)) {
	for _, code := range r.codes {
		for _, in := range code {
			s.preds[in.pred].fields(f)
		}
	}
}

// Unanswered returns the fields that the rule's condition reads and no source answers (see event.Field.Why).
func (s *Set) Unanswered(r *Rule) (fields []*event.Field) {
	r.asked(s, func(f *event.Field, _ *event.Arg) {
		if f.Why() != "" && !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	})
	return fields
}

// eventTypes is a set of event types by name: those, or all but those.
type eventTypes struct {
	names  map[string]bool
	except bool
}

// maxTypes is how many types of event a rule may be about without a warning; the reference has the same.
const maxTypes = 100

// checkTypes warns of a rule that names no event type, or very many.
func (c *checker) checkTypes(r *ruleDef, cond node) {
	if r.anyType {
		return
	}
	if types := c.types(cond, false); types.except || len(types.names) == 0 || len(types.names) > maxTypes {
		c.doc.warn(r.at, "event-types", r.name, "rule "+quote(r.name)+" is about events of nearly any type, so that each is looked at",
			"compare evt.type with the types that it is about, or set 'warn_evttypes: false'")
	}
}

// types returns the event types that the tree's comparisons of evt.type leave.
func (c *checker) types(n node, negated bool) eventTypes {
	switch n := n.(type) {
	case *inverse:
		return c.types(n.kid, !negated)
	case *branch:
		types := c.types(n.kids[0], negated)
		for _, kid := range n.kids[1:] {
			other := c.types(kid, negated)
			if n.or != negated {
				types = types.invert().and(other.invert()).invert()
			} else {
				types = types.and(other)
			}
		}
		return types
	case *leaf:
		p := c.preds[n.pred]
		named := p.left.field != nil && p.left.field.Name == typeField && p.right == nil && p.mod == noModifier
		if !named || !slices.Contains([]operator{opEq, opNe, opIn}, p.op) {
			return eventTypes{except: true}
		}
		types := eventTypes{names: map[string]bool{}, except: (p.op == opNe) != negated}
		for _, v := range p.values {
			types.names[v] = true
		}
		return types
	}
	panic("unreachable: unknown node")
}

func (t eventTypes) invert() eventTypes { return eventTypes{t.names, !t.except} }

func (t eventTypes) and(u eventTypes) eventTypes {
	if t.except && !u.except {
		t, u = u, t
	}
	both := eventTypes{map[string]bool{}, t.except && u.except}
	for name := range t.names {
		if both.except || u.names[name] != u.except {
			both.names[name] = true
		}
	}
	for name := range u.names {
		if both.except {
			both.names[name] = true
		}
	}
	return both
}
