package engine

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"time"

	"tiercel/engine/event"
	"tiercel/rules"
)

// correlator remembers what rules with a rules.State wait for. It knows no
// clock: all times are the events' own, in nanoseconds since the epoch, so a
// recorded run gives the same alerts. It belongs to the engine's goroutine.
//
// Events come in the order in which their calls ended, and have the times at
// which these began. So times may go back, by a little where threads run side by
// side, by much where a call waited. Order is the order in which they come; a
// window is measured between times, whichever is the earlier. Where the machine's
// clock is set back, a count waits until it has caught up.
type correlator struct {
	tracks  map[trackKey]*track
	ring    track  // its next is the track that was last added to, its prev the one that was longest left alone
	now     int64  // the latest time so far
	marks   int    // room for marks in all tracks
	dropped uint64 // tracks that were still waited for

	seeds   [2]maphash.Seed
	path    []trackKey // of the event at hand: see find
	scratch []byte
}

// maxTracks and maxMarks (4 MiB) bound what is remembered: a workload that makes up
// keys costs the oldest ones, not memory. What is dropped so is counted.
const (
	maxTracks = 16_384
	maxMarks  = 1 << 18
)

// slack is how much earlier than another's an event's time may be without its
// finding what it continues forgotten.
const slack = int64(time.Second)

// trackKey is a rule and what its matches have in common: the hash of the values
// of its By fields (128 bits under a seed of the run, so that no workload can
// make two agree), or a process.
type trackKey struct {
	rule *rules.Rule
	a, b uint64
}

// track is what a rule waits for with one key. It refers to no process: one that
// has ended is not kept by it.
type track struct {
	key        trackKey
	prev, next *track
	last       int64  // the latest time in marks, ever
	marks      []mark // of a counting rule: each match, by time; of a sequence: for each step but the last
}

// mark is the match that something began with: by its time, and by its event's number, 0 for none.
type mark struct {
	time   int64
	number uint64
}

func newCorrelator() *correlator {
	c := &correlator{tracks: map[trackKey]*track{}, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
	c.ring.prev, c.ring.next = &c.ring, &c.ring
	return c
}

// advance tells the correlator that the rule, which must have a State, matched
// the view's event, and returns whether that makes an alert. Of a sequence,
// steps has the bit 1<<i for each step i (from 0) that matched. It is called once
// for a rule and an event.
func (c *correlator) advance(r *rules.Rule, steps uint64, v *event.View) bool {
	m := mark{int64(v.Ev.Time()), v.Number}
	c.now = max(c.now, m.time)
	c.find(r, v)
	if r.State.Steps == 0 {
		return c.count(r.State, m)
	}
	return c.sequence(r.State, steps, m)
}

// find sets path to the keys under which the event can continue something; under
// the first it begins something. There is one by By; without, there is one for
// the process and one for each of its ancestors.
func (c *correlator) find(r *rules.Rule, v *event.View) {
	c.path = c.path[:0]
	if r.State.Steps == 0 || len(r.State.By) > 0 {
		c.path = append(c.path, c.keyOf(r, v))
		return
	}
	if v.Proc == nil { // given events (Judge) have no processes: they are of one tree
		c.path = append(c.path, trackKey{rule: r})
	}
	for p := v.Proc; p != nil; p = p.Parent {
		c.path = append(c.path, trackKey{rule: r, a: p.Serial})
	}
}

// keyOf hashes the values of the rule's By fields.
func (c *correlator) keyOf(r *rules.Rule, v *event.View) trackKey {
	b := c.scratch[:0]
	for _, ref := range r.State.By {
		val := ref.Field.Get(v, ref.Arg)
		b = append(b, byte(val.Status))
		b = binary.LittleEndian.AppendUint64(b, uint64(val.Num))
		b = binary.LittleEndian.AppendUint64(b, uint64(len(val.Text)))
		b = append(b, val.Text...)
	}
	c.scratch = b
	return trackKey{r, maphash.Bytes(c.seeds[0], b), maphash.Bytes(c.seeds[1], b)}
}

// count adds a match of a counting rule, and reports whether it completes the count.
func (c *correlator) count(s *rules.State, m mark) bool {
	t := c.track(c.path[0])
	t.last = max(t.last, m.time)
	c.grow(t, 1)
	t.marks = append(t.marks, m)
	for i := len(t.marks) - 1; i > 0 && t.marks[i-1].time > t.marks[i].time; i-- {
		t.marks[i-1], t.marks[i] = t.marks[i], t.marks[i-1]
	}
	over := 0
	for over < len(t.marks) && t.last-t.marks[over].time > int64(s.Within) {
		over++
	}
	t.marks = t.marks[:copy(t.marks, t.marks[over:])]
	if len(t.marks) < s.Count {
		return false
	}
	t.marks = t.marks[:0]
	return true
}

// sequence adds the match of one event to a sequence, and reports whether it
// completes it. The last step goes first, so that no step continues what another
// step of the same event has just reached.
//
// Of all that reached a step, only what began last is kept: whatever completes
// the others in time completes that, too.
func (c *correlator) sequence(s *rules.State, steps uint64, m mark) bool {
	for step := s.Steps - 1; step >= 0; step-- {
		if steps>>step&1 == 0 {
			continue
		}
		begin := m
		if step > 0 {
			begin = c.reached(step-1, m.time, int64(s.Within))
		}
		switch {
		case begin.number == 0:
		case step == s.Steps-1:
			c.forget(begin.number)
			return true
		default:
			c.reach(s, step, begin)
		}
	}
	return false
}

// reached returns where the latest that reached a step on the path began, if the
// time is within the window from there.
func (c *correlator) reached(step int, time, within int64) (begin mark) {
	for _, key := range c.path {
		t := c.tracks[key]
		if t == nil {
			continue
		}
		m := t.marks[step]
		apart := max(time-m.time, m.time-time)
		if m.number != 0 && apart <= within && (begin.number == 0 || m.time > begin.time) {
			begin = m
		}
	}
	return begin
}

// reach notes that what began so has reached the step.
func (c *correlator) reach(s *rules.State, step int, begin mark) {
	t := c.track(c.path[0])
	if t.marks == nil {
		c.grow(t, s.Steps-1)
		t.marks = t.marks[:s.Steps-1]
	}
	if t.marks[step].number == 0 || begin.time >= t.marks[step].time {
		t.marks[step] = begin
		t.last = max(t.last, begin.time)
	}
}

// forget drops what began with the event of that number, wherever a process
// took it: several children may have gone on from it. There is time for all
// tracks, as it is once per alert.
func (c *correlator) forget(number uint64) {
	rule := c.path[0].rule
	for t := c.ring.next; t != &c.ring; t = t.next {
		for i := range t.marks {
			if t.key.rule == rule && t.marks[i].number == number {
				t.marks[i] = mark{}
			}
		}
	}
}

// track returns the key's track, a new one if need be, as the last that was added to.
func (c *correlator) track(key trackKey) *track {
	t := c.tracks[key]
	if t == nil {
		for range 2 { // as many again as come new: so what is over goes in time
			if old := c.ring.prev; old != &c.ring && !old.awaits(c.now) {
				c.drop(old)
			}
		}
		if len(c.tracks) == maxTracks {
			c.drop(c.ring.prev)
		}
		t = &track{key: key}
		c.tracks[key] = t
	} else {
		t.prev.next, t.next.prev = t.next, t.prev
	}
	t.prev, t.next = &c.ring, c.ring.next
	t.prev.next, t.next.prev = t, t
	return t
}

// grow makes room for n more marks in the track, at the cost of the oldest tracks.
func (c *correlator) grow(t *track, n int) {
	had := cap(t.marks)
	t.marks = slices.Grow(t.marks, n)
	c.marks += cap(t.marks) - had
	for c.marks > maxMarks && c.ring.prev != t {
		c.drop(c.ring.prev)
	}
}

func (c *correlator) drop(t *track) {
	if t.awaits(c.now) {
		c.dropped++
	}
	c.remove(t)
}

func (c *correlator) remove(t *track) {
	c.marks -= cap(t.marks)
	t.prev.next, t.next.prev = t.next, t.prev
	delete(c.tracks, t.key)
}

// awaits reports whether something that is marked can still come to its end.
func (t *track) awaits(now int64) bool {
	return now-t.last <= int64(t.key.rule.State.Within)+slack && slices.ContainsFunc(t.marks, func(m mark) bool { return m.number != 0 })
}
