package event

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Number is the one number of a call that a field's value is made of: an
// argument in its register, or the result.
type Number struct {
	Arg     int // 0 to 5, or Result
	Type    Type
	floored bool // all below 0 are as -1
}

// Number returns the number that the field's value is made of in calls of the
// row. The value is the number, or where the field is text the number's name.
// ok is false of a value that is made of more, or of something else, or is the
// same for each of the row's events.
func (f *Field) Number(a *Arg, row int) (n Number, ok bool) {
	switch r := &Table[row]; f.Name {
	case "evt.rawres", "evt.res":
		return Number{Arg: Result, Type: Errno}, true
	case "fd.num":
		if r.Effect&OpensFD != 0 {
			return Number{Arg: Result, Type: Errno, floored: true}, true
		}
		return r.register(r.DescriptorParam())
	case "evt.arg", "evt.rawarg":
		p := a.in(row)
		if p == nil || p.arg < 0 || p.typ == OpenMode || p.typ == SockOption || (f.Name == "evt.arg") != p.typ.isNamed() {
			break // permissions depend on flags, options on the level; what has names has numbers of Falco's
		}
		return r.register(p.arg)
	}
	return Number{}, false
}

// register returns the i-th parameter as a number, where it is one that a register holds.
func (r *Row) register(i int) (n Number, ok bool) {
	if i < 0 || i >= Result || r.Params[i].In != nil || r.Params[i].Type.InMemory() {
		return Number{}, false
	}
	return Number{Arg: i, Type: r.Params[i].Type}, true
}

func (t Type) isNamed() bool { return int(t) < len(symbols) && symbols[t] != nil }

func (t Type) mask() uint64 { return ^uint64(0) >> (64 - t.Width()) }

// Is returns the condition that the number is v; ok is false where none says that.
func (n Number) Is(v int64) (c Condition, ok bool) {
	word := uint64(v) & n.Type.mask()
	switch {
	case n.floored && v == -1:
		return n.Negative()
	case n.floored && v < 0, n.Type.Number(word) != v:
		return Condition{}, false
	}
	return Condition{Arg: n.Arg, Mask: n.Type.mask(), Value: word}, true
}

// Negative returns the condition that the number is below 0; ok is false of one that never is.
func (n Number) Negative() (c Condition, ok bool) {
	sign := uint64(1) << (n.Type.Width() - 1)
	return Condition{Arg: n.Arg, Mask: sign, Value: sign}, n.Type.Number(sign) < 0
}

// IsSum reports whether the number can have several names at once, with bars between.
func (n Number) IsSum() bool { return n.Arg != Result && symbols[n.Type].bits != nil }

// Named returns conditions of which one holds where the number has a name that
// match wants, and none elsewhere. Where numbers that no condition is for have
// such a name, ok is false. A number without a name is not asked for.
func (n Number) Named(match func(name string) bool) (some []Condition, ok bool) {
	if n.Arg == Result {
		return n.results(match), true
	}
	s := symbols[n.Type]
	if s.flags != nil || s.none != "" && match(s.none) || s.other.name != "" && match(s.other.name) {
		return nil, false
	}
	for i := range s.bits {
		if match(s.bits[i].name) {
			some = append(some, n.hasBit(s, &s.bits[i]))
		}
	}
	mask := n.Type.mask() >> s.shift << s.shift
	for i := range s.enum {
		word := s.enum[i].value << s.shift & mask
		if c := (Condition{Arg: n.Arg, Mask: mask, Value: word}); match(string(s.append(nil, word))) && !slices.Contains(some, c) {
			some = append(some, c)
		}
	}
	return some, true
}

// hasBit is the set's hasBits as a condition.
func (n Number) hasBit(s *symbolSet, one *symbol) Condition {
	if one.value&^s.mask == 0 {
		return Condition{Arg: n.Arg, Mask: s.mask, Value: one.value}
	}
	return Condition{Arg: n.Arg, Mask: one.value & n.Type.mask(), Not: true}
}

// results is Named of a call's result: SUCCESS is what is 0 or more, or so far
// below that it is no error.
func (n Number) results(match func(name string) bool) (some []Condition) {
	if match(resultName(0)) {
		const least = ^uint64(maxErrno) // the number below that of the last error
		some = append(some, Condition{Arg: Result, Mask: least, Value: least, Not: true}, Condition{Arg: Result, Mask: ^uint64(0), Value: least})
	}
	for e := int64(1); e <= maxErrno; e++ {
		if match(resultName(-e)) {
			c, _ := n.Is(-e) // of a result any number is one
			some = append(some, c)
		}
	}
	return some
}

// Holds returns what must all hold of a call of the row so that a boolean field
// is true, where that is all that it depends on.
func (f *Field) Holds(row int) (all []Condition, ok bool) {
	if f.Name == "evt.failed" {
		return []Condition{failed}, true
	}
	tests, is := openTests[f.Name]
	i := Table[row].first(0, func(t Type) bool { return t == OpenFlags })
	if _, ok = Table[row].register(i); !ok || !is {
		return nil, false
	}
	for _, c := range tests {
		c.Arg = i
		all = append(all, c)
	}
	return all, true
}

// failed is what the result of a call is that gave an error.
var failed = Condition{Arg: Result, Mask: 1 << 63, Value: 1 << 63}

// openTests are what must all hold of an open's flags so that the field is true.
var openTests = map[string][]Condition{
	"evt.is_open_read":   {{Mask: unix.O_ACCMODE, Value: unix.O_WRONLY, Not: true}, {Mask: unix.O_PATH}},
	"evt.is_open_write":  {{Mask: unix.O_ACCMODE, Value: unix.O_RDONLY, Not: true}, {Mask: unix.O_PATH}},
	"evt.is_open_create": {{Mask: unix.O_CREAT, Not: true}},
}
