package rules

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// exception is a case in which a rule does not match: values of fields, each
// compared by its own operator.
type exception struct {
	at     spot
	node   *yaml.Node
	name   string
	fields *operands
	comps  *operands
	values []operands
}

// operands is a text, or a list of texts and lists.
type operands struct {
	at    spot
	text  string
	list  bool
	items []operands
}

// readExceptions reads a rule's exceptions. Where they are appended, one may name one that is there already.
func (d *document) readExceptions(e *entry, r *ruleDef, appended bool) (all []*exception, ok bool) {
	n := e.keys["exceptions"]
	if n == nil || isNull(n) {
		return nil, true
	}
	if n.Kind != yaml.SequenceNode {
		d.errorf(e.src.at(n), "shape", e.name, "expected a list under %q", "exceptions")
		return nil, false
	}
	ok = true
	seen := map[string]bool{}
	for _, item := range n.Content {
		ex, good := d.readException(e, resolveAlias(item), appended)
		if ok = ok && good; !good {
			continue
		}
		if seen[ex.name] {
			d.warn(ex.at, "exception-name", e.name, "exception \""+ex.name+"\" stands twice in one rule", "give each a name of its own")
		}
		seen[ex.name] = true
		if ex.fields != nil {
			ok = d.checkException(ex, r) && ok
		}
		all = append(all, ex)
	}
	return all, ok
}

func (d *document) readException(e *entry, n *yaml.Node, appended bool) (*exception, bool) {
	ex := &exception{at: e.src.at(n), node: n}
	if n.Kind != yaml.MappingNode {
		d.errorf(ex.at, "shape", e.name, "expected an exception with 'name', 'fields' and 'values'")
		return nil, false
	}
	keys := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		keys[n.Content[i].Value] = resolveAlias(n.Content[i+1])
	}
	name := keys["name"]
	switch {
	case name == nil || name.Kind != yaml.ScalarNode || name.Value == "":
		d.errorf(ex.at, "missing-key", e.name, "exception without %q", "name")
		return nil, false
	case keys["fields"] == nil && !appended:
		d.errorf(ex.at, "missing-key", e.name, "exception %q without %q", name.Value, "fields")
		return nil, false
	}
	ex.name = name.Value
	okFields, okComps := d.exceptionKey(e, keys["fields"], &ex.fields), d.exceptionKey(e, keys["comps"], &ex.comps)
	return ex, okFields && okComps && d.exceptionValues(e, ex, keys["values"], appended)
}

func (d *document) exceptionKey(e *entry, n *yaml.Node, to **operands) bool {
	if n == nil {
		return true
	}
	o, ok := d.readOperands(e, n, 1)
	*to = &o
	return ok
}

func (d *document) exceptionValues(e *entry, ex *exception, n *yaml.Node, appended bool) bool {
	switch {
	case n == nil && appended:
		d.warn(ex.at, "no-values", e.name, "exception \""+ex.name+"\" without values: nothing is appended", "")
		return true
	case n == nil:
		return true
	case n.Kind != yaml.SequenceNode:
		d.errorf(e.src.at(n), "shape", e.name, "expected a list under %q", "values")
		return false
	}
	o, ok := d.readOperands(e, n, 3)
	ex.values = o.items
	return ok
}

// readOperands reads a text, or lists of texts that are at most so deep.
func (d *document) readOperands(e *entry, n *yaml.Node, depth int) (o operands, ok bool) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Value != "":
		return operands{at: e.src.at(n), text: n.Value}, true
	case n.Kind != yaml.SequenceNode || depth == 0:
		d.errorf(e.src.at(n), "shape", e.name, "expected text, or a list of texts, in an exception")
		return o, false
	}
	o.at, o.list, ok = e.src.at(n), true, true
	for _, item := range n.Content {
		kid, good := d.readOperands(e, resolveAlias(item), depth-1)
		o.items, ok = append(o.items, kid), ok && good
	}
	return o, ok
}

// checkException sets the operators that are left out, and checks that there is one for each field.
func (d *document) checkException(ex *exception, r *ruleDef) bool {
	bad := func(format string, args ...any) bool {
		d.errorf(ex.at, "exception", r.name, "exception \""+ex.name+"\": "+format, args...)
		return false
	}
	fields := []operands{*ex.fields}
	if ex.comps == nil {
		ex.comps = &operands{text: "in", list: ex.fields.list}
		for range ex.fields.items {
			ex.comps.items = append(ex.comps.items, operands{text: "="})
		}
	}
	comps := []operands{*ex.comps}
	switch {
	case ex.fields.list:
		fields, comps = ex.fields.items, ex.comps.items
		if len(fields) != len(comps) {
			return bad("%d fields and %d comps: want as many", len(fields), len(comps))
		}
	case ex.comps.list:
		return bad("one field, but a list of comps")
	case !takesList(ex.comps.text):
		return bad("comparison %q of one field: want in, intersects, pmatch, or one with a modifier, such as 'startswith anyof'", ex.comps.text)
	}
	for _, comp := range comps {
		if !isComparison(comp.text) {
			return bad("unknown comparison %q", comp.text)
		}
	}
	for _, f := range fields {
		if r.source == engineSource && !isTerm(f.text) {
			return bad("unknown field %q", f.text)
		}
	}
	return true
}

// isComparison reports an operator, or one of text with a modifier.
func isComparison(s string) bool {
	_, known := operators[s]
	return known || isModified(s)
}

// takesList reports whether a list of values stands behind the comparison.
func takesList(s string) bool { return operators[s].shape == listValue || isModified(s) }

func isModified(s string) bool {
	op, mod, two := strings.Cut(s, " ")
	if operators[op].shape != stringValue || !two {
		return false
	}
	for m := oneOf; m <= allOf; m++ {
		if strings.TrimSpace(mod) == m.String() {
			return true
		}
	}
	return false
}

// isTerm reports whether the text is a field that is known, or a transformer of such.
func isTerm(s string) bool {
	if s == "" || !strings.ContainsAny(s, ".(") || !isLetter(s[0]) {
		return false
	}
	e, err := parse(s + " exists")
	if err != nil {
		return false
	}
	c, ok := e.(*comparison)
	known := ok
	if ok {
		walkFields(c.left, func(f *fieldName) {
			_, _, err := lookupField(f.name, f.arg, f.hasArg)
			known = known && err == nil
		})
	}
	return known
}

// walkFields calls f with every field in a term.
func walkFields(t term, f func(*fieldName)) {
	switch t := t.(type) {
	case *fieldName:
		f(t)
	case *transform:
		for _, arg := range t.args {
			walkFields(arg, f)
		}
	case *termList:
		for _, item := range t.items {
			walkFields(item, f)
		}
	}
}

// changeExceptions appends to a rule's exceptions, or replaces them.
func (d *document) changeExceptions(e *entry, r *ruleDef) {
	appended := e.appends("exceptions")
	all, ok := d.readExceptions(e, r, appended)
	if !ok {
		return
	}
	if !appended {
		r.exceptions = all
		return
	}
	for _, ex := range all {
		i := slices.IndexFunc(r.exceptions, func(old *exception) bool { return old.name == ex.name })
		switch {
		case i < 0 && (ex.fields == nil || len(ex.values) == 0):
			d.errorf(ex.at, "exception", r.name, "exception %q is new: it wants 'fields' and 'values'", ex.name)
		case i < 0:
			r.exceptions = append(r.exceptions, ex)
		case ex.fields != nil || ex.comps != nil:
			d.errorf(ex.at, "exception", r.name, "exception %q is there already: only values can be appended to it", ex.name)
		default:
			r.exceptions[i].values = append(r.exceptions[i].values, ex.values...)
		}
	}
}

// condition returns the rule's condition with its exceptions behind it. As in
// the reference, an exception's values stand in it as they are written: the name
// of a list is that list, and val(FIELD) is the field.
func (d *document) condition(r *ruleDef) (cond script, ok bool) {
	var behind script
	ok = true
	for _, ex := range r.exceptions {
		clause, problem := ex.clause()
		if problem != "" {
			d.errorf(ex.at, "exception", r.name, "exception %q: %s", ex.name, problem)
			ok = false
		}
		if clause != "" {
			behind = append(behind, ex.made("and not "+clause))
		}
	}
	if len(r.exceptions) == 0 || len(behind) == 0 {
		return r.cond, ok
	}
	first := r.cond[0]
	open, end := text{"(", first.node, first.src, true}, text{")", first.node, first.src, true}
	return slices.Concat(script{open}, r.cond, script{end}, behind), ok
}

func (ex *exception) made(s string) text { return text{s, ex.node, ex.at.src, true} }

// clause is the exception as a condition, or what is wrong with its values.
func (ex *exception) clause() (clause, problem string) {
	var parts []string
	for _, v := range ex.values {
		switch {
		case !ex.fields.list && v.list:
			return "", "a list among the values of one field"
		case !ex.fields.list:
			parts = append(parts, quoteBlank(v.text))
		case len(v.items) != len(ex.fields.items):
			return "", "each of its values wants one for each field"
		default:
			parts = append(parts, "("+ex.tuple(v.items)+")")
		}
	}
	switch {
	case len(parts) == 0:
		return "", ""
	case ex.fields.list:
		return "(" + strings.Join(parts, " or ") + ")", ""
	}
	return "(" + ex.fields.text + " " + ex.comps.text + " (" + strings.Join(parts, ", ") + "))", ""
}

// tuple is one value for each field.
func (ex *exception) tuple(values []operands) string {
	tests := make([]string, len(values))
	for i, v := range values {
		comp := ex.comps.items[i].text
		value := quoteBlank(v.text)
		switch {
		case v.list:
			var items []string
			for _, item := range v.items {
				items = append(items, quoteBlank(item.text))
			}
			value = "(" + strings.Join(items, ", ") + ")"
		case takesList(comp) && !strings.HasPrefix(v.text, "("):
			value = "(" + v.text + ")"
		case takesList(comp):
			value = v.text
		}
		tests[i] = ex.fields.items[i].text + " " + comp + " " + value
	}
	return strings.Join(tests, " and ")
}

// quoteBlank quotes a value that has a blank in it and is not quoted yet.
func quoteBlank(s string) string {
	if !strings.Contains(s, " ") || s[0] == '"' || s[0] == '\'' {
		return s
	}
	return `"` + s + `"`
}
