package event

// Loss is events of one row that a source had to let go, and when: From and To
// are nanoseconds since the epoch.
//
// A source tells of it while it runs, by a record of RowLost, which it puts into
// the ring as it does events (Builder.BeginLoss), and at its end in its Counters.
type Loss struct {
	Row   string `json:"call"` // empty where the source cannot tell
	Count uint64 `json:"count"`
	From  uint64 `json:"from"`
	To    uint64 `json:"to"`
	Shed  bool   `json:"shed"` // let go on purpose, to keep up; else there was no room
}

// BeginLoss starts a record that tells of a loss. Its arguments are the row's
// index, or more than the table has, and then the other fields in their order.
func (b *Builder) BeginLoss(l Loss) {
	b.Begin(RowLost, Origin{}, l.To)
	b.SetArgs(&[6]uint64{uint64(Lookup(l.Row)), l.Count, l.From, l.To, uint64(truth(l.Shed).Num)})
}

// Loss returns what a record of RowLost tells. A row that this version does not know has no name.
func (e Event) Loss() Loss {
	l := Loss{Count: e.Arg(1), From: e.Arg(2), To: e.Arg(3), Shed: e.Arg(4) != 0}
	if row := e.Arg(0); row < uint64(len(Table)) {
		l.Row = Table[row].Name
	}
	return l
}

// Lose counts lost events. A run may lose again and again: of each row, and of
// what was shed apart, one interval is kept, from the first loss to the last.
func (c *Counters) Lose(l Loss) {
	c.Lost += l.Count
	for i := range c.Losses {
		if had := &c.Losses[i]; had.Row == l.Row && had.Shed == l.Shed {
			had.Count += l.Count
			had.From, had.To = min(had.From, l.From), max(had.To, l.To)
			return
		}
	}
	c.Losses = append(c.Losses, l)
}
