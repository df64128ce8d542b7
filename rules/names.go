package rules

import (
	"fmt"
	"strings"

	"tiercel/engine/event"
)

// findField finds a field. Only tests have others than the event's.
var findField = event.LookupField

// lookupField finds the field of a name with its argument, behind a dot or in
// brackets; f is nil where there is no such field.
func lookupField(name, inBrackets string, hasBrackets bool) (f *event.Field, arg *event.Arg, err error) {
	f, dotted, ok := findField(name)
	if !ok {
		return nil, nil, fmt.Errorf("unknown field %q", name)
	}
	if hasBrackets {
		dotted = inBrackets
	}
	arg = event.NewArg(dotted)
	switch {
	case f.Arg == event.NoArg && arg.Set:
		return f, nil, fmt.Errorf("field %q takes no argument", f.Name)
	case f.Arg == event.MustKey && !arg.Set:
		return f, nil, fmt.Errorf("field %q wants an argument: %s.NAME", f.Name, f.Name)
	case f.Arg == event.MayIndex && arg.Set && !isIndex(dotted):
		return f, nil, fmt.Errorf("field %q wants a number as its argument, not %q", f.Name, dotted)
	}
	return f, arg, nil
}

func isIndex(s string) bool {
	return strings.Trim(s, "0123456789") == "" && len(s) < 6
}

func fieldNames() []string {
	names := make([]string, len(event.Fields))
	for i := range event.Fields {
		names[i] = event.Fields[i].Name
	}
	return names
}

// nearest returns the known name that is most like name, or "" where none is like it.
func nearest(name string, known []string) string {
	best, bestDist := "", max(1, len(name)/3)+1
	for _, k := range known {
		if d := distance(name, k, bestDist); d < bestDist {
			best, bestDist = k, d
		}
	}
	return best
}

// distance is the edit distance (Levenshtein) of two names, or limit if it is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return min(row[len(b)], limit)
}
