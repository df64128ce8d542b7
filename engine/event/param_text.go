package event

import (
	"strings"

	"golang.org/x/sys/unix"
)

// text appends a value's text to the view's scratch memory.
func (v *View) text(f func([]byte, int64) []byte, n int64) Value {
	start := len(v.scratch)
	v.scratch = f(v.scratch, n)
	return str(text(v.scratch[start:]))
}

// plain returns a parameter as Falco prints it before the parentheses.
func (v *View) plain(p *shown) Value {
	val := v.value(p)
	if val.Status != Known || p.typ.fieldType().IsText() {
		return val
	}
	return v.text(p.typ.appendNumber, val.Num)
}

// value returns a parameter's number or text.
func (v *View) value(p *shown) Value {
	switch {
	case p.arg < 0 && p.read == nil, p.typ == Buffer:
		return Value{}
	case p.arg < 0:
		return p.read(v)
	case v.Stage == RowOnly:
		return status(Unknown)
	}
	switch p.typ {
	case Path, String:
		return v.fact(Part(p.arg))
	case Strings:
		return v.list(p.arg)
	case SockAddr, MsgName:
		return v.sockText(p.arg)
	case OpenMode:
		return v.permissions(p.arg)
	case SockOption:
		return v.socketOption(p.arg)
	}
	return v.word(p.arg)
}

func (v *View) list(i int) Value {
	list := v.fact(Part(i))
	if list.Status == Known {
		list.Text = strings.ReplaceAll(strings.TrimSuffix(list.Text, "\x00"), "\x00", " ")
	}
	return list
}

// permissions is the mode of a call that may make a file; of one that cannot, it means nothing.
func (v *View) permissions(i int) Value {
	flags := v.openFlags()
	if flags.Status != Known || flags.Num&(oCreat|unix.O_TMPFILE) == 0 {
		return num(0)
	}
	return v.word(i)
}

// socketOption is an option of sockets in general: those of a protocol have numbers
// of their own under the same values, and are of no name, as in Falco.
func (v *View) socketOption(i int) Value {
	level := v.word(i - 1)
	if level.Status == Known && level.Num != unix.SOL_SOCKET {
		return num(noOption)
	}
	return v.word(i)
}

// resolved returns what Falco prints of a parameter in parentheses: names of
// numbers, the whole of a relative path, what a descriptor is of; absent where there is none.
func (v *View) resolved(p *shown) Value {
	switch {
	case p.typ == Path && p.arg >= 0:
		return v.absolute(p.arg)
	case p.typ.fieldType() != TypeInt:
		return Value{}
	}
	val := v.value(p)
	if val.Status != Known {
		return val
	}
	switch {
	case (p.typ == FD || p.typ == DirFD) && val.Num >= 0:
		return v.descriptor(p, val.Num)
	case p.typ == PID:
		return v.processName(p, val.Num)
	}
	return presence(v.text(p.typ.appendName, val.Num))
}

// presence is val, absent where it is empty.
func presence(val Value) Value {
	if val.Text == "" {
		return Value{}
	}
	return val
}

func (v *View) absolute(i int) Value {
	switch raw := v.fact(Part(i)); {
	case raw.Status == Unknown:
		return raw
	case raw.Text == "" || raw.Text[0] == '/':
		return Value{}
	}
	return v.resolve(i)
}

// processName is the name of the process or of an ancestor with that number. An
// argument is a number in the process's own PID namespace, so it is told only of
// those that are in ours.
func (v *View) processName(p *shown, pid int64) Value {
	if v.Proc == nil {
		return v.missing()
	}
	if p.arg >= 0 && v.Proc.VPID != v.Proc.PID {
		return Value{}
	}
	for q := v.Proc; q != nil; q = q.Parent {
		if q.PID == pid {
			return some(q.Name)
		}
	}
	return Value{}
}

// descriptor is what a descriptor is of, behind a letter for its type. It is
// known of the event's own, and of a folder that a path starts from.
func (v *View) descriptor(p *shown, fd int64) Value {
	if p.typ == DirFD {
		return v.folder(p.arg + 1)
	}
	if own, ok := v.Ev.Descriptor(); !ok || int64(own) != fd && !v.copies(p) {
		return Value{}
	}
	kind, name := fdType(v, nil, 0), fdName(v, nil, 0)
	switch {
	case kind.Status == Unknown || name.Status == Unknown:
		return status(Unknown)
	case kind.Status == Absent && name.Status == Absent && !v.Ev.Has(FactObject):
		return Value{} // nobody asked what it is of
	case v.Row.Name == "socket":
		name.Text = "" // it has no address yet
	}
	start := len(v.scratch)
	v.scratch = append(append(v.scratch, '<'), v.letters(kind.Text)...)
	v.scratch = append(append(v.scratch, '>'), name.Text...)
	return str(text(v.scratch[start:]))
}

// folder is what the i-th parameter, a relative path, starts from: with an empty
// path it is the thing itself, a file for all that is known.
func (v *View) folder(i int) Value {
	if i >= len(v.Row.Params) || !v.Ev.NeedsBase(i) {
		return Value{}
	}
	dir := v.fact(Base + Part(i))
	if dir.Status != Known {
		return dir
	}
	if raw, _ := v.Ev.Bytes(Part(i)); len(raw) == 0 {
		return v.join("<f>", dir.Text)
	}
	return v.join("<d>", dir.Text)
}

// copies reports whether the parameter is a second descriptor of what the event's own is of.
func (v *View) copies(p *shown) bool { return p.arg < 0 && strings.HasPrefix(v.Row.Name, "dup") }

// letters is the letter of a descriptor's type, and of an internet socket that of its protocol.
func (v *View) letters(kind string) string {
	letter := typeChars[kind]
	if letter == "" || kind == "packet" {
		return "o"
	}
	if kind != "ipv4" && kind != "ipv6" {
		return letter
	}
	if proto := fdProto(v, nil, 0); proto.Status == Known {
		return letter + proto.Text[:1]
	}
	return letter
}

// socketFlags are the flags that stand in the type of a new socket.
func (v *View) socketFlags() Value {
	i := v.Row.Param("type")
	if i < 0 {
		return Value{}
	}
	kind := v.word(i)
	if kind.Status == Known {
		kind.Num &= unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK // the same bits as O_CLOEXEC and O_NONBLOCK
	}
	return kind
}

// tuple is both ends of the event's connection.
func (v *View) tuple() Value {
	info, st := v.socket()
	if st != Known {
		return status(st)
	}
	return v.connection(info)
}

// appendArg appends NAME=PLAIN(RESOLVED).
func (v *View) appendArg(b []byte, p *shown) ([]byte, Status) {
	b = append(append(b, p.name...), '=')
	plain, resolved := v.plain(p), v.resolved(p)
	switch {
	case plain.Status == Unknown || resolved.Status == Unknown:
		return b, Unknown
	case plain.Status == Absent && (p.typ == Buffer || p.typ == Tuple):
		return append(b, "NULL"...), Known
	case plain.Status == Absent:
		return append(b, "<NA>"...), Known
	}
	b = append(b, plain.Text...)
	if resolved.Status == Known {
		b = append(append(append(b, '('), resolved.Text...), ')')
	}
	return b, Known
}
