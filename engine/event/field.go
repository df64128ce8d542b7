package event

import (
	"math"
	"strconv"
	"strings"
	"sync"
)

// Field is one line of the fields that rules can read of an event.
type Field struct {
	Name  string
	Type  FieldType
	Arg   ArgKind
	Flags Flags
	Facts Facts // what a source must have read for it
	Doc   string
	get   getter
}

// The sources, as --source names them: the one that traces, and the one in the kernel.
const (
	SourcePtrace = "ptrace"
	SourceEBPF   = "ebpf"
)

// Sources are the sources that there are.
var Sources = []string{SourcePtrace, SourceEBPF}

// Why says why no source can answer the field, and is empty for one that is
// answered. A field with a reason loads, and is always absent.
func (f *Field) Why() string { return reasons()[f.Name] }

// Sources returns the sources that can answer the field.
func (f *Field) Sources() []string {
	if f.Why() != "" {
		return nil
	}
	return Sources
}

// getter returns the field's i-th value; i is above 0 only for a field with Many
// or List, which ends with the status end.
type getter func(v *View, a *Arg, i int) Value

// end is the status behind the last value of a field with Many or List.
const end Status = 255

// Flags are what is special about a field, as bits.
type Flags uint8

// The flags.
const (
	Many          Flags = 1 << iota // several values of which any may match: each ancestor, either end of a connection
	List                            // one value that is a list (fd.types)
	NoRHS                           // may not stand on the right-hand side of a comparison, val(FIELD)
	NoTransformer                   // may not stand in a transformer
	FilterOnly                      // for conditions only: an output cannot print it
	PrintOnly                       // for outputs only: a condition cannot read it
	Deprecated                      // loads, but a better field has taken its place
)

// Has reports whether all of the bits are set.
func (f Flags) Has(bits Flags) bool { return f&bits == bits }

// Facts is a set of record parts, a bit each (1 << part).
type Facts uint64

// Has reports whether the set has the part.
func (f Facts) Has(p Part) bool { return f&(1<<p) != 0 }

func facts(parts ...Part) Facts {
	var f Facts
	for _, p := range parts {
		f |= 1 << p
	}
	return f
}

// ArgKind says whether a field takes an argument (evt.arg.NAME, proc.aname[2]).
type ArgKind uint8

// The kinds.
const (
	NoArg    ArgKind = iota
	MayIndex         // [number]
	MayKey           // [name]
	MustKey          // .name or [name or number]
)

// Arg is a field's argument as the compiler found it. NewArg makes one.
type Arg struct {
	Key   string
	Index int
	Set   bool

	isNumber bool
	param    *namedParam // nil where no row has a parameter named Key
}

// NewArg returns the argument with that text; an empty text means none.
func NewArg(key string) *Arg {
	a := &Arg{Key: key, Set: key != ""}
	if n, err := strconv.Atoi(key); err == nil {
		a.Index, a.isNumber = n, true
	} else if a.Set {
		a.param = paramNamed(key)
	}
	return a
}

// Get returns the field's value as an output shows it. Of a field with several,
// texts come in one, as in Falco: a list in parentheses, ancestors with a blank
// between; of the numbers of ancestors (proc.apid) comes the process's own.
func (f *Field) Get(v *View, a *Arg) Value {
	switch {
	case a.Set || f.Flags&(Many|List) == 0:
	case f.Flags.Has(List):
		return f.joined(v, a, [3]string{"(", ",", ")"})
	case f.Type.IsText():
		return f.joined(v, a, [3]string{"", " ", ""})
	case v.given == nil:
		a = itself
	}
	val := f.value(v, a, 0)
	if val.Status == end {
		return Value{}
	}
	return val
}

// itself is the argument of an ancestor's field that stands for the process.
var itself = &Arg{Key: "0", Set: true, isNumber: true}

// joined returns all known values in one, with what stands before, between and behind them.
func (f *Field) joined(v *View, a *Arg, marks [3]string) Value {
	var all []string
	st := f.Any(v, a, func(val Value) bool {
		all = append(all, val.Text)
		return false
	})
	if len(all) == 0 {
		return status(st)
	}
	return str(marks[0] + strings.Join(all, marks[1]) + marks[2])
}

// Any calls match with the field's values until it returns true. It returns
// Known when one matched, else Unknown when a value was unknown, else Absent.
func (f *Field) Any(v *View, a *Arg, match func(Value) bool) Status {
	found := Absent
	for i := 0; ; i++ {
		val := f.value(v, a, i)
		switch {
		case val.Status == end:
			return found
		case val.Status == Unknown:
			found = Unknown
		case val.Status == Known && match(val):
			return Known
		}
		if f.Flags&(Many|List) == 0 || f.Flags.Has(Many) && a.Set || val.Status == Unknown {
			return found
		}
	}
}

// value returns the field's i-th value: what the view was given for it, else what the field reads.
func (f *Field) value(v *View, a *Arg, i int) Value {
	if v.given != nil {
		if values, ok := v.given[a.FullName(f)]; ok {
			if i < len(values) {
				return values[i]
			}
			return status(end)
		}
	}
	return f.get(v, a, i)
}

// FullName returns the field's name with the argument in brackets, if there is one.
func (a *Arg) FullName(f *Field) string {
	if !a.Set {
		return f.Name
	}
	return f.Name + "[" + a.Key + "]"
}

// LookupField returns the field of that name and whether there is one. The name
// of a field with an argument may be followed by it: evt.arg.flags.
func LookupField(name string) (f *Field, arg string, ok bool) {
	if f, ok := byName()[name]; ok {
		return f, "", true
	}
	for i := len(name) - 1; i > 0; i-- {
		if name[i] != '.' {
			continue
		}
		if f, ok := byName()[name[:i]]; ok && f.Arg == MustKey {
			return f, name[i+1:], true
		}
	}
	return nil, "", false
}

var byName = sync.OnceValue(func() map[string]*Field {
	m := make(map[string]*Field, len(Fields))
	for i := range Fields {
		m[Fields[i].Name] = &Fields[i]
	}
	return m
})

// ValueType returns the type of the field's values. That of a dynamic field
// (evt.rawarg) is its parameter's; ok is false where no row has such a parameter.
func (f *Field) ValueType(a *Arg) (t FieldType, ok bool) {
	if f.Type != TypeDynamic {
		return f.Type, true
	}
	if a.param == nil {
		return TypeInt, false
	}
	return a.param.raw, true
}

// rowFacts returns what a source must have read for the field in events of the
// row: that of a call's parameters is theirs.
func (f *Field) rowFacts(a *Arg, row int) Facts {
	need := f.Facts
	switch f.Name {
	case "evt.arg", "evt.rawarg":
		if p := a.in(row); p != nil {
			need |= p.facts()
		}
	case "evt.args", "evt.info":
		params := &paramsOf()[row]
		for i := range params.all[:params.falco] {
			need |= params.all[i].facts()
		}
	}
	return need
}

// AppendText appends the text of a value of the type, as messages show it.
func (t FieldType) AppendText(b []byte, val Value) []byte {
	switch {
	case val.Status != Known:
		return append(b, "<NA>"...)
	case t.IsText():
		return append(b, val.Text...)
	case t.IsAddr():
		return appendAddr(b, val.Text)
	case t == TypeBool:
		return strconv.AppendBool(b, val.Num != 0)
	case t == TypeUint:
		return strconv.AppendUint(b, uint64(val.Num), 10)
	case t == TypeDouble:
		return strconv.AppendFloat(b, math.Float64frombits(uint64(val.Num)), 'f', -1, 64)
	}
	return strconv.AppendInt(b, val.Num, 10)
}

// Effects returns which effects of calls change the field's value, so that a
// source must watch those calls for it.
func (f *Field) Effects() Effect {
	var e Effect
	switch {
	case f.Why() != "":
		return 0
	case strings.HasPrefix(f.Name, "user."), strings.HasPrefix(f.Name, "group."), strings.HasPrefix(f.Name, "thread.cap"):
		e = SetsIDs
	case strings.Contains(f.Name, "sid"), strings.Contains(f.Name, "pgid"), strings.Contains(f.Name, "sname"):
		e = SetsJob
	}
	if f.Name == "proc.loginshellid" || f.Name == "thread.nametid" ||
		strings.HasPrefix(f.Name, "proc.") && (strings.HasSuffix(f.Name, "name") || strings.HasSuffix(f.Name, "cmdline")) {
		e |= SetsName
	}
	return e
}
