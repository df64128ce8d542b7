package rules

import "tiercel/engine/event"

// variant is a rule as it is matched over the events of some rows: without the
// comparisons that the row alone decides.
type variant struct {
	rule  *Rule
	codes []program
}

// Of a rule with a longer program, or for rows beyond so many that differ in what
// they decide, the programs stay as they are: they take memory for each.
const (
	maxFolded   = 1 << 10 // instructions
	maxVariants = 16
)

// ruleLists has, for each row, the variants to look at for its events, as indices
// into the set's, in the order of their rules.
type ruleLists [len(event.Table)][]int32

// listRules lists the rules that are wanted.
func (s *Set) listRules(x *indexer, wanted func(*Rule) bool) (lists ruleLists) {
	for _, r := range s.Rules {
		if !wanted(r) {
			continue
		}
		made := map[string]int32{} // by what is decided
		for row := range event.Table {
			if r.rows.has(row) {
				lists[row] = append(lists[row], s.variant(x, r, row, made))
			}
		}
	}
	return lists
}

// variant returns the rule's variant for a row: where rows decide the same, the
// same one. What is decided is nothing for the whole rule.
func (s *Set) variant(x *indexer, r *Rule, row int, made map[string]int32) int32 {
	decided := x.decided(r, row)
	if _, done := made[decided]; !done && len(made) >= maxVariants {
		decided = ""
	}
	i, done := made[decided]
	if !done {
		v := variant{r, r.codes}
		if decided != "" {
			v.codes = x.fold(r, row)
		}
		i = int32(len(s.variants))
		s.variants, made[decided] = append(s.variants, v), i
	}
	return i
}

// decided is what the row decides of the rule's comparisons, a byte each; empty
// where a program is too long.
func (x *indexer) decided(r *Rule, row int) string {
	var decided []byte
	for _, code := range r.codes {
		if len(code) > maxFolded {
			return ""
		}
		for _, in := range code {
			decided = append(decided, byte(x.ofRow(in.pred, row, false)))
		}
	}
	return string(decided)
}

// fold compiles what the row leaves of the rule's conditions; one of which it leaves nothing is kept.
func (x *indexer) fold(r *Rule, row int) (codes []program) {
	for i, code := range r.codes {
		left, _ := reduce(r.conds[i], false, func(pred int32, negated bool) Truth { return x.ofRow(pred, row, negated) })
		if left != nil {
			if folded, ok := compile(left); ok && len(folded) < len(code) {
				code = folded
			}
		}
		codes = append(codes, code)
	}
	return codes
}

// ofRow is the truth that a comparison has of all events of the row.
func (x *indexer) ofRow(pred int32, row int, negated bool) Truth {
	b := &x.bounds[pred]
	switch yes := b.yes.has(row); {
	case yes == b.no.has(row):
		return Maybe
	case yes != negated:
		return True
	}
	return False
}
