package output

import (
	"fmt"

	"tiercel/engine"
)

// OpenLines opens an output that writes messages alone, without time and
// priority: what prints events instead of raising alerts.
func OpenLines(target string) (*Output, error) {
	w, err := open(target)
	if err != nil {
		return nil, fmt.Errorf("open output %s: %w", target, err)
	}
	line := func(a *engine.Alert, _ bool) ([]byte, error) { return []byte(a.Message), nil }
	return &Output{name: target, format: line, w: w}, nil
}
