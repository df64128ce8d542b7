package event

// Needs is what a set of rules asks of a source: which rows to watch, and what
// to read from the kernel for their events.
type Needs struct {
	Rows    [len(Table)]RowNeed
	Process Facts // of every process: at its exec, and when it is first seen
}

// RowNeed is what is asked of one row.
type RowNeed struct {
	Match bool     // a rule can match events of the row
	State bool     // rules read process state that the row's calls change
	Facts Facts    // to read for an event that a rule may match
	Only  []Clause // a rule can match an event only where one of these holds; empty where any event may be matched (see MayMatch)
	Paths *Paths   // what clauses with Path set ask of the row's path
}

// Clause holds for an event where all of its conditions do, and its row's Paths if Path is set.
type Clause struct {
	All  []Condition
	Path bool
}

// Paths holds for an event whose Param is one of the texts, starts with one of
// the prefixes, or has one of the names as its last element. A path that is not
// plain (see IsPlain) is first completed, with its base, if the event has that and Written is not set. It also
// holds where that cannot be told: the path could not be read, was cut, or is not
// plain even so. That paths with a hidden element are not is relied on: nothing is
// listed for what asks for one.
type Paths struct {
	Param                  int // of the row
	Texts, Prefixes, Names []string
	Written                bool // a rule asks for the path as the call has it, before it is completed
}

// Call is a system call as the kernel numbers it: by its number, and whether it
// came by the 32-bit entry.
type Call struct {
	Number uint32
	Is32   bool
}

// Watch reports whether the row's calls must be seen at all.
func (n RowNeed) Watch() bool { return n.Match || n.State }

// AddField asks for what the field with that argument needs, for events of the
// rows that have Match set in rows.
func (n *Needs) AddField(f *Field, a *Arg, rows *[len(Table)]bool) {
	effects := f.Effects()
	for i := range Table {
		if rows[i] {
			need := f.rowFacts(a, i)
			n.Process |= need & processFacts
			n.Rows[i].Facts |= Table[i].facts(need)
		}
		if Table[i].Effect&effects != 0 {
			n.Rows[i].State = true
		}
	}
}

// processFacts are read once per process image, not per event.
var processFacts = facts(FactEnv, FactGroup, FactSpaces)

// facts returns those of the facts that events of the row can have.
func (r *Row) facts(f Facts) Facts {
	f &^= processFacts
	if !r.hasDescriptor() || r.opensPath() {
		f &^= typeFacts
	}
	return f
}

// Condition is a test of one number of a call, an argument as it is in its
// register (0 to 5) or the Result: number & Mask == Value, or with Not that it is not.
type Condition struct {
	Arg         int
	Mask, Value uint64
	Not         bool
}

// Result stands for the call's result in a Condition.
const Result = 6
