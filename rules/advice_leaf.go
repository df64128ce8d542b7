package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tiercel/engine/event"
)

// comparison advises on a comparison by itself, negated or not.
func (a *adviser) comparison(l *leaf) {
	p := a.c.preds[l.pred]
	if f := unanswered(p); f != nil {
		a.noteUnanswered(f, l.from)
		return
	}
	if p.isEmpty() || a.strayValues(l, p) {
		return
	}
	if f := a.impossible(part{l, false, ""}); f != nil {
		a.warnAt(l, 0, "never-matches", f.message, a.wordHint(p.left, ""))
		return
	}
	a.textAsNumber(l, p)
	a.needlessPattern(l, p)
}

// isEmpty reports whether the left side is compared with the values of an empty
// list: such a list waits to be appended to.
func (p *predicate) isEmpty() bool { return p.right == nil && p.op != opExists && len(p.values) == 0 }

// fieldInFile is a field that a file's conditions ask for.
type fieldInFile struct {
	field *event.Field
	file  string
}

// mention is where a file asks for a field first, and how many of its conditions do.
type mention struct {
	at         spot
	name       string
	conditions map[string]bool
}

// noteUnanswered notes that a condition asks for a field that no source can answer.
func (a *adviser) noteUnanswered(f *event.Field, from *written) {
	at := from.src.place(from.at)
	key := fieldInFile{f, at.src.name}
	m := a.unanswered[key]
	if m == nil {
		m = &mention{at, from.name, map[string]bool{}}
		a.unanswered[key] = m
	}
	m.conditions[from.name] = true
	if at.line < m.at.line || at.line == m.at.line && at.col < m.at.col {
		m.at, m.name = at, from.name
	}
}

// tellUnanswered warns of such fields, once for each file.
func (a *adviser) tellUnanswered() {
	for key, m := range a.unanswered {
		more := ""
		if n := len(m.conditions); n > 1 {
			more = fmt.Sprintf("; %d rules and macros of the file ask for it", n)
		}
		a.c.doc.warn(m.at, "never-matches", m.name, whyUnanswered(key.field)+more, "leave it out, or ask for a field that a source can answer ('tiercel list fields')")
	}
}

// warnAt warns of a comparison: of its left side, or, where i counts from 1, of its i-th value.
func (a *adviser) warnAt(l *leaf, i int, code, message, hint string) {
	at := l.from.at
	if i > 0 {
		at = l.from.values[i-1]
	}
	a.c.doc.warn(l.from.src.place(at), code, l.from.name, message, hint)
}

// strayValues warns of values that the left side never has, and reports whether there are any.
func (a *adviser) strayValues(l *leaf, p *predicate) (found bool) {
	if p.right != nil || !slices.Contains([]operator{opEq, opNe, opIn, opIntersects}, p.op) {
		return false
	}
	for i, s := range p.values {
		val, ok := valueOf(p.left.typ, s)
		if !ok || a.possible(p.left, val) {
			continue
		}
		found = true
		a.warnAt(l, i+1, "never-matches", fmt.Sprintf("%s is never %s", p.left.text, asValue(s)), a.wordHint(p.left, s))
	}
	return found
}

// wordHint says which values the operand can have; where one is like the wrong one, that.
func (a *adviser) wordHint(o *operand, wrong string) string {
	words := a.wordsOf(o)
	if near := nearest(wrong, words); near != "" && wrong != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(words) > 0 {
		return "it is one of " + strings.Join(words, ", ")
	}
	if least, greatest, ok := o.typ.Limits(); ok && o.typ != event.TypeBool && o.typ != event.TypeUint {
		return fmt.Sprintf("it is a number from %d to %d", least, greatest)
	}
	return ""
}

// textAsNumber warns of a text that is compared with a number by its order.
func (a *adviser) textAsNumber(l *leaf, p *predicate) {
	if p.op.shape() != numberValue || !p.left.typ.IsText() || p.right != nil {
		return
	}
	hint := "ask for a field that is a number"
	if f := p.left.field; f != nil && f.Name == "evt.arg" {
		raw, _, _ := event.LookupField("evt.rawarg")
		if typ, ok := raw.ValueType(p.left.arg); ok && !typ.IsText() {
			hint = fmt.Sprintf("write evt.rawarg.%s %s %s, which is a number", p.left.arg.Key, p.op, p.values[0])
		}
	}
	a.warnAt(l, 0, "number-word", fmt.Sprintf("%s is a text, and is compared with %s as one: 9 comes after 10", p.left.text, p.values[0]), hint)
}

// needlessPattern warns of patterns that are plain texts, and of a text that every text has in it.
func (a *adviser) needlessPattern(l *leaf, p *predicate) {
	if p.right != nil || p.mod != noModifier || len(p.values) != 1 {
		return
	}
	s := p.values[0]
	switch {
	case s == "" && slices.Contains([]operator{opContains, opIContains, opStartsWith, opEndsWith}, p.op):
		a.warnAt(l, 1, "always-true", fmt.Sprintf("'%s' with an empty text holds of every text", p.op), "write "+p.left.text+" exists, if that is meant")
	case p.op == opGlob && !strings.ContainsAny(s, `*?[\`):
		a.warnAt(l, 1, "plain-pattern", "a glob without * or ? matches that very text only", "write = "+asValue(s)+", or contains, startswith, endswith")
	case p.op == opRegex && regexp.QuoteMeta(s) == s:
		a.warnAt(l, 1, "plain-pattern", "this regular expression matches that very text only, as it is held against the whole", "write = "+asValue(s)+", or contains, startswith, endswith")
	}
}
