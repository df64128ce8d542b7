package event

// Counters is what a source counted. Seen is the calls that it was stopped for
// or told of; each ends as one of Filtered, Queued and Lost.
type Counters struct {
	Entry, Exit, Other           uint64 // stops
	Seen, Filtered, Queued, Lost uint64 // events
	FilteredInKernel             uint64 // of Filtered, what never left the kernel
	Processes                    uint64
	Blind                        []Blind
	Losses                       []Loss // what the lost events were: see Lose
}

// Blind is a time in which a process could not be watched. From and To are
// nanoseconds since the epoch; To is 0 while it lasts.
type Blind struct {
	PID  int    `json:"pid"`
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	Why  string `json:"why"`
}
