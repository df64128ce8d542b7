package rules

import (
	"fmt"
	"strings"
)

// precedence warns of an appended condition that binds otherwise than it looks,
// since the texts are joined without parentheses: by its first word, or by an
// 'or' of its own.
func (a *adviser) precedence(name string, cond script) {
	for i := 1; i < len(cond); i++ {
		word, rest := cutWord(cond[i].value)
		before := strings.TrimSpace(cond[:i].String())
		e := a.treeOf(before)
		old, several := e.(*logic)
		several = several && old.at == 0
		switch {
		case several && (word == "and" && old.or || word == "or" && !old.or):
			a.warnPrecedence(name, cond[i].place(0), joint{before, old, word, rest})
		case e != nil && word == "and" && isOr(a.treeOf(before+" "+cond[i].value)):
			a.c.doc.warn(cond[i].place(0), "precedence", name, "what is appended has an 'or' of its own, of which one side leaves out all that stands before",
				"if all of it is meant to go with what stands before, write and ("+middle(rest)+")")
		}
	}
}

// treeOf parses a part of a condition; nil where it is none by itself.
func (a *adviser) treeOf(text string) expr {
	e, err := parseWith(text, func(name string) bool { return a.c.doc.lists[name] != nil })
	if err != nil {
		return nil
	}
	return e
}

func isOr(e expr) bool {
	l, ok := e.(*logic)
	return ok && l.or
}

// cutWord cuts a text behind its first word, which ends at a blank or a parenthesis.
func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, " \t\n("); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// joint is where a condition is appended to another: the text before, its tree,
// the word between, and what stands behind that.
type joint struct {
	before string
	old    *logic
	word   string
	more   string
}

func (a *adviser) warnPrecedence(name string, at spot, j joint) {
	message, read, hint := "'and' is appended behind an 'or' without parentheses", j.tail(), "if "+j.whole()+" is meant, put what it is appended to in parentheses"
	if j.word == "or" {
		message, read, hint = "'or' is appended behind an 'and' without parentheses", j.whole(), "if "+j.tail()+" is meant, replace the condition; else put what it is appended to in parentheses"
	}
	a.c.doc.warn(at, "precedence", name, message+": it is read as "+read, hint)
}

// whole is the condition where what is appended goes with all before it.
func (j joint) whole() string { return "(" + middle(j.before) + ") " + j.word + " " + middle(j.more) }

// tail is the condition where what is appended goes with the last operand before it.
func (j joint) tail() string {
	last := j.old.kids[len(j.old.kids)-1].place()
	for last > 0 && (isBlank(j.before[last-1]) || j.before[last-1] == '(') {
		last-- // to where its parenthesis opens
	}
	for isBlank(j.before[last]) {
		last++
	}
	return middle(j.before[:last]) + " (" + middle(j.before[last:]) + " " + j.word + " " + middle(j.more) + ")"
}

// middle is a text in one line; of a long one, its beginning and its end.
func middle(s string) string {
	const most = 60
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most/2]) + " ... " + string(r[len(r)-most/2:])
	}
	return s
}

// brokenMacros warns of macros that no rule uses, and that would not compile if one did.
func (a *adviser) brokenMacros() {
	c := a.c
	before := len(c.doc.problems)
	for _, name := range c.doc.order {
		if m := c.macros[name]; !m.checked && m.tree != nil {
			c.within(name, m.def.cond, func() { c.macro(&macroName{name: name}) })
		}
	}
	found := c.doc.problems[before:]
	c.doc.problems = c.doc.problems[:before:before]
	for _, p := range found {
		if p.Severity == Error {
			p.Severity, p.Code = Warning, "broken-macro"
			p.Message = fmt.Sprintf("macro %q would not compile, were it used: %s", p.Rule, p.Message)
			c.doc.report(p)
		}
	}
}
