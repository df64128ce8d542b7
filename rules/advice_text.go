package rules

import (
	"fmt"
	"strings"
)

// precedence warns of an appended condition whose first word binds otherwise
// than it looks, since the texts are joined without parentheses.
func (a *adviser) precedence(name string, cond script) {
	for i := 1; i < len(cond); i++ {
		word, rest, _ := strings.Cut(strings.TrimSpace(cond[i].value), " ")
		before := strings.TrimSpace(cond[:i].String())
		e, err := parseWith(before, func(name string) bool { return a.c.doc.lists[name] != nil })
		old, several := e.(*logic)
		if err != nil || !several || old.at > 0 || word != "and" && word != "or" || old.or == (word == "or") {
			continue
		}
		a.c.doc.warn(cond[i].place(0), "precedence", name,
			fmt.Sprintf("'%s' is appended to a condition of '%s' without parentheses: it is read as %s", word, oppositeOf(word), readAs(before, old, rest)),
			fmt.Sprintf("if %s is meant, put what is appended to in parentheses, or replace the condition", meantAs(before, word, rest)))
	}
}

func oppositeOf(word string) string {
	if word == "and" {
		return "or"
	}
	return "and"
}

// readAs is a condition as it is read with more behind it.
func readAs(before string, old *logic, more string) string {
	if !old.or {
		return "(" + middle(before) + ") or " + shorten(more)
	}
	last := old.kids[len(old.kids)-1].place()
	for last > 0 && (isBlank(before[last-1]) || before[last-1] == '(') {
		last-- // to where its parenthesis opens
	}
	for isBlank(before[last]) {
		last++
	}
	return middle(before[:last]) + " (" + middle(before[last:]) + " and " + shorten(more) + ")"
}

// meantAs is what the text looks as if it meant.
func meantAs(before, word, more string) string {
	return "(" + middle(before) + ") " + word + " " + shorten(more)
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
