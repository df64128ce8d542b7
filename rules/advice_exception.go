package rules

import (
	"fmt"
	"strings"
)

// exceptions warns of a rule's exceptions, and of values of them, that never apply.
// The condition is the rule's own with each exception that has values behind it.
func (a *adviser) exceptions(def *ruleDef, cond node) {
	all, ok := cond.(*branch)
	if !ok || len(def.exceptions) == 0 {
		return
	}
	kids := all.kids[1:]
	var in *around
	for _, ex := range def.exceptions {
		if clause, _ := ex.clause(); clause == "" {
			continue
		}
		if in == nil {
			held := a.with(around{rows: watched}, a.parts(all.kids[0], false))
			in = &held
		}
		a.exception(ex, def.name, kids[0].(*inverse).kid, *in)
		kids = kids[1:]
	}
}

// exception warns of an exception, or of its values, that cannot apply where the rule's own condition holds.
func (a *adviser) exception(ex *exception, rule string, n node, in around) {
	values := []node{n}
	if b, ok := n.(*branch); ok && ex.fields.list && len(ex.values) > 1 {
		values = b.kids
	}
	for i, value := range values {
		f := a.never(a.parts(value, false), in)
		if f == nil || f.alone { // of the latter it is said of the comparison
			continue
		}
		at, what := ex.at, fmt.Sprintf("exception %q", ex.name)
		if len(values) > 1 {
			at, what = ex.values[i].at, fmt.Sprintf("value %s of exception %q", ex.values[i], ex.name)
		}
		a.c.doc.warn(at, "exception-never", rule, what+" never applies: "+f.message, f.hint)
	}
}

// String is the values as they were written.
func (o operands) String() string {
	if !o.list {
		return o.text
	}
	texts := make([]string, len(o.items))
	for i, item := range o.items {
		texts[i] = item.String()
	}
	return "[" + strings.Join(texts, ", ") + "]"
}
