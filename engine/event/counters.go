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
