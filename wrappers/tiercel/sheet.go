package main

import (
	"fmt"
	"slices"
	"strings"
)

// page is a text of headings and what stands under them.
type page struct{ strings.Builder }

// line writes a name and its value, which may have several lines; nothing where there is none.
func (p *page) line(name, value string) {
	if value != "" {
		fmt.Fprintf(p, "    %-12s %s\n", name, indented(strings.TrimSpace(value), 17))
	}
}

// section writes a heading and the text below it; nothing where there is none.
func (p *page) section(heading, text string) {
	if text != "" {
		fmt.Fprintf(p, "\n%s\n    %s\n", heading, indented(strings.TrimRight(text, "\n"), 4))
	}
}

// indented is the text with so many blanks before every line but the first, and empty ones.
func indented(text string, by int) string {
	lines := strings.Split(text, "\n")
	for i := range lines[1:] {
		if lines[i+1] != "" {
			lines[i+1] = strings.Repeat(" ", by) + lines[i+1]
		}
	}
	return strings.Join(lines, "\n")
}

// text is the sheet as a person reads it.
func (s *ruleSheet) text() string {
	var p page
	fmt.Fprintln(&p, s.Name)
	p.line("priority", s.Priority)
	p.line("enabled", map[bool]string{true: "yes", false: "no"}[s.Enabled])
	p.line("tags", strings.Join(s.Tags, ", "))
	p.line("source", s.Source)
	p.line("defined", s.places())
	p.line("description", s.Desc)
	p.line("state", s.State.text())
	p.line("output", s.Output)
	p.section("condition", s.Condition)
	p.section("expanded", strings.Join(s.Expanded, "\n\n"))
	p.section("exceptions", s.exceptions())
	p.section("program", s.Program)
	p.section("filter", s.filter())
	p.section("passed by eBPF", s.passed())
	p.section("read for it", strings.Join(s.Reads, "\n"))
	p.section("decided", s.decided())
	return p.String()
}

// places is where the rule was defined, and below where it was changed.
func (s *ruleSheet) places() string {
	lines := make([]string, len(s.Places))
	for i, at := range s.Places {
		lines[i] = fmt.Sprintf("%s:%d", at.File, at.Line)
		if i > 0 {
			lines[i] += " (" + at.What + ")"
		}
	}
	return strings.Join(lines, "\n")
}

func (s *stateInfo) text() string {
	if s == nil {
		return ""
	}
	what := fmt.Sprintf("%d matches", s.Count)
	if s.Steps > 0 {
		what = fmt.Sprintf("%d conditions one after another", s.Steps)
	}
	what += " within " + s.Within
	switch {
	case len(s.By) > 0:
		return what + ", with the same " + strings.Join(s.By, ", ")
	case s.Steps > 0:
		return what + ", in one process tree"
	}
	return what + ", all together"
}

func (s *ruleSheet) exceptions() string {
	var b strings.Builder
	for _, ex := range s.Exceptions {
		cond := ex.Condition
		if cond == "" {
			cond = "no values"
		}
		fmt.Fprintf(&b, "%s: %s\n", ex.Name, cond)
	}
	return b.String()
}

// filter says what of the rule goes down into the kernel.
func (s *ruleSheet) filter() string {
	var matched, state []watchedInfo
	byNumber := true
	for _, w := range s.Watched {
		if w.Match {
			matched = append(matched, w)
			byNumber = byNumber && len(w.Where) == 0
		} else {
			state = append(state, w)
		}
	}
	switch {
	case len(s.Stops) == 0:
		return "no call that can be watched: the rule never matches\n"
	case len(matched) == 0:
		return "stops no call for what the rule matches\n"
	}
	text := stopsText("stops ", matched) + stopsText("stops, as they change what the rule reads of processes, ", state)
	if byNumber {
		text += "compares no argument of the first: all comparisons are made where they stop\n"
	}
	return text
}

// stopsText says which calls stop; those on the same conditions stand together.
func stopsText(lead string, all []watchedInfo) string {
	var b strings.Builder
	for len(all) > 0 {
		where := all[0].Where
		var calls []string
		all = slices.DeleteFunc(slices.Clone(all), func(w watchedInfo) bool {
			same := slices.Equal(w.Where, where)
			if same {
				calls = append(calls, w.Call)
			}
			return same
		})
		fmt.Fprintf(&b, "%s%s", lead, strings.Join(calls, ", "))
		if len(where) > 0 {
			fmt.Fprintf(&b, " where %s", strings.Join(where, "\n    or "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// passed says what of the calls the eBPF source's kernel side lets through.
func (s *ruleSheet) passed() string {
	var b strings.Builder
	for _, p := range s.Passes {
		calls := strings.Join(p.Calls, ", ")
		if len(p.Where) == 0 {
			fmt.Fprintf(&b, "%s: all\n", calls)
			continue
		}
		fmt.Fprintf(&b, "%s: where %s\n", calls, strings.Join(p.Where, "\n    or "))
		if len(p.Paths) > 0 {
			fmt.Fprintf(&b, "    a path that %s\n    or is relative, or has an element that is empty or starts with a dot\n", strings.Join(p.Paths, "\n    or "))
		}
	}
	return b.String()
}

// decidedAt says where calls are decided at the latest.
var decidedAt = map[string]string{
	"call":   "matched, whatever their arguments",
	"entry":  "decided at their entry, by their arguments",
	"exit":   "decided at their end, with their result",
	"engine": "decided by the engine, which knows the process and what was read",
}

func (s *ruleSheet) decided() string {
	var b strings.Builder
	for i, st := range s.Stops {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s: %s\n    %s\n", strings.Join(st.Calls, ", "), decidedAt[st.Decided], st.Cost)
		part := func(what, text string) {
			if text != "" {
				fmt.Fprintf(&b, "    %s:\n        %s\n", what, indented(text, 8))
			}
		}
		if !strings.Contains(st.Cost, "where "+st.AtEntry) {
			part("may match at its entry only where", st.AtEntry)
		}
		part("may match at its end only where"+map[bool]string{true: "", false: " also"}[st.AtEntry == ""], st.AtExit)
		part("only the engine can tell", strings.Join(st.Later, "\n"))
		part("can be told earlier of some calls only", strings.Join(st.Partly, "\n"))
	}
	return b.String()
}
