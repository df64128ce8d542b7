package engine

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
	"tiercel/rules"
)

// stage is where events are made for one correlator.
type stage struct {
	c    *correlator
	v    event.View
	tree *tree
	b    event.Builder
}

func newStage() *stage { return &stage{c: newCorrelator(), tree: testTree()} }

// match is an event that a rule matched: when, after the start of the run, in
// which process, about which file, and which steps of a sequence.
type match struct {
	after time.Duration
	pid   int
	file  string
	steps uint64
}

var openat = event.Lookup("openat")

// play has the rule match one after another, and returns which of them (from 1) made an alert.
func (s *stage) play(r *rules.Rule, matches ...match) string {
	var alerts []string
	for i, m := range matches {
		if s.match(r, m) {
			alerts = append(alerts, fmt.Sprint(i+1))
		}
	}
	return strings.Join(alerts, " ")
}

func (s *stage) match(r *rules.Rule, m match) bool {
	s.show(m)
	return s.c.advance(r, m.steps, &s.v)
}

// show turns the view to the match's event.
func (s *stage) show(m match) {
	s.b.Begin(openat, event.Origin{PID: m.pid, TID: m.pid}, uint64(at+m.after))
	s.b.AddString(1, m.file)
	s.b.SetRet(3)
	s.v.Number++
	s.v.Begin(s.b.Event(), s.tree.get(m.pid), event.Whole)
}

// fork gives the tree a child of a process, for each pair of numbers.
func (s *stage) fork(pids ...int) {
	for i := 0; i < len(pids); i += 2 {
		s.tree.apply(spawn(pids[i], pids[i+1]))
	}
}

func (s *stage) end(pid int) { s.tree.settle(newEvent("procexit", pid).Event()) }

func counting(t *testing.T, n int, within time.Duration, by ...string) *rules.Rule {
	return ruleOf(t, rules.State{Count: n, Within: within}, by)
}

func sequenceOf(t *testing.T, n int, within time.Duration, by ...string) *rules.Rule {
	return ruleOf(t, rules.State{Steps: n, Within: within}, by)
}

func ruleOf(t *testing.T, s rules.State, by []string) *rules.Rule {
	t.Helper()
	for _, name := range by {
		ref, err := rules.NewRef(name)
		require.NoError(t, err)
		s.By = append(s.By, ref)
	}
	require.NoError(t, s.Check())
	return &rules.Rule{Name: "r", State: &s}
}

const sec, ms = time.Second, time.Millisecond

func TestCounts(t *testing.T) {
	tests := []struct {
		name    string
		rule    *rules.Rule
		matches []match
		want    string
	}{
		{"the third match makes the alert", counting(t, 3, 10*sec), []match{{after: 0}, {after: 1 * sec}, {after: 2 * sec}}, "3"},
		{"and then it starts anew", counting(t, 2, 10*sec), []match{{after: 0}, {after: 1}, {after: 2}, {after: 3}, {after: 4}}, "2 4"},
		{"at the window's end is within", counting(t, 2, 10*sec), []match{{after: 0}, {after: 10 * sec}}, "2"},
		{"behind the window's end is not", counting(t, 2, 10*sec), []match{{after: 0}, {after: 10*sec + 1}}, ""},
		{"the window moves with the matches", counting(t, 3, 10*sec), []match{{after: 0}, {after: 8 * sec}, {after: 12 * sec}, {after: 18 * sec}}, "4"},
		{"all processes together, without by", counting(t, 2, 10*sec), []match{{pid: 1}, {pid: 2}}, "2"},
		{"each process of its own", counting(t, 2, 10*sec, "proc.pid"), []match{{pid: 1}, {pid: 2}, {pid: 2}, {pid: 1}}, "3 4"},
		{"each pair of values of its own", counting(t, 2, 10*sec, "proc.pid", "fs.path.name"),
			[]match{{pid: 1, file: "/a"}, {pid: 1, file: "/b"}, {pid: 2, file: "/a"}, {pid: 1, file: "/a"}}, "4"},
		{"what is absent belongs together", counting(t, 2, 10*sec, "fs.path.target"), []match{{file: "/a"}, {file: "/b"}}, "2"},
		{"an event that comes a little late counts", counting(t, 3, 10*sec), []match{{after: 10 * sec}, {after: 10*sec - 5*ms}, {after: 10*sec + 5*ms}}, "3"},
		{"and is in the window by its own time", counting(t, 3, 10*sec), []match{{after: 5 * ms}, {after: 0}, {after: 10*sec + 2*ms}, {after: 10*sec + 3*ms}}, "4"},
		{"a call that waited for longer than the window counts for nothing", counting(t, 2, 10*sec), []match{{after: 20 * sec}, {after: 0}, {after: 21 * sec}}, "3"},
		{"nor does it after an alert", counting(t, 2, 10*sec), []match{{after: 20 * sec}, {after: 20 * sec}, {after: 0}, {after: 21 * sec}, {after: 21 * sec}}, "2 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := newStage().play(tt.rule, tt.matches...); got != tt.want {
				t.Errorf("got alerts at %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRulesCountApart(t *testing.T) {
	s := newStage()
	one, two := counting(t, 2, sec), counting(t, 2, sec)
	if s.match(one, match{}) || s.match(two, match{}) || !s.match(one, match{}) || !s.match(two, match{}) {
		t.Error("got another, want an alert of each rule at its own second match")
	}
}

// The steps of a sequence, as bits.
const a, b, c = 1 << 0, 1 << 1, 1 << 2

func TestSequencesByFields(t *testing.T) {
	abc := sequenceOf(t, 3, 10*sec, "fs.path.name")
	tests := []struct {
		name    string
		matches []match
		want    string
	}{
		{"in order", []match{{steps: a}, {steps: b}, {steps: c}}, "3"},
		{"out of order", []match{{steps: b}, {steps: a}, {steps: c}, {steps: b}}, ""},
		{"without a step between", []match{{steps: a}, {steps: c}}, ""},
		{"the window starts with the first step", []match{{steps: a}, {after: 9 * sec, steps: b}, {after: 10*sec + 1, steps: c}}, ""},
		{"at the window's end is within", []match{{steps: a}, {after: 9 * sec, steps: b}, {after: 10 * sec, steps: c}}, "3"},
		{"a first step that comes again begins again", []match{{steps: a}, {after: 5 * sec, steps: a}, {after: 9 * sec, steps: b}, {after: 15 * sec, steps: c}}, "4"},
		{"but takes nothing from what has begun", []match{{steps: a}, {after: 1 * sec, steps: b}, {after: 2 * sec, steps: a}, {after: 3 * sec, steps: c}}, "4"},
		{"what a sequence began with is used up", []match{{steps: a}, {steps: b}, {steps: c}, {steps: c}, {steps: b}, {steps: c}}, "3"},
		{"what began meanwhile is not", []match{{steps: a}, {steps: b}, {after: 1, steps: a}, {after: 1, steps: c}, {after: 1, steps: b}, {after: 1, steps: c}}, "4 6"},
		{"one event is one step", []match{{steps: a | b | c}, {steps: a | b | c}, {steps: a | b | c}}, "3"},
		{"the first two steps by one event are not two", []match{{steps: a | b}, {steps: c}}, ""},
		{"but each may be one", []match{{steps: a | b}, {steps: b}, {steps: c}}, "3"},
		{"the last event begins no other", []match{{steps: a}, {steps: b}, {steps: a | c}, {steps: b}, {steps: c}}, "3"},
		{"files interleave", []match{{file: "/x", steps: a}, {file: "/y", steps: a}, {file: "/y", steps: b}, {file: "/x", steps: c}, {file: "/y", steps: c}}, "5"},
		{"order is that of coming, not of time", []match{{after: 5 * ms, steps: a}, {after: 0, steps: b}, {after: 3 * ms, steps: c}}, "3"},
		{"a first step that comes late does not take a later one's place", []match{{after: 5 * ms, steps: a}, {after: 0, steps: a}, {after: 6 * ms, steps: b}, {after: 10*sec + 4*ms, steps: c}}, "4"},
		{"a call that waited for longer than the window is no step", []match{{after: 20 * sec, steps: a}, {after: 0, steps: b}, {after: 20 * sec, steps: c}}, ""},
		{"processes do not matter", []match{{pid: 1, steps: a}, {pid: 2, steps: b}, {pid: 3, steps: c}}, "3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := newStage().play(abc, tt.matches...); got != tt.want {
				t.Errorf("got alerts at %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSequencesInTrees(t *testing.T) {
	tests := []struct {
		name    string
		forks   []int
		matches []match
		want    string
	}{
		{"one process", nil, []match{{pid: 1, steps: a}, {pid: 1, steps: b}, {pid: 1, steps: c}}, "3"},
		{"a child and its child", []int{1, 2, 2, 3}, []match{{pid: 1, steps: a}, {pid: 2, steps: b}, {pid: 3, steps: c}}, "3"},
		{"a grandchild at once", []int{1, 2, 2, 3}, []match{{pid: 1, steps: a}, {pid: 3, steps: b}, {pid: 3, steps: c}}, "3"},
		{"two children go on from one first step, which is used up by the first", []int{1, 2, 1, 3},
			[]match{{pid: 1, steps: a}, {pid: 2, steps: b}, {pid: 3, steps: b}, {pid: 2, steps: c}, {pid: 3, steps: c}}, "4"},
		{"not the parent", []int{1, 2}, []match{{pid: 2, steps: a}, {pid: 1, steps: b}, {pid: 1, steps: c}}, ""},
		{"not back up", []int{1, 2}, []match{{pid: 1, steps: a}, {pid: 2, steps: b}, {pid: 1, steps: c}}, ""},
		{"not a sibling", []int{1, 2, 1, 3}, []match{{pid: 2, steps: a}, {pid: 3, steps: b}, {pid: 3, steps: c}}, ""},
		{"not another tree", []int{1, 2, 5, 6}, []match{{pid: 1, steps: a}, {pid: 6, steps: b}, {pid: 2, steps: c}}, ""},
		{"trees interleave", []int{1, 2, 5, 6}, []match{{pid: 1, steps: a}, {pid: 5, steps: a}, {pid: 6, steps: b}, {pid: 2, steps: b}, {pid: 6, steps: c}, {pid: 2, steps: c}}, "5 6"},
		{"the latest ancestor is the one that counts", []int{1, 2}, []match{{pid: 1, steps: a}, {after: 5 * sec, pid: 2, steps: a}, {after: 6 * sec, pid: 2, steps: b}, {after: 15 * sec, pid: 2, steps: c}}, "4"},
		{"whichever is nearer", []int{1, 2}, []match{{pid: 2, steps: a}, {after: 5 * sec, pid: 1, steps: a}, {after: 6 * sec, pid: 2, steps: b}, {after: 15 * sec, pid: 2, steps: c}}, "4"},
		{"what one child completes, another does not complete again", []int{1, 2, 1, 3}, []match{{pid: 1, steps: a}, {pid: 1, steps: b}, {pid: 2, steps: c}, {pid: 3, steps: c}}, "3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage()
			s.fork(tt.forks...)
			if got := s.play(sequenceOf(t, 3, 10*sec), tt.matches...); got != tt.want {
				t.Errorf("got alerts at %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSequencesOutliveTheProcessesBetween(t *testing.T) {
	s := newStage()
	r := sequenceOf(t, 2, 10*sec)
	require.False(t, s.match(r, match{pid: 1, steps: a}))
	for pid := 2; pid < maxAncestors; pid++ {
		s.fork(pid-1, pid)
		s.end(pid - 1)
	}
	if !s.match(r, match{pid: maxAncestors - 1, steps: b}) {
		t.Errorf("got no alert after %d generations, want one", maxAncestors-2)
	}
}

func TestANumberThatIsUsedAgainIsAnotherProcess(t *testing.T) {
	s := newStage()
	r := sequenceOf(t, 2, 10*sec)
	s.fork(1, 2, 1, 3)
	require.False(t, s.match(r, match{pid: 2, steps: a}))
	s.end(2)
	s.fork(3, 2)
	if s.match(r, match{pid: 2, steps: b}) {
		t.Error("a new process of that number: got an alert, want none")
	}
	require.False(t, s.match(r, match{pid: 2, steps: a}))
	s.fork(3, 2) // its end was not seen
	if s.match(r, match{pid: 2, steps: b}) {
		t.Error("another, the former's end unseen: got an alert, want none")
	}
}

// Rules over trees must keep no process alive, nor rules that count by process.
func TestProcessesThatEndAreNotKept(t *testing.T) {
	s := newStage()
	r, q := sequenceOf(t, 2, time.Hour), counting(t, 2, time.Hour, "proc.pid")
	s.fork(1, 2)
	s.match(r, match{pid: 2, steps: a})
	s.match(q, match{pid: 2})
	gone := weak.Make(s.tree.procs[2])
	s.end(2)
	s.show(match{pid: 1})
	runtime.GC()
	if gone.Value() != nil {
		t.Error("got a process that has ended, want it collected")
	}
	runtime.KeepAlive(s)
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rule  *rules.Rule
		steps uint64
	}{
		{"a counting rule", counting(t, 5, time.Hour, "fs.path.name"), 0},
		{"a sequence by fields", sequenceOf(t, 3, time.Hour, "fs.path.name"), a},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage()
			const keys = 1_000_000
			before := heap()
			for i := range keys {
				s.match(tt.rule, match{file: fmt.Sprintf("/%d", i), steps: tt.steps})
			}
			if grown := int64(heap()) - int64(before); grown > 16<<20 {
				t.Errorf("got %d bytes more in use, want less than 16 MiB", grown)
			}
			if got := len(s.c.tracks); got != maxTracks {
				t.Errorf("got %d tracks, want %d", got, maxTracks)
			}
			if got, want := s.c.dropped, uint64(keys-maxTracks); got != want {
				t.Errorf("got %d dropped, want %d", got, want)
			}
			checkRing(t, s.c)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// checkRing checks that the ring has the tracks, and marks counts the room in them.
func checkRing(t *testing.T, c *correlator) {
	t.Helper()
	n, marks := 0, 0
	for at := c.ring.next; at != &c.ring; at = at.next {
		n, marks = n+1, marks+cap(at.marks)
		if c.tracks[at.key] != at || at.next.prev != at {
			t.Fatal("got a ring that is not that of the tracks")
		}
	}
	if n != len(c.tracks) || marks != c.marks {
		t.Errorf("got %d tracks with %d marks, want %d and %d", n, marks, len(c.tracks), c.marks)
	}
}

func TestMarksAreBoundedToo(t *testing.T) {
	s := newStage()
	r := counting(t, rules.MaxCount, time.Hour, "proc.pid")
	for i := range 100 {
		for range rules.MaxCount - 1 {
			s.match(r, match{pid: i})
		}
		if s.c.marks > maxMarks {
			t.Fatalf("got room for %d marks, want at most %d", s.c.marks, maxMarks)
		}
	}
	if s.c.dropped == 0 || len(s.c.tracks) == 0 {
		t.Errorf("got %d dropped and %d left, want some of both", s.c.dropped, len(s.c.tracks))
	}
	if !s.match(r, match{pid: 99}) {
		t.Error("the last process: got no alert, want its count kept")
	}
	checkRing(t, s.c)
}

func TestTheOldestIsDropped(t *testing.T) {
	s := newStage()
	r := counting(t, 2, time.Hour, "fs.path.name")
	s.match(r, match{file: "/old"})
	s.match(r, match{file: "/young"})
	for i := range maxTracks - 2 {
		s.match(r, match{file: fmt.Sprint("/", i)})
	}
	require.Zero(t, s.c.dropped)
	s.match(r, match{file: "/more"})
	if !s.match(r, match{file: "/young"}) || s.c.dropped != 1 {
		t.Errorf("got %d dropped and no alert, want only the oldest dropped", s.c.dropped)
	}
	if s.match(r, match{file: "/old"}) {
		t.Error("got an alert of the oldest, want it forgotten")
	}
}

// What is over makes room for what is new, and is no loss.
func TestWhatIsOverIsForgotten(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule *rules.Rule
	}{
		{"a counting rule", counting(t, 2, sec, "fs.path.name")},
		{"a sequence in trees", sequenceOf(t, 2, sec)},
	} {
		s := newStage()
		for i := range 20_000 {
			s.match(tt.rule, match{after: time.Duration(i) * ms, pid: i, file: fmt.Sprint("/", i), steps: a})
			s.end(i)
		}
		if got := len(s.c.tracks); got > 2100 { // two seconds' worth
			t.Errorf("%s: got %d tracks, want those of the last two seconds", tt.name, got)
		}
		if s.c.dropped != 0 {
			t.Errorf("%s: got %d dropped, want none", tt.name, s.c.dropped)
		}
		checkRing(t, s.c)
	}
}

func TestWhatAnEventThatComesLateContinuesIsKept(t *testing.T) {
	s := newStage()
	r := sequenceOf(t, 2, sec, "fs.path.name")
	s.match(r, match{file: "/x", steps: a})
	for i := range 10 {
		s.match(r, match{after: sec + 5*ms, file: fmt.Sprint("/", i), steps: a})
	}
	s.match(r, match{after: 0, file: "/late", steps: a})
	if !s.match(r, match{after: sec, file: "/x", steps: b}) {
		t.Error("got no alert, want one: the window was not over by the event's time")
	}
}

func TestKnownKeysAllocateNothing(t *testing.T) {
	s := newStage()
	s.fork(1, 2, 2, 3)
	count, by, tree := counting(t, 3, sec, "proc.pid", "fs.path.name"), sequenceOf(t, 2, sec, "fs.path.name"), sequenceOf(t, 2, sec)
	s.show(match{pid: 3, file: "/a"})
	all := func() {
		s.v.Number++
		s.c.advance(count, 0, &s.v)
		s.c.advance(by, a|b, &s.v)
		s.c.advance(tree, a|b, &s.v)
	}
	for range 10 {
		all()
	}
	if n := testing.AllocsPerRun(100, all); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

func TestTheLedgerTellsWhatWasForgotten(t *testing.T) {
	e := testEngine(t, rules.Debug)
	e.state.dropped = 7
	if got := e.Ledger(event.Counters{}).Dropped; got != 7 {
		t.Errorf("got %d, want 7", got)
	}
}

func BenchmarkAdvance(b *testing.B) {
	s := newStage()
	for pid := 2; pid < 12; pid++ {
		s.fork(pid-1, pid)
	}
	s.show(match{pid: 11, file: "/etc/passwd"})
	name, err := rules.NewRef("fs.path.name")
	require.NoError(b, err)
	for _, bb := range []struct {
		name  string
		state rules.State
	}{
		{"count by a field", rules.State{Count: 5, Within: sec, By: []rules.Ref{name}}},
		{"sequence in a tree of eleven", rules.State{Steps: 2, Within: sec}},
	} {
		r := &rules.Rule{State: &bb.state}
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.v.Number++
				s.c.advance(r, 3, &s.v)
			}
		})
	}
}
