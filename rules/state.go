package rules

import (
	"fmt"
	"time"

	"tiercel/engine/event"
)

// State is what a rule asks for beyond one event: that its condition matches
// Count times, or that Steps conditions match one after another, Within a time.
//
// A counting rule raises one alert for each Count matches, at the last of them,
// and then starts anew. A sequence raises one at the match of its last step,
// and starts anew too: the match of the first step that led there is used up.
// One event is one step of a sequence, never two.
//
// What belongs together is said by By: matches with the same values of these
// fields, where absent is a value too. Without By a counting rule counts all
// matches together, and a sequence is of one process tree: the process of each
// step is that of the step before, or comes of it.
type State struct {
	Count  int           // how many matches make an alert; 0 for a sequence
	Steps  int           // how many conditions a sequence has; 0 for a counting rule
	Within time.Duration // at most this long from the first match to the last, both included
	By     []Ref
}

// MaxCount bounds Count, MaxSteps Steps and MaxBy the fields in By: a rule file must not decide how
// much is remembered.
const (
	MaxCount = 10_000
	MaxSteps = 16
	MaxBy    = 8
)

// Check returns what is wrong with the numbers, or nil.
func (s *State) Check() error {
	switch {
	case s.Count != 0 && s.Steps != 0:
		return fmt.Errorf("both a count and a sequence")
	case s.Steps == 0 && (s.Count < 2 || s.Count > MaxCount):
		return fmt.Errorf("count of %d: want 2 to %d", s.Count, MaxCount)
	case s.Count == 0 && (s.Steps < 2 || s.Steps > MaxSteps):
		return fmt.Errorf("sequence of %d: want 2 to %d conditions", s.Steps, MaxSteps)
	case s.Within <= 0:
		return fmt.Errorf("within %v: want more than 0", s.Within)
	case len(s.By) > MaxBy:
		return fmt.Errorf("by %d fields: want at most %d", len(s.By), MaxBy)
	}
	return nil
}

// Ref is a field with its argument.
type Ref struct {
	Field *event.Field
	Arg   *event.Arg
}

// NewRef returns the reference that a name means: proc.pid, evt.arg.flags,
// proc.aname[2]. A field of several values is refused: what is equal then could
// not be told.
func NewRef(name string) (Ref, error) {
	f, a, err := LookupField(name)
	switch {
	case err != nil:
		return Ref{}, err
	case f.Flags.Has(event.List), f.Flags.Has(event.Many) && !a.Set:
		return Ref{}, fmt.Errorf("field %q has several values", name)
	}
	return Ref{f, a}, nil
}
