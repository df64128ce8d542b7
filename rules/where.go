package rules

import (
	"maps"
	"slices"
	"strings"
)

// Place is where something was said of a rule: Line counts from 1. What is what
// was done there.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
	What string `json:"what"`
}

// placeOf is the item's place.
func (e *entry) placeOf(what string) Place {
	at := e.src.at(e.node)
	return Place{at.src.name, at.line, what}
}

// changes says what an item changes of a rule that is defined above it.
func (e *entry) changes() string {
	if e.append {
		return "appended to"
	}
	var all []string
	for _, key := range slices.Sorted(maps.Keys(e.override)) {
		all = append(all, key+": "+e.override[key])
	}
	return "overridden, " + strings.Join(all, ", ")
}

// Exception is one of a rule's exceptions, by its name and as the condition that it is.
type Exception struct {
	Name      string `json:"name"`
	Condition string `json:"condition"` // empty where it has no values
}

func exceptionsOf(r *ruleDef) (all []Exception) {
	for _, ex := range r.exceptions {
		clause, _ := ex.clause() // what is wrong with it is reported where the condition is made
		all = append(all, Exception{ex.name, clause})
	}
	return all
}
