package trial

import (
	"fmt"
	"slices"

	"tiercel/engine/event"
	"tiercel/rules"
)

// unreached is what may keep a rule with a state from alerting though events match it.
const unreached = "not as often, in the order and within the time that it asks for"

func (t *trial) rule(name string) *rules.Rule {
	i := slices.IndexFunc(t.set.Rules, func(r *rules.Rule) bool { return r.Name == name })
	return t.set.Rules[i] // Check has found it there
}

// reasons returns the comparisons that keep the rule from matching the i-th event.
func (t *trial) reasons(r *rules.Rule, i int) []string {
	v := t.matcher.View()
	v.Number = uint64(i + 1)
	v.BeginGiven(t.Events[i].Row, t.Events[i].At, t.Events[i].Given)
	return t.matcher.Explain(r)
}

// explain says why a rule did not alert: over the event that comes nearest to it.
func (t *trial) explain(name string) []string {
	r := t.rule(name)
	switch {
	case !r.Enabled:
		return []string{name + " is disabled"}
	case r.Source != event.EventSource:
		return []string{name + " is for the source " + r.Source}
	case t.header != nil:
		return t.unrecorded(r)
	}
	nearest, best := 0, t.reasons(r, 0)
	for i := 1; i < len(t.Events) && len(best) > 0; i++ {
		if reasons := t.reasons(r, i); len(reasons) < len(best) {
			nearest, best = i, reasons
		}
	}
	if len(best) == 0 && r.State != nil {
		return []string{name + " matches an event, but " + unreached}
	}
	if len(best) == 0 {
		return t.behind(r, nearest)
	}
	hints := []string{fmt.Sprintf("%s does not match%s, false are:", name, t.which(nearest))}
	for _, reason := range best {
		hints = append(hints, "  "+reason)
	}
	return hints
}

// behind says which rule spoke in place of one that matches the i-th event.
func (t *trial) behind(r *rules.Rule, i int) []string {
	first := 0
	if i > 0 {
		first = t.ofEvent[i-1]
	}
	if first == t.ofEvent[i] || t.raised[first].Rule == r.Name {
		return nil
	}
	return []string{fmt.Sprintf("%s matches%s, but %s stands before it", r.Name, t.which(i), t.raised[first].Rule)}
}

// which names an event where there are several.
func (t *trial) which(i int) string {
	if len(t.Events) == 1 {
		return ""
	}
	return fmt.Sprintf(" event %d", i+1)
}
