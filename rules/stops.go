package rules

import (
	"slices"
	"strings"

	"tiercel/engine/event"
)

// Stops is where calls are decided: the same for each of Calls.
//
// The rule is false at a call's entry, where its arguments are known, unless the
// condition AtEntry holds; so it is at the call's end unless AtExit holds, too.
// Only the rest comes to the engine. A condition is empty where it is one that
// holds of every call.
type Stops struct {
	Calls   []string
	Decided event.Point // where every call of these is decided at the latest
	AtEntry string
	AtExit  string
	Later   []string // the comparisons that only the engine can make
	Partly  []string // those that can be made earlier for some calls, not for all
	Cost    string   // in words
}

// rowPoint is the events of a row at a point, knownKey a comparison over them.
type (
	rowPoint struct {
		row   int
		point event.Point
	}
	knownKey struct {
		rowPoint
		pred int32
	}
)

// knowledge is for how many of the sample events a comparison can be made.
type knowledge uint8

const (
	never knowledge = iota
	sometimes
	always
)

// examiner finds out what of a rule is known where, by trying it out.
type examiner struct {
	set   *Set
	rule  *Rule
	needs *event.Needs
	items int
	known map[knownKey]knowledge
	views map[rowPoint][]*event.View
}

func newExaminer(s *Set, r *Rule, needs *event.Needs, items int) *examiner {
	return &examiner{set: s, rule: r, needs: needs, items: items, known: map[knownKey]knowledge{}, views: map[rowPoint][]*event.View{}}
}

// stops examines all rows that the rule can match; those of which the same is to be said stand together.
func (x *examiner) stops() (all []Stops) {
	for row := range event.Table {
		if !x.rule.rows.has(row) {
			continue
		}
		s := x.row(row)
		i := slices.IndexFunc(all, func(other Stops) bool { return other.says(&s) })
		if i < 0 {
			all = append(all, s)
			continue
		}
		all[i].Calls = append(all[i].Calls, s.Calls...)
	}
	return all
}

// says reports whether the same is said of other calls.
func (s *Stops) says(other *Stops) bool {
	return s.Decided == other.Decided && s.AtEntry == other.AtEntry && s.AtExit == other.AtExit && s.Cost == other.Cost &&
		slices.Equal(s.Later, other.Later) && slices.Equal(s.Partly, other.Partly)
}

// row examines the calls of one row. A rule that has several conditions wants what any of them wants.
func (x *examiner) row(row int) Stops {
	s := Stops{Calls: []string{event.Table[row].Name}}
	if tree := x.left(row); tree != nil {
		early := x.must(tree, row, event.ByEntry)
		s.AtEntry, s.AtExit = x.text(early), x.text(without(x.must(tree, row, event.ByExit), early))
		eachLeaf(tree, func(pred int32) { x.note(&s, pred, row) })
	}
	calls := "each call"
	if watchedWhere(x.needs, row) != nil {
		calls += " that the filter picks"
	}
	s.Cost = cost(&s, calls, row, x.needs.Rows[row].State)
	return s
}

// left is what a call of the row leaves to be asked of the rule's conditions; nil
// where it is all that they ask.
func (x *examiner) left(row int) node {
	tree, _ := reduce(&branch{or: true, kids: x.rule.conds}, false, func(pred int32, negated bool) Truth { return x.ofRow(pred, row, negated) })
	return tree
}

// note takes down when a comparison can be made.
func (x *examiner) note(s *Stops, pred int32, row int) {
	at := event.ByEngine
	for p := event.ByEngine; p > event.ByRow; p-- {
		if x.at(pred, row, p) == always {
			at = p
		}
	}
	s.Decided = max(s.Decided, at)
	text := x.set.preds[pred].show(x.items)
	switch early := x.at(pred, row, event.ByEntry) == sometimes || x.at(pred, row, event.ByExit) == sometimes; {
	case early && !slices.Contains(s.Partly, text):
		s.Partly = append(s.Partly, text)
	case !early && at == event.ByEngine && !slices.Contains(s.Later, text):
		s.Later = append(s.Later, text)
	}
}

// must is what must hold at a point so that the rule may match: what cannot be
// told there is taken to hold. It is nil where nothing must.
func (x *examiner) must(tree node, row int, at event.Point) node {
	left, _ := reduce(tree, false, func(pred int32, _ bool) Truth {
		if x.at(pred, row, at) == never {
			return True
		}
		return Maybe
	})
	return left
}

func (x *examiner) text(n node) string {
	if n == nil {
		return ""
	}
	return laidOut(n, x.set.preds, x.items)
}

// ofRow is the truth that a comparison has of all events of the row.
func (x *examiner) ofRow(pred int32, row int, negated bool) Truth {
	switch st := x.set.preds[pred].eval(x.samples(row, event.ByRow)[0]); {
	case st == event.Unknown:
		return Maybe
	case (st == event.Known) != negated:
		return True
	}
	return False
}

// at says for how many calls of the row a comparison can be made at the point.
func (x *examiner) at(pred int32, row int, point event.Point) knowledge {
	if point == event.ByEngine {
		return always
	}
	key := knownKey{rowPoint{row, point}, pred}
	if k, done := x.known[key]; done {
		return k
	}
	unknown, views := 0, x.samples(row, point)
	for _, v := range views {
		if x.set.preds[pred].eval(v) == event.Unknown {
			unknown++
		}
	}
	k := sometimes
	switch unknown {
	case 0:
		k = always
	case len(views):
		k = never
	}
	x.known[key] = k
	return k
}

func (x *examiner) samples(row int, at event.Point) []*event.View {
	key := rowPoint{row, at}
	if x.views[key] == nil {
		x.views[key] = event.Samples(row, at)
	}
	return x.views[key]
}

// cost says in words how often a call stops for the rule; calls is which do.
func cost(s *Stops, calls string, index int, changesState bool) string {
	row := &event.Table[index]
	switch {
	case row.When == event.Pseudo:
		return "no call: the source tells of it by itself"
	case row.When == event.Entry:
		return calls + " stops once: it has no end to wait for"
	case row.Effect&event.Executes != 0:
		return calls + " stops twice: a program's start is followed whatever the rules say"
	case changesState:
		return calls + " stops twice: it changes what the rule reads of the process"
	case s.AtEntry == "":
		return calls + " stops twice, at its entry and at its end: its arguments alone rule nothing out"
	}
	where := s.AtEntry
	if strings.Contains(where, "\n") {
		where = "the rule may match by its arguments"
	}
	if len(s.Partly) > 0 {
		where += ", or where that cannot be told yet"
	}
	return calls + " stops once; a second time, at its end, where " + where
}
