package rules

import (
	"fmt"
	"strings"
)

// contradiction returns which claims about one value cannot hold together, or nil.
func (a *adviser) contradiction(parts []part, in around) *finding {
	groups := map[string][]claim{}
	for _, c := range in.claims {
		a.group(groups, c)
	}
	for _, p := range parts {
		c, ok := p.claim()
		if !ok || !a.group(groups, c) {
			continue
		}
		group := groups[a.c.preds[c.pred].left.text]
		if len(group) > 1 && a.contradict(group) {
			return a.contradictionOf(p, parts, group)
		}
	}
	return nil
}

// group adds a claim to those about the same value; ok is false where nothing can be told of it.
func (a *adviser) group(groups map[string][]claim, c claim) (ok bool) {
	f := a.factsOf(c.pred)
	if !f.tried || !f.single {
		return false
	}
	text := a.c.preds[c.pred].left.text
	groups[text] = append(groups[text], c)
	return true
}

// contradictionOf names two of the group that contradict each other, if two are enough. The last is the part's.
func (a *adviser) contradictionOf(p part, parts []part, group []claim) *finding {
	last := group[len(group)-1]
	for _, c := range group[:len(group)-1] {
		if !a.contradict([]claim{c, last}) {
			continue
		}
		// what stands in the condition itself is named rather than what a macro brings
		for _, other := range parts {
			if oc, ok := other.claim(); ok && oc == c && other.macro == "" && p.macro != "" {
				p, c, last = other, last, c
				break
			}
		}
		return &finding{p, false, fmt.Sprintf("%s contradicts %s", a.textOf(last), a.textOf(c)), ""}
	}
	texts := make([]string, len(group))
	for i, c := range group {
		texts[i] = a.textOf(c)
	}
	return &finding{p, false, "these never hold together: " + strings.Join(texts, ", "), ""}
}
