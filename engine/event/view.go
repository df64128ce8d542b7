package event

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Stage is how far an event has come, and so what can be known of it.
type Stage uint8

// The stages. At RowOnly there is no event yet, just a row that one may come
// from: what is absent or false then is so for every event of the row.
const (
	RowOnly Stage = iota
	AtEntry
	Whole
)

// View is an event together with the process that it is of: what fields are
// read through. Begin starts a new event; a View is for one goroutine.
type View struct {
	Ev      Event
	Row     *Row
	Proc    *Process // nil where it is not known
	Stage   Stage
	Number  uint64 // how many events came before
	Started uint64 // when the run started, in nanoseconds since the epoch
	Host    string

	Previous uint64 // when the event before was entered, in nanoseconds since the epoch; 0 for the first

	index   int // of Row in Table
	given   map[string][]Value
	scratch []byte
	paths   [2]Value // the first two paths, resolved once
	cached  [2]bool
	sock    knownSocket // the event's, read once
}

// Begin turns the view to an event, and drops all values read of the one before.
func (v *View) Begin(ev Event, proc *Process, stage Stage) {
	v.begin(ev.RowIndex())
	v.Ev, v.Proc, v.Stage = ev, proc, stage
}

// BeginRow turns the view to all events of a row at once.
func (v *View) BeginRow(row int) {
	v.begin(row)
	v.Ev, v.Proc, v.Stage = nil, nil, RowOnly
}

// BeginGiven turns the view to an event of the row of which nothing is known but
// the values of the given fields, by their full names (Arg.FullName): a rule's
// unit test. What is not given is absent, but for what is the same for each event
// of the row, and for the time. The event is of the time at, in
// nanoseconds since the epoch.
func (v *View) BeginGiven(row int, at uint64, given map[string][]Value) {
	var b Builder
	b.Begin(row, Origin{}, at)
	b.setFlag(flagBare)
	v.Begin(b.Event(), nil, Whole)
	v.given = given
}

func (v *View) begin(row int) {
	v.Row, v.index = &Table[row], row
	v.scratch, v.given = v.scratch[:0], nil
	v.cached, v.sock.read = [2]bool{}, false
}

// Build appends a text to the view's own memory and returns it: a value that a
// field does not have as it is, but made anew. It is valid until the next Begin.
func (v *View) Build(write func(b []byte) []byte) string {
	start := len(v.scratch)
	v.scratch = write(v.scratch)
	return text(v.scratch[start:])
}

// missing is what a fact that the event lacks counts as.
func (v *View) missing() Value {
	if v.Stage == Whole {
		return Value{}
	}
	return status(Unknown)
}

// fact returns a part as text.
func (v *View) fact(p Part) Value {
	if v.Stage == RowOnly {
		return status(Unknown)
	}
	if b, ok := v.Ev.Bytes(p); ok {
		return str(text(b))
	}
	if v.Ev.Has(p) {
		return Value{}
	}
	return v.missing()
}

// word returns the word of the i-th parameter, as its type's number.
func (v *View) word(i int) Value {
	if v.Stage == RowOnly {
		return status(Unknown)
	}
	w, ok := v.Ev.Word(i)
	if !ok {
		return Value{}
	}
	return num(v.Row.Params[i].Type.Number(w))
}

// result returns the call's result.
func (v *View) result() Value {
	if v.Row.When == Entry {
		return Value{}
	}
	if v.Stage != RowOnly {
		if ret, ok := v.Ev.Ret(); ok {
			return num(ret)
		}
	}
	return v.missing()
}

// first returns the index of the n-th parameter (from 0) whose type satisfies is, or -1.
func (r *Row) first(n int, is func(Type) bool) int {
	for i := range r.Params {
		if is(r.Params[i].Type) {
			if n == 0 {
				return i
			}
			n--
		}
	}
	return -1
}

func isPath(t Type) bool { return t == Path }
func isFD(t Type) bool   { return t == FD }

// path returns the row's n-th path (0 or 1), absolute and without dots, as far as text can tell.
func (v *View) path(n int) Value {
	i := v.Row.first(n, isPath)
	if i < 0 {
		return Value{}
	}
	if !v.cached[n] {
		v.paths[n], v.cached[n] = v.resolve(i), true
	}
	return v.paths[n]
}

func (v *View) resolve(i int) Value {
	raw := v.fact(Part(i))
	return v.complete(raw, func() Value { return v.fact(Base + Part(i)) })
}

// complete is a path made absolute, and clean; base is where a relative one starts.
func (v *View) complete(raw Value, base func() Value) Value {
	if raw.Status != Known || IsPlain(raw.Text) {
		return raw
	}
	from := ""
	if !strings.HasPrefix(raw.Text, "/") {
		dir := base()
		if dir.Status != Known {
			return orRaw(dir, raw)
		}
		from = dir.Text
	}
	start := len(v.scratch)
	v.scratch = appendClean(v.scratch, from, raw.Text)
	return str(text(v.scratch[start:]))
}

// orRaw is what a relative path counts as: while its base may still come, nothing.
func orRaw(dir, raw Value) Value {
	if dir.Status == Unknown {
		return dir
	}
	return raw
}

// NeedsBase reports whether the i-th parameter is a path that starts from somewhere else than the root.
func (e Event) NeedsBase(i int) bool {
	b, ok := e.Bytes(Part(i))
	return ok && (len(b) == 0 || b[0] != '/')
}

// IsPlain reports whether a path is absolute and has no element that is empty or
// starts with a dot: so it is clean, as can be told at a glance.
func IsPlain(p string) bool {
	if p == "/" {
		return true
	}
	if p == "" || p[0] != '/' || p[len(p)-1] == '/' {
		return false
	}
	for i := 0; i < len(p); i++ {
		if p[i] == '/' && (p[i+1] == '/' || p[i+1] == '.') {
			return false
		}
	}
	return true
}

// appendClean appends base/path with empty, dot and dot-dot elements resolved, as path.Join does, without allocating.
func appendClean(dst []byte, base, path string) []byte {
	start := len(dst)
	dst = appendElements(dst, start, base)
	dst = appendElements(dst, start, path)
	if len(dst) == start {
		dst = append(dst, '/')
	}
	return dst
}

func appendElements(dst []byte, start int, path string) []byte {
	for path != "" {
		var elem string
		elem, path, _ = strings.Cut(path, "/")
		switch elem {
		case "", ".":
		case "..":
			if i := strings.LastIndexByte(text(dst[start:]), '/'); i >= 0 {
				dst = dst[:start+i]
			}
		default:
			dst = append(append(dst, '/'), elem...)
		}
	}
	return dst
}

// Descriptor returns the descriptor that an event is about: the one that it
// made, else the first that it was given, be it a directory that a path starts
// from; ok is false where there is none.
func (e Event) Descriptor() (fd int, ok bool) {
	row := e.Row()
	if ret, known := e.Ret(); known && row.Effect&OpensFD != 0 {
		return int(ret), ret >= 0
	}
	i := row.DescriptorParam()
	if i < 0 {
		return 0, false
	}
	w, ok := e.Word(i)
	n := int(FD.Number(w))
	return n, ok && n >= 0
}

// hasDescriptor reports whether events of the row are about a descriptor.
func (r *Row) hasDescriptor() bool { return r.Effect&OpensFD != 0 || r.DescriptorParam() >= 0 }

// ReadsDescriptorFirst reports whether the call ends its descriptor, so that
// what it names can only be read before.
func (r *Row) ReadsDescriptorFirst() bool { return r.Name == "close" }

// MovesBase reports whether the call changes what relative paths start from, so
// that this can only be read before.
func (r *Row) MovesBase() bool { return r.Name == "chdir" }

// PathParam returns the first parameter that is a path, -1 for none.
func (r *Row) PathParam() int { return r.first(0, isPath) }

// opensPath reports whether the row's descriptor is of the path that it names.
func (r *Row) opensPath() bool { return r.Effect&OpensFD != 0 && r.PathParam() >= 0 }

// openFlags returns the flags of a call that opens a path, O_CREAT|O_WRONLY|O_TRUNC for creat.
func (v *View) openFlags() Value {
	if !v.Row.opensPath() && v.Row.Name != "open_by_handle_at" {
		return Value{}
	}
	if v.Row.Name == "creat" {
		return num(unix.O_CREAT | unix.O_WRONLY | unix.O_TRUNC)
	}
	i := v.Row.first(0, func(t Type) bool { return t == OpenFlags })
	if i < 0 {
		return Value{}
	}
	return v.word(i)
}

// Verdict is what a gate says of a call at its entry.
type Verdict uint8

// The verdicts.
const (
	Drop  Verdict = iota // no rule can match, whatever the result
	Watch                // a rule may match
)
