package capture

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"time"

	"tiercel/engine"
	"tiercel/engine/event"
)

// Header is what a capture says before its events: all that the engine took from
// the machine, and how the records are to be read.
type Header struct {
	Machine *engine.Machine `json:"machine"`
	Started uint64          `json:"started"`    // when the run started, in nanoseconds since the epoch
	Offset  int             `json:"utc_offset"` // of its local time then, in seconds
	Arch    string          `json:"arch"`       // GOARCH: flags have other numbers elsewhere
	Rows    []Row           `json:"rows"`       // the table of the version that recorded
	State   []string        `json:"state"`      // the numbers of a process that a record carries
}

// Row is a row of the table that a capture was recorded with. Its index is its
// index in Header.Rows.
type Row struct {
	Name     string   `json:"name"`
	Params   []string `json:"params"`
	Recorded bool     `json:"recorded"` // all its events are in the capture
}

// ErrVersion is for a capture that another version or another architecture
// recorded, so that its records cannot be read here.
var ErrVersion = errors.New("recorded otherwise")

// NewHeader returns the header of a recording that starts now, of the rows that needs match.
func NewHeader(m *engine.Machine, needs *event.Needs, started time.Time) *Header {
	_, offset := started.Zone()
	h := &Header{Machine: m, Started: uint64(started.UnixNano()), Offset: offset, Arch: runtime.GOARCH, Rows: make([]Row, len(event.Table)), State: stateNumbers()}
	for i := range event.Table {
		row := &event.Table[i]
		h.Rows[i] = Row{row.Name, paramNames(row), needs.Rows[i].Match || row.When == event.Pseudo}
	}
	return h
}

// Zone is the local time of the run. A change to or from summer time during the
// run is not in it.
func (h *Header) Zone() *time.Location { return time.FixedZone("", h.Offset) }

// Recorded reports whether all events of the call are in the capture.
func (h *Header) Recorded(call string) bool {
	return slices.ContainsFunc(h.Rows, func(r Row) bool { return r.Name == call && r.Recorded })
}

// check says whether records under this header mean here what they meant there.
func (h *Header) check() error {
	switch {
	case h.Machine == nil:
		return fmt.Errorf("%w: no machine in it", ErrDamaged)
	case h.Arch != runtime.GOARCH:
		return fmt.Errorf("%w: on %s, where flags have other numbers than on %s", ErrVersion, h.Arch, runtime.GOARCH)
	case !slices.Equal(h.State, stateNumbers()):
		return fmt.Errorf("%w: processes have the numbers %v there, %v here", ErrVersion, h.State, stateNumbers())
	}
	for i := range h.Rows {
		if err := h.Rows[i].check(i); err != nil {
			return err
		}
	}
	return nil
}

// check compares a row with the table's. What was not recorded may differ.
func (r *Row) check(index int) error {
	if !r.Recorded {
		return nil
	}
	if index >= len(event.Table) {
		return fmt.Errorf("%w: it has events of %s, a call that this version does not know", ErrVersion, r.Name)
	}
	row := &event.Table[index]
	if r.Name != row.Name {
		return fmt.Errorf("%w: row %d is %s there, %s here", ErrVersion, index, r.Name, row.Name)
	}
	theirs, ours := r.Params, paramNames(row)
	n := min(len(theirs), len(ours)) // a row may have got further parameters at its end
	if !slices.Equal(theirs[:n], ours[:n]) {
		return fmt.Errorf("%w: %s has the parameters %v there, %v here", ErrVersion, r.Name, theirs, ours)
	}
	return nil
}

func paramNames(row *event.Row) []string {
	names := make([]string, len(row.Params))
	for i := range row.Params {
		names[i] = row.Params[i].Name
	}
	return names
}

// stateNumbers is the names of the numbers that FactState carries, in its order:
// that of their declaration.
func stateNumbers() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[event.State]()) {
		names = append(names, f.Name)
	}
	return names
}
