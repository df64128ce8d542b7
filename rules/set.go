package rules

import (
	"tiercel/engine/event"
)

// Rule is one rule, compiled.
type Rule struct {
	Name      string
	Desc      string
	Condition string // as written, with what was appended
	Output    string // as written
	Message   Template
	Priority  Priority
	Tags      []string
	Source    string
	Enabled   bool

	code program
}

// Set is the rules of one or more files, compiled and indexed. It does not
// change, and may be shared.
type Set struct {
	Rules []*Rule

	preds []*predicate
	byRow [len(event.Table)][]*Rule
	needs event.Needs
}

// Compile makes a set of the files, in their order. Where one of the problems
// is an error there is no set.
func Compile(files []File) (*Set, Problems) { return compileDocument(load(files)) }

func compileDocument(doc *document) (*Set, Problems) {
	c := newChecker(doc)
	set := &Set{}
	for _, name := range keys(doc.macros) { // a macro that nothing uses is checked all the same
		c.stack = []string{name}
		if _, done := c.macros[name]; !done {
			c.macros[name] = c.condition(name, doc.macros[name].cond)
		}
	}
	c.stack = nil
	for _, r := range doc.rules {
		if rule, ok := c.compileRule(r); ok {
			set.Rules = append(set.Rules, rule)
		}
	}
	sortProblems(doc.problems)
	if doc.problems.Errors() {
		return nil, doc.problems
	}
	set.preds = c.preds
	set.index()
	return set, doc.problems
}

func (c *checker) compileRule(r *ruleDef) (*Rule, bool) {
	cond := c.condition(r.name, r.cond)
	message, ok := c.template(r)
	if cond == nil || !ok {
		return nil, false
	}
	code, ok := compile(cond)
	if !ok {
		c.doc.errorf(r.at, "too-long", r.name, "rule %q: condition of more than %d comparisons", r.name, maxProgram)
		return nil, false
	}
	return &Rule{Name: r.name, Desc: r.desc, Condition: r.cond.String(), Output: r.output.value, Message: message,
		Priority: r.priority, Tags: r.tags, Source: r.source, Enabled: r.enabled, code: code}, true
}

// Program returns the rule's program as text, a line an instruction.
func (s *Set) Program(r *Rule) string { return r.code.disassemble(s.preds) }

// Needs returns what a source must watch and read so that the set's enabled rules mean what they say.
func (s *Set) Needs() *event.Needs { return &s.needs }

// Rows returns the names of the calls that the rule can match.
func (s *Set) Rows(r *Rule) []string {
	var names []string
	for i := range s.byRow {
		for _, other := range s.byRow[i] {
			if other == r {
				names = append(names, event.Table[i].Name)
			}
		}
	}
	return names
}

// index finds for each row the rules that may match its events: those that are
// not false when nothing is known but the row.
func (s *Set) index() {
	m := s.Matcher()
	for _, r := range s.Rules {
		if !r.Enabled || r.Source != "syscall" {
			continue
		}
		var rows [len(event.Table)]bool
		for i := range event.Table {
			if i == event.RowProcInfo || i == event.RowSpawn {
				continue
			}
			m.view.BeginRow(i)
			m.forget()
			if r.code.eval(m) != False {
				rows[i] = true
				s.byRow[i] = append(s.byRow[i], r)
				s.needs.Rows[i].Match = true
			}
		}
		s.addNeeds(r, &rows)
	}
}

func (s *Set) addNeeds(r *Rule, rows *[len(event.Table)]bool) {
	for _, in := range r.code {
		s.needs.AddField(s.preds[in.pred].field, s.preds[in.pred].arg, rows)
	}
	for i := range r.Message.parts {
		if f := r.Message.parts[i].field; f != nil {
			s.needs.AddField(f, r.Message.parts[i].arg, rows)
		}
	}
}

// Matcher evaluates a set's rules over events, one at a time. It is for one goroutine.
type Matcher struct {
	set     *Set
	view    event.View
	memo    []uint32 // per predicate: generation<<2 | status
	gen     uint32
	guessed bool

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
	for _, r := range m.set.byRow[ev.RowIndex()] {
		if r.Priority <= m.Minimum && r.code.eval(m) != False {
			return event.Watch
		}
	}
	return event.Drop
}

// Match returns the first rule, in the order of the files, that matches the
// view's event, or nil. The view must be whole: what is not known then counts
// as absent.
func (m *Matcher) Match() *Rule {
	m.forget()
	for _, r := range m.set.byRow[m.view.Ev.RowIndex()] {
		if r.Priority <= m.Minimum && r.code.run(m, false) {
			return r
		}
	}
	return nil
}

// View returns the view that Match reads, to be turned to an event before.
func (m *Matcher) View() *event.View { return &m.view }
