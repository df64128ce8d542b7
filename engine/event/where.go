package event

import "golang.org/x/sys/unix"

// Where returns which calls of a row are worth a look, as far as the numbers in
// their registers tell: those for which one of the clauses holds. An empty clause
// is any call; without a clause it is none. Of what rules want, the result and the path
// are left out, as if they were as they should: for who stops a call before it has run.
func (n *Needs) Where(row int) (some []Clause) {
	need := &n.Rows[row]
	if need.State {
		some = append(some, changes(&Table[row]))
	}
	if need.Match {
		some = append(some, need.given()...)
	}
	for _, c := range some {
		if len(c.All) == 0 {
			return []Clause{{}}
		}
	}
	return some
}

// changes is which calls of the row change the state that rules read.
func changes(r *Row) Clause {
	if r.Effect == SetsName {
		return Clause{All: []Condition{{Arg: 0, Mask: 1<<32 - 1, Value: unix.PR_SET_NAME}}}
	}
	return Clause{}
}

// given is what the clauses of Only ask of arguments in registers.
func (n *RowNeed) given() []Clause {
	if len(n.Only) == 0 {
		return []Clause{{}}
	}
	all := make([]Clause, len(n.Only))
	for i := range n.Only {
		for _, c := range n.Only[i].All {
			if c.Arg < Result {
				all[i].All = append(all[i].All, c)
			}
		}
	}
	return all
}
