package rules

import (
	"fmt"
	"strings"
)

// layout writes a checked condition for people, a comparison a line. What it
// writes is a condition again, unless lists are cut.
type layout struct {
	b     strings.Builder
	preds []*predicate
	items int // at most as many values of a list are written; 0: all
}

// laidOut is the condition as text, a comparison a line, without a newline at its end.
func laidOut(n node, preds []*predicate, items int) string {
	l := &layout{preds: preds, items: items}
	l.write(n, 0)
	return l.b.String()
}

// write writes the node at a depth of indentation; the cursor stands where its first line begins.
func (l *layout) write(n node, depth int) {
	switch n := n.(type) {
	case *leaf:
		l.b.WriteString(l.preds[n.pred].show(l.items))
	case *inverse:
		l.b.WriteString("not ")
		l.inner(n.kid, depth)
	case *branch:
		word := "and "
		if n.or {
			word = "or "
		}
		for i, kid := range n.flat() {
			if i > 0 {
				l.line(depth)
				l.b.WriteString(word)
			}
			l.inner(kid, depth)
		}
	}
}

// flat is the branch's kids, with those of a branch of the same kind in its place.
func (b *branch) flat() (kids []node) {
	for _, kid := range b.kids {
		if inner, ok := kid.(*branch); ok && inner.or == b.or {
			kids = append(kids, inner.flat()...)
			continue
		}
		kids = append(kids, kid)
	}
	return kids
}

// inner writes a node within another: one of several comparisons in parentheses, and deeper.
func (l *layout) inner(n node, depth int) {
	if _, several := n.(*branch); !several {
		l.write(n, depth)
		return
	}
	l.b.WriteString("(")
	l.line(depth + 1)
	l.write(n, depth+1)
	l.line(depth)
	l.b.WriteString(")")
}

func (l *layout) line(depth int) { l.b.WriteString("\n" + strings.Repeat("    ", depth)) }

// show is the comparison as it would be written, with at most so many values of a list; 0: with all.
func (p *predicate) show(items int) string {
	s := p.left.text + " " + p.op.String()
	if p.mod != noModifier {
		s += " " + p.mod.String()
	}
	switch {
	case p.right != nil:
		return s + " " + p.right.text
	case p.op.shape() == noValue:
		return s
	case p.op.shape() == numberValue:
		return s + " " + p.values[0]
	case p.op.shape() == stringValue && p.mod == noModifier:
		return s + " " + asValue(p.values[0])
	}
	return s + " (" + cutList(p.values, items) + ")"
}

// cutList is a list's values, and how many more there are than may be shown.
func cutList(values []string, items int) string {
	more := ""
	if items > 0 && len(values) > items+1 { // one more line says no less than the value that it stands for
		values, more = values[:items], fmt.Sprintf(", ... %d more", len(values)-items)
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = asValue(v)
	}
	return strings.Join(texts, ", ") + more
}

// asValue is a text as the grammar reads it back: in quotes where it is no bare value.
func asValue(s string) string {
	l := lexer{src: s}
	if s != "" && !strings.ContainsAny(s[:1], `"'`) {
		if v, ok := l.value(); ok && v.text == s {
			return s
		}
	}
	if !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	if !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
}
