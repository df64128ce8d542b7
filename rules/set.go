package rules

import (
	"slices"
	"strings"

	"tiercel/engine/event"
)

// Rule is one rule, compiled.
type Rule struct {
	Name      string
	Desc      string
	Condition string // as written, with what was appended and its exceptions
	Output    string // as written
	Message   Template
	Priority  Priority
	Tags      []string
	Source    string
	Enabled   bool
	State     *State // nil where one event is enough
	Places    []Place
	Except    []Exception

	codes []program // of its condition; of a sequence, of each step's
	conds []node    // what the codes were made of
	rows  rowSet    // of whose events it may match
}

// Set is the rules of one or more files, compiled and indexed. It does not
// change, and may be shared.
type Set struct {
	Rules []*Rule

	preds    []*predicate
	variants []variant
	byRow    ruleLists // of the rules that one event is enough for
	stateful ruleLists // of those with a State
	needs    event.Needs
}

// Compile makes a set of the files, in their order. Where one of the problems
// is an error there is no set.
func Compile(files []File) (*Set, Problems) { return compileDocument(load(files)) }

func compileDocument(doc *document) (*Set, Problems) {
	c := newChecker(doc)
	return c.compileSet(newIndexer(c))
}

func (c *checker) compileSet(x *indexer) (*Set, Problems) {
	doc, set := c.doc, &Set{}
	for _, r := range doc.rules {
		if r.source != engineSource {
			continue
		}
		if rule, ok := c.compileRule(r, x); ok {
			set.Rules = append(set.Rules, rule)
		}
	}
	if doc.problems.Errors() {
		return nil, tidy(doc.problems)
	}
	c.unused()
	doc.problems = tidy(doc.problems)
	set.preds = c.preds
	set.byRow = set.listRules(x, func(r *Rule) bool { return r.Enabled && r.State == nil })
	set.stateful = set.listRules(x, func(r *Rule) bool { return r.Enabled && r.State != nil })
	set.findNeeds()
	return set, doc.problems
}

// compileRule compiles a rule. Where one with skip-if-unknown-filter asks for
// something unknown, its errors become warnings, and it is left out.
func (c *checker) compileRule(r *ruleDef, x *indexer) (*Rule, bool) {
	before := len(c.doc.problems)
	rule, ok := c.buildRule(r, x)
	if ok || !r.skip {
		return rule, ok
	}
	problems := c.doc.problems[before:]
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error && !strings.HasPrefix(p.Code, "unknown-") }) {
		return nil, false
	}
	for i := range problems {
		problems[i].Severity = Warning
		problems[i].Message += ": the rule is left out"
	}
	return nil, false
}

func (c *checker) buildRule(r *ruleDef, x *indexer) (*Rule, bool) {
	rule := &Rule{Name: r.name, Desc: r.desc, Output: r.output.String(), Priority: r.priority, Tags: r.tags, Source: r.source, Enabled: r.enabled, State: r.state, Places: r.places, Except: exceptionsOf(r)}
	steps, ok := r.sequence, true
	if len(steps) == 0 {
		var cond script
		cond, ok = c.doc.condition(r)
		steps = []script{cond}
	}
	for i, step := range steps {
		if i > 0 {
			rule.Condition += "\n"
		}
		rule.Condition += step.String()
		ok = c.addCondition(r, rule, step, x) && ok
	}
	var good bool
	rule.Message, good = c.template(r.name, r.output)
	return rule, ok && good
}

// addCondition compiles a condition of a rule: the only one, or that of a step.
func (c *checker) addCondition(r *ruleDef, rule *Rule, src script, x *indexer) bool {
	cond := c.condition(r.name, src)
	if cond == nil {
		return false
	}
	code, ok := compile(cond)
	if !ok {
		c.doc.errorf(r.at, "too-long", r.name, "rule %q: condition of more than %d comparisons", r.name, maxProgram)
		return false
	}
	c.checkTypes(r, cond)
	rule.codes, rule.conds = append(rule.codes, code), append(rule.conds, cond)
	rule.rows = rule.rows.or(x.rows(cond, false))
	return true
}

// Program returns the rule's program as text, a line an instruction; of a
// sequence, that of each step, with an empty line between.
func (s *Set) Program(r *Rule) string { return s.program(r, (*predicate).String) }

func (s *Set) program(r *Rule, text func(*predicate) string) string {
	texts := make([]string, len(r.codes))
	for i, code := range r.codes {
		texts[i] = code.disassemble(s.preds, text)
	}
	return strings.Join(texts, "\n")
}

// Needs returns what a source must watch and read so that the set's enabled rules mean what they say.
func (s *Set) Needs() *event.Needs { return &s.needs }

// Rows returns the names of the calls that the rule can match.
func (s *Set) Rows(r *Rule) []string {
	var names []string
	for i := range event.Table {
		if r.rows.has(i) {
			names = append(names, event.Table[i].Name)
		}
	}
	return names
}

// Matcher evaluates a set's rules over events, one at a time. It is for one goroutine.
type Matcher struct {
	set  *Set
	view event.View
	memo []uint32 // per predicate: generation<<2 | status
	gen  uint32

	// Minimum leaves rules of less grave priorities out, as if they were not in
	// the set: they must not stand before a graver one.
	Minimum Priority
}

// Matcher returns a new matcher for the set.
func (s *Set) Matcher() *Matcher {
	return &Matcher{set: s, memo: make([]uint32, len(s.preds)), Minimum: Debug}
}

// forget drops the results of the event before.
func (m *Matcher) forget() {
	if m.gen++; m.gen == 1<<30 {
		clear(m.memo)
		m.gen = 1
	}
}

// predicate returns the result of a predicate for the current event: Known for true, Absent for false.
func (m *Matcher) predicate(i int32) event.Status {
	if e := m.memo[i]; e>>2 == m.gen {
		return event.Status(e & 3)
	}
	st := m.set.preds[i].eval(&m.view)
	m.memo[i] = m.gen<<2 | uint32(st)
	return st
}

// Decide says at a call's entry whether a rule may still match it, with the
// state of its process unknown. It makes *Matcher a tracer's gate.
func (m *Matcher) Decide(ev event.Event) event.Verdict {
	m.view.Begin(ev, nil, event.AtEntry)
	m.forget()
	row := ev.RowIndex()
	for _, rules := range [...][]int32{m.set.byRow[row], m.set.stateful[row]} {
		for _, i := range rules {
			if v := &m.set.variants[i]; v.rule.Priority <= m.Minimum && m.may(v) {
				return event.Watch
			}
		}
	}
	return event.Drop
}

// may reports whether one of the rule's conditions may match.
func (m *Matcher) may(v *variant) bool {
	for _, code := range v.codes {
		if code.run(m, true) {
			return true
		}
	}
	return false
}

// Match returns the first rule, in the order of the files, that matches the
// view's event, or nil. Rules with a State are not among them. The view must be
// whole: what is not known then counts as absent.
func (m *Matcher) Match() *Rule {
	m.forget()
	for _, i := range m.set.byRow[m.view.Ev.RowIndex()] {
		if v := &m.set.variants[i]; v.rule.Priority <= m.Minimum && v.codes[0].run(m, false) {
			return v.rule
		}
	}
	return nil
}

// MatchState calls f with each rule that has a State and of which a condition
// matches the event that Match was called for; steps has the bit 1<<i for the
// i-th condition. Such rules neither hide others nor are hidden by them.
func (m *Matcher) MatchState(f func(r *Rule, steps uint64)) {
	for _, i := range m.set.stateful[m.view.Ev.RowIndex()] {
		v, steps := &m.set.variants[i], uint64(0)
		for i, code := range v.codes {
			if v.rule.Priority <= m.Minimum && code.run(m, false) {
				steps |= 1 << i
			}
		}
		if steps != 0 {
			f(v.rule, steps)
		}
	}
}

// View returns the view that Match reads, to be turned to an event before.
func (m *Matcher) View() *event.View { return &m.view }
