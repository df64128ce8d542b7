package seccomp

import (
	"slices"

	"tiercel/engine/event"
)

// Watches returns the calls that a filter for the needs stops, by the names of
// their rows, each with the clauses of which one must hold; an empty one is any
// call. It is for who has the filter but not the rules that it was made from.
func Watches(needs *event.Needs, stops Stops) map[string][]event.Clause {
	watches := map[string][]event.Clause{}
	for row := range event.Table {
		if where := stops.where(needs, row); len(where) > 0 {
			watches[event.Table[row].Name] = where
		}
	}
	return watches
}

// Covers reports whether every call for which one of the wanted clauses holds is
// one that stops: each asks for all that one of the others does.
func Covers(stops, wanted []event.Clause) bool {
	for _, w := range wanted {
		if !slices.ContainsFunc(stops, func(s event.Clause) bool { return asksFor(w, s) }) {
			return false
		}
	}
	return true
}

func asksFor(c, all event.Clause) bool {
	return !slices.ContainsFunc(all.All, func(cond event.Condition) bool { return !slices.Contains(c.All, cond) })
}
