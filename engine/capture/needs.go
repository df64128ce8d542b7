package capture

import "tiercel/engine/event"

// Needs returns what a source must watch and read for a recording of what the
// given needs watch: all events of these rows and of those that execute, with
// every fact that any field could ask for, so that other rules can be tried on them.
func Needs(n *event.Needs) *event.Needs {
	all := *n
	none := event.NewArg("") // what a parameter that an argument names needs, evt.args needs too
	var rows [len(event.Table)]bool
	for i := range event.Fields {
		all.AddField(&event.Fields[i], none, &rows) // for the state that any field asks for
	}
	for i := range event.Table {
		rows[i] = all.Rows[i].Watch() || event.Table[i].Effect&event.Executes != 0
		all.Rows[i].Match = rows[i]
		all.Rows[i].Only, all.Rows[i].Paths = nil, nil // of other rules nothing is known
	}
	for i := range event.Fields {
		all.AddField(&event.Fields[i], none, &rows)
	}
	return &all
}

// Everything is a gate that lets every event through: a recording's.
type Everything struct{}

// Decide says that a rule may match the event: one that is not here yet.
func (Everything) Decide(event.Event) event.Verdict { return event.Watch }
