package event

import (
	"sync"
	"time"
)

// Fleeting reports whether the field says something else of the same event when
// it comes at another time: clocks, ages, the event's number. Two alerts that
// differ in such fields only tell the same thing.
//
// It is not declared but tried out, so that a new field needs no second line: a
// field that gives two values for two events that differ in nothing but time and
// number is fleeting.
func (f *Field) Fleeting() bool { return fleeting()[f] }

var fleeting = sync.OnceValue(func() map[*Field]bool {
	early, late := momentOf(1, 0), momentOf(2, lapse)
	none := NewArg("")
	found := map[*Field]bool{}
	for i := range Fields {
		f := &Fields[i]
		if a, b := f.Get(early, none), f.Get(late, none); a != b {
			found[f] = true
		}
	}
	return found
})

// lapse is a time after which every element of a clock and of a date shows
// another number, even where a change to summer time lies between.
const lapse = (400*24+1)*time.Hour + time.Minute + time.Second + time.Millisecond

// momentOf is a view of the n-th event of a run, after that time.
func momentOf(n uint64, after time.Duration) *View {
	var b Builder
	b.Begin(RowProcExit, Origin{}, uint64(after))
	v := &View{Number: n, Previous: 1}
	v.Begin(b.Event(), &Process{State: State{Start: 1, InitStart: 1}, Parent: &Process{State: State{Start: 1}}}, Whole)
	return v
}
