package seccomp

import (
	"fmt"

	"tiercel/engine/event"
)

// Watches returns the calls that a filter for the needs stops, by the names of
// their rows, each with on which conditions: the same text for the same ones, none where any call stops.
// It is for who has the filter but not the rules that it was made from.
func Watches(needs *event.Needs, stops Stops) map[string]string {
	watches := map[string]string{}
	for row := range event.Table {
		if where := stops.where(needs, row); where != nil {
			watches[event.Table[row].Name] = conditions(where)
		}
	}
	return watches
}

func conditions(where []all) string {
	for _, c := range where {
		if c == nil {
			return ""
		}
	}
	return fmt.Sprint(where)
}
