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

// ruleLists has the rules to look at for the events of each row, in their order.
type ruleLists [len(event.Table)][]*variant

// byRow lists the rules that are wanted.
func (x *indexer) byRow(all []*Rule, wanted func(*Rule) bool) (lists ruleLists) {
	for _, r := range all {
		if !wanted(r) {
			continue
		}
		made := map[string]*variant{} // by what is decided
		whole := &variant{r, r.codes}
		for row := range event.Table {
			if r.rows.has(row) {
				lists[row] = append(lists[row], x.variant(whole, row, made))
			}
		}
	}
	return lists
}

// variant returns the rule's variant for a row: where rows decide the same, the same one.
func (x *indexer) variant(whole *variant, row int, made map[string]*variant) *variant {
	var decided []byte
	for _, code := range whole.codes {
		if len(code) > maxFolded {
			return whole
		}
		for _, in := range code {
			decided = append(decided, byte(x.ofRow(in.pred, row, false)))
		}
	}
	if v := made[string(decided)]; v != nil {
		return v
	}
	if len(made) == maxVariants {
		return whole
	}
	v := &variant{rule: whole.rule}
	for i, code := range whole.codes {
		v.codes = append(v.codes, x.fold(code, whole.rule.conds[i], row))
	}
	made[string(decided)] = v
	return v
}

// fold compiles what the row leaves of a condition; one of which it leaves nothing is kept.
func (x *indexer) fold(code program, cond node, row int) program {
	left, _ := reduce(cond, false, func(pred int32, negated bool) Truth { return x.ofRow(pred, row, negated) })
	if left == nil {
		return code
	}
	folded, ok := compile(left)
	if !ok || len(folded) == len(code) {
		return code
	}
	return folded
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
