package rules

import (
	"fmt"
	"strings"
)

// Priority is how grave an alert is; a smaller one is graver, as in syslog(3).
type Priority uint8

// The priorities.
const (
	Emergency Priority = iota
	Alert
	Critical
	ErrorPriority
	WarningPriority
	Notice
	Informational
	Debug
)

var priorityNames = [...]string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"}

func (p Priority) String() string { return priorityNames[p] }

// ParsePriority takes a priority's name in any case, or "info".
func ParsePriority(name string) (Priority, error) {
	for i, n := range priorityNames {
		if strings.EqualFold(name, n) || n == "Informational" && strings.EqualFold(name, "info") {
			return Priority(i), nil
		}
	}
	return 0, fmt.Errorf("unknown priority %q: want one of %s", name, strings.ToLower(strings.Join(priorityNames[:], ", ")))
}

// PriorityNames returns the names of the priorities as a command line takes them, the gravest first.
func PriorityNames() []string {
	names := make([]string, len(priorityNames))
	for i, n := range priorityNames {
		names[i] = strings.ToLower(n)
	}
	return names
}
