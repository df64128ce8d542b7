package event

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Point is a point on a call's way at which something of its event is known.
type Point uint8

// The points, each of which knows what those before it know.
const (
	ByRow    Point = iota // which call it is
	ByEntry               // its arguments and what these point to
	ByExit                // its result
	ByEngine              // what the source has read beside, and the process
)

var pointNames = [...]string{"call", "entry", "exit", "engine"}

func (p Point) String() string { return pointNames[p] }

// sample is how the arguments of a call that never was look.
type sample struct {
	word uint64 // in each register
	path string
	addr string // a struct sockaddr
	bad  bool   // no memory can be read
}

// samples are of different kinds: what is known of all of them is taken to be known of any call.
var samples = []sample{
	{word: 0, path: "/srv/a", addr: "\x02\x00\x01\xbb\xc0\x00\x02\x07\x00\x00\x00\x00\x00\x00\x00\x00"},
	{word: 3, path: "a", addr: "\x01\x00/run/a\x00"},
	{word: 1<<64 + unix.AT_FDCWD, bad: true},
}

// Samples returns views of made-up events of the row, as each is known at the
// point: of whose values some are Unknown, these cannot be told there. Whether a
// field, or a comparison, is known at a point is so not declared but tried out.
// There is none for ByEngine, where everything is known.
func Samples(row int, at Point) []*View {
	switch at {
	case ByRow:
		v := &View{}
		v.BeginRow(row)
		return []*View{v}
	case ByEngine:
		return nil
	}
	views := make([]*View, len(samples))
	var b Builder
	for i := range samples {
		samples[i].begin(&b, row)
		if at == ByExit && Table[row].When == Exit {
			b.SetRet(int64(i))
		}
		views[i] = &View{}
		views[i].Begin(slices.Clone(b.Event()), nil, AtEntry)
	}
	return views
}

// begin writes what a source has read of the sample at its entry.
func (s *sample) begin(b *Builder, row int) {
	b.Begin(row, Origin{PID: 1, TID: 1}, 1)
	b.SetArgs(&[6]uint64{s.word, s.word, s.word, s.word, s.word, s.word})
	for i := range Table[row].Params {
		p := &Table[row].Params[i]
		switch {
		case p.In == nil && !p.Type.InMemory():
		case s.bad:
			b.AddUnreadable(Part(i))
		case p.In != nil:
			b.AddWord(Part(i), s.word)
		case p.Type == SockAddr, p.Type == MsgName:
			b.AddString(Part(i), s.addr)
		default:
			b.AddString(Part(i), s.path)
		}
	}
	s.addBases(b)
}

// addBases adds where relative paths start from.
func (s *sample) addBases(b *Builder) {
	for i, p := range b.Event().Row().Params {
		if p.Type == Path && b.Event().NeedsBase(i) {
			b.AddString(Base+Part(i), "/srv")
		}
	}
}
