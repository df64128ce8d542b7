package event

// Blind is a time in which a process could not be watched. From and To are
// nanoseconds since the epoch; To is 0 while it lasts.
//
// A source tells of its beginning by a record of RowBlind, and at its end of the whole in its Counters.
type Blind struct {
	PID  int    `json:"pid"`
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	Why  string `json:"why"`
}

// BeginBlind starts a record that tells of a blind time's beginning.
func (b *Builder) BeginBlind(t Blind) {
	b.Begin(RowBlind, Origin{PID: t.PID, TID: t.PID}, t.From)
	b.AddString(whyPart, t.Why)
}

// whyPart has the reason, in a record of RowBlind: the row has no parameters.
const whyPart = Part(0)

// Blind returns what a record of RowBlind tells.
func (e Event) Blind() Blind {
	why, _ := e.Bytes(whyPart)
	return Blind{PID: e.PID(), From: e.Time(), Why: string(why)}
}
