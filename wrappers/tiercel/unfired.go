package main

import (
	"fmt"
	"slices"
	"strings"

	"tiercel/engine/event"
	"tiercel/rules"
)

// rule tells why a rule cannot fire here: at all, or under one of the sources that work.
func (d *doctor) rule(r *rules.Rule) {
	if why := cannotFire(d.set, r); why != "" {
		d.findings = append(d.findings, finding{Check: ruleCheck + r.Name, Detail: why})
		return
	}
	for _, source := range d.blindTo(d.set.Rows(r)) {
		d.findings = append(d.findings, finding{ruleCheck + r.Name, source, false, "libseccomp has no number here for " + strings.Join(d.set.Rows(r), ", ")})
	}
}

// ruleCheck begins the findings about rules.
const ruleCheck = "rule: "

// blindTo returns the sources that work and see none of the calls; if these are
// all that work, just one without a name.
func (d *doctor) blindTo(rows []string) (blind []string) {
	working := 0
	for _, source := range preferred {
		if d.refused[source] != nil {
			continue
		}
		working++
		if unseen(rows, d.unseen[source]) {
			blind = append(blind, source)
		}
	}
	if len(blind) > 0 && len(blind) == working {
		return []string{""}
	}
	return blind
}

// warnOfUnseen names the rules that match nothing but calls which libseccomp
// has no number for here, so that the source cannot see them.
func (w *watch) warnOfUnseen(set *rules.Set, unknown []string) {
	for _, rule := range set.Rules {
		if rows := set.Rows(rule); unseen(rows, unknown) {
			w.log.Warn().Str("rule", rule.Name).Strs("calls", rows).Msg("libseccomp has no number here for these calls: they go unseen")
		}
	}
}

// unseen reports whether a rule that matches these calls goes without any, as those unknown go unseen.
func unseen(rows, unknown []string) bool {
	return len(rows) > 0 && !slices.ContainsFunc(rows, func(name string) bool { return !slices.Contains(unknown, name) })
}

// cannotFire says why a rule can never match, whatever the source, or nothing.
func cannotFire(set *rules.Set, r *rules.Rule) string {
	switch {
	case !r.Enabled:
		return "it is disabled"
	case r.Source != event.EventSource:
		return "it is for source " + r.Source
	case len(set.Rows(r)) == 0:
		return noEvent(set.Unanswered(r))
	}
	return ""
}

// noEvent says why no event can match a condition: the fields in it that no source answers.
func noEvent(unanswered []*event.Field) string {
	if len(unanswered) == 0 {
		return "no system call can match its condition"
	}
	f := unanswered[0]
	return fmt.Sprintf("it needs %s, which is never there: %s", f.Name, f.Why())
}

// warnOfMissing names the enabled rules that could match calls which a recording or a
// filter, made for other rules, does not have, and says what that means. What
// prints is content with what there is, if there is any.
func (w *watch) warnOfMissing(lacks func(call string) bool, means string) {
	for _, r := range w.set.Rules {
		rows := w.set.Rows(r)
		missing := slices.DeleteFunc(slices.Clone(rows), func(call string) bool { return !lacks(call) })
		if !r.Enabled || len(missing) == 0 || w.printing() && len(missing) < len(rows) {
			continue
		}
		w.log.Warn().Str("rule", r.Name).Int("calls", len(missing)).Msg(means + ": " + shortly(missing))
	}
}

// shortly lists names, the first few of many.
func shortly(names []string) string {
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
