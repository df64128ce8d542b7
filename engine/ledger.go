package engine

import (
	"tiercel/engine/event"
	"tiercel/rules"
)

// Ledger is the account of a run. Seen is always filtered + queued + lost.
type Ledger struct {
	Version   int               `json:"version"`
	Source    string            `json:"source"`
	WallNS    int64             `json:"wall_ns"` // nanoseconds
	Processes uint64            `json:"processes"`
	Stops     Stops             `json:"stops"`
	Events    Events            `json:"events"`
	Alerts    map[string]uint64 `json:"alerts"` // by priority
	Failed    uint64            `json:"alerts_not_written"`
	Dropped   uint64            `json:"state_dropped"` // counts and sequences that were forgotten before their time was over, for want of room
	Blind     []event.Blind     `json:"blind"`
	Lost      []event.Loss      `json:"lost"` // what Events.Lost was
}

// Stops is how often the workload was stopped, and for what.
type Stops struct {
	Entry uint64 `json:"entry"`
	Exit  uint64 `json:"exit"`
	Other uint64 `json:"other"`
}

// Events is what became of the events.
type Events struct {
	Seen             uint64 `json:"seen"`
	Filtered         uint64 `json:"filtered"`
	FilteredInKernel uint64 `json:"filtered_in_kernel"` // of these, what the eBPF programs did not hand over
	Queued           uint64 `json:"queued"`
	Lost             uint64 `json:"lost"`
}

// Ledger returns the account, with what the source counted. It may be called once Run has returned.
func (e *Engine) Ledger(c event.Counters) Ledger {
	l := Ledger{
		Version: 1, Processes: c.Processes, Stops: Stops{c.Entry, c.Exit, c.Other},
		Events: Events{c.Seen, c.Filtered, c.FilteredInKernel, c.Queued, c.Lost}, Alerts: map[string]uint64{}, Failed: e.failed, Dropped: e.state.dropped,
		Blind: append([]event.Blind{}, c.Blind...), Lost: append([]event.Loss{}, c.Losses...), // in JSON [], not null
	}
	for p := rules.Emergency; p <= rules.Debug; p++ {
		if n := e.alerts[p]; n > 0 {
			l.Alerts[p.String()] = n
		}
	}
	return l
}
