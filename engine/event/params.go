package event

import (
	"strings"

	"golang.org/x/sys/unix"
)

// shown is a parameter as rules see it: an argument of the call, its result, or
// what else Falco has in the event.
//
// Row.Shown lists a row's parameters: names with blanks between. A name is that
// of an argument, or else one of made; NAME:MADE gives something made another name.
type shown struct {
	name string
	typ  Type
	arg  int                 // index in the row's Params; -1: not an argument
	read func(v *View) Value // of what is no argument: a number, or text; nil where nobody reads it
}

// made is what rules see besides the arguments. What has no reader is known by
// its name and type alone, and absent in every event.
var made = map[string]shown{
	"res": {typ: Errno, read: (*View).result}, "fd": {typ: FD, read: (*View).result}, "newfd": {typ: FD, read: (*View).result},
	"child": {typ: PID, read: (*View).result}, "count": {typ: Int64, read: (*View).result}, "address": {typ: Hex, read: (*View).result},
	"user": {typ: UID, read: (*View).result}, "group": {typ: GID, read: (*View).result},

	"exe": {typ: String, read: ofProcess(procExe)}, "args": {typ: Strings, read: ofProcess(func(p *Process) string { return p.Args })},
	"comm": {typ: String, read: ofProcess(procName)}, "cwd": {typ: String, read: func(v *View) Value { return procCwd(v, nil, 0) }},
	"cgroups": {typ: Strings, read: ofProcess(func(p *Process) string { return p.Cgroup })},
	"env":     {typ: Strings, read: func(v *View) Value { return procEnv(v, &Arg{}, 0) }},
	"tid":     {typ: PID, read: func(v *View) Value { return threadID(v, nil, 0) }}, "vtid": {typ: PID}, "pidns_init_start_ts": {typ: Uint},
	"pid": numberOf(PID, procPID), "ptid": numberOf(PID, func(p *Process) int64 { return p.PPID }), "vpid": numberOf(PID, func(p *Process) int64 { return p.VPID }),
	"pgid": numberOf(PID, func(p *Process) int64 { return p.PGID }), "vpgid": numberOf(PID, func(p *Process) int64 { return p.VPGID }),
	"uid": numberOf(UID, func(p *Process) int64 { return p.EUID }), "gid": numberOf(GID, func(p *Process) int64 { return p.EGID }),
	"tty": numberOf(Uint32, func(p *Process) int64 { return p.TTY }), "loginuid": numberOf(UID, func(p *Process) int64 { return p.LoginUID & unchanged }),
	"image":           numberOf(ImageFlags, func(p *Process) int64 { return int64(p.Flags) }),
	"cap_inheritable": numberOf(Hex, func(p *Process) int64 { return p.CapInheritable }),
	"cap_permitted":   numberOf(Hex, func(p *Process) int64 { return p.CapPermitted }),
	"cap_effective":   numberOf(Hex, func(p *Process) int64 { return p.CapEffective }),
	"exe_ino":         numberOf(Uint, func(p *Process) int64 { return p.ExeIno }),
	"exe_ino_ctime":   numberOf(AbsTime, func(p *Process) int64 { return p.ExeCtime }), "exe_ino_mtime": numberOf(AbsTime, func(p *Process) int64 { return p.ExeMtime }),
	"trusted_exepath": {typ: String, read: ofProcess(procExePath)},
	"fdlimit":         {typ: Uint}, "pgft_maj": {typ: Uint}, "pgft_min": {typ: Uint}, "vm_size": {typ: Uint32}, "vm_rss": {typ: Uint32}, "vm_swap": {typ: Uint32},

	"sockflags": {typ: FileFlags, read: (*View).socketFlags}, "tuple": {typ: Tuple, read: (*View).tuple}, "flags": {typ: CloneFlags},
	"dev": {typ: Hex32}, "ino": {typ: Uint}, "creat_flags": {typ: Uint32}, "path": {typ: String}, "noflags": {typ: Uint32, read: zero}, "sigset": {typ: Uint32},
	"data": {typ: Buffer}, "size": {typ: Uint32}, "msgcontrol": {typ: Buffer}, "fd1": {typ: FD}, "fd2": {typ: FD}, "source": {typ: Hex}, "peer": {typ: Hex},
	"queuepct": {typ: Uint32}, "queuelen": {typ: Uint32}, "queuemax": {typ: Uint32}, "val": {typ: Uint}, "optlen": {typ: Uint32},
	"fds": {typ: Buffer}, "timeout": {typ: Int64}, "sigmask": {typ: Uint32}, "interval": {typ: Uint}, "sig": {typ: SignalNumber},
	"sem_num_0": {typ: Uint32}, "sem_op_0": {typ: Int}, "sem_flg_0": {typ: Uint32}, "sem_num_1": {typ: Uint32}, "sem_op_1": {typ: Int}, "sem_flg_1": {typ: Uint32},
	"cur": {typ: Int64}, "max": {typ: Int64}, "oldcur": {typ: Int64}, "oldmax": {typ: Int64}, "ruid": {typ: UID}, "euid": {typ: UID}, "suid": {typ: UID},
	"rgid": {typ: GID}, "egid": {typ: GID}, "sgid": {typ: GID}, "sq_entries": {typ: Uint32}, "cq_entries": {typ: Uint32}, "sq_thread_cpu": {typ: Uint32},
	"sq_thread_idle": {typ: Uint32}, "features": {typ: Uint32}, "value_bytebuf": {typ: Buffer}, "value_charbuf": {typ: String}, "arg2_str": {typ: String},
	"quotafilepath": {typ: String}, "dqb_bhardlimit": {typ: Uint}, "dqb_bsoftlimit": {typ: Uint}, "dqb_curspace": {typ: Uint}, "dqb_ihardlimit": {typ: Uint},
	"dqb_isoftlimit": {typ: Uint}, "dqb_btime": {typ: Uint}, "dqb_itime": {typ: Uint}, "dqi_bgrace": {typ: Uint}, "dqi_igrace": {typ: Uint},
	"dqi_flags": {typ: Uint32}, "quota_fmt_out": {typ: Uint32}, "type": {typ: Uint32}, "quota_fmt": {typ: Uint32},
	"ret": {typ: Errno}, "core": {typ: Uint32}, "reaper_tid": {typ: PID},
}

func ofProcess(read func(*Process) string) func(*View) Value {
	return func(v *View) Value { return procText(0, read)(v, nil, 0) }
}

func numberOf(t Type, read func(*Process) int64) shown {
	return shown{typ: t, read: func(v *View) Value { return procNum(0, read)(v, nil, 0) }}
}

func zero(*View) Value { return num(0) }

// The parameters of calls that make an image and a process.
const (
	ofImage    = " exe args tid pid ptid cwd fdlimit pgft_maj pgft_min vm_size vm_rss vm_swap comm cgroups"
	imageShown = "res" + ofImage + " env tty vpgid loginuid flags:image cap_inheritable cap_permitted cap_effective exe_ino exe_ino_ctime exe_ino_mtime uid trusted_exepath pgid gid"
	cloneShown = "res:child" + ofImage + " flags uid gid vtid vpid pidns_init_start_ts"
)

// rowParams is what rules see of a row: first what Falco has, in its order, then the arguments that only we have.
type rowParams struct {
	all   []shown
	falco int // how many of all Falco has
}

var paramsOf = func() (rows [len(Table)]rowParams) {
	for i := range Table {
		rows[i] = Table[i].shownParams()
	}
	return rows
}()

func (r *Row) shownParams() rowParams {
	var p rowParams
	for _, word := range strings.Fields(r.shownNames()) {
		name, key, renamed := strings.Cut(word, ":")
		if i := r.Param(name); i >= 0 && !renamed {
			p.all = append(p.all, shown{name, r.Params[i].Type, i, nil})
			continue
		}
		if !renamed {
			key = name
		}
		one := made[key]
		one.name, one.arg = name, -1
		p.all = append(p.all, one)
	}
	p.falco = len(p.all)
	for i := range r.Params {
		if p.index(r.Params[i].Name) < 0 && r.Params[i].Type != Pointer {
			p.all = append(p.all, shown{r.Params[i].Name, r.Params[i].Type, i, nil})
		}
	}
	return p
}

// shownNames returns Shown, or what it stands for where it is empty: the result, then the parameters.
func (r *Row) shownNames() string {
	if r.Shown != "" {
		return r.Shown
	}
	var names []string
	switch {
	case r.When != Exit:
	case r.Effect&OpensFD != 0:
		names = append(names, "fd")
	default:
		names = append(names, "res")
	}
	for i := range r.Params {
		if r.Params[i].Type != Pointer {
			names = append(names, r.Params[i].Name)
		}
	}
	return strings.Join(names, " ")
}

func (p *rowParams) index(name string) int {
	for i := range p.all {
		if p.all[i].name == name {
			return i
		}
	}
	return -1
}

// namedParam is all parameters of one name.
type namedParam struct {
	index [len(Table)]int8 // in the row's rowParams; -1 where the row has none
	raw   FieldType        // of evt.rawarg
}

var paramByName = func() map[string]*namedParam {
	byName := map[string]*namedParam{}
	for row := range paramsOf {
		for i := range paramsOf[row].all {
			p := &paramsOf[row].all[i]
			named := byName[p.name]
			if named == nil {
				named = newNamedParam(p.typ.fieldType())
				byName[p.name] = named
			}
			named.index[row] = int8(i)
			named.add(p.typ.fieldType())
		}
	}
	return byName
}()

func newNamedParam(t FieldType) *namedParam {
	p := &namedParam{raw: t}
	for i := range p.index {
		p.index[i] = -1
	}
	return p
}

// add takes the type of one more parameter of the name. Where there are several
// types a number wins, as in Falco, and then text.
func (p *namedParam) add(t FieldType) {
	if p.raw.IsText() && (!t.IsText() || t == TypeString) {
		p.raw = t
	}
}

// in returns the parameter of the row that the argument names or numbers, or nil.
func (a *Arg) in(row int) *shown {
	p := &paramsOf[row]
	if a.param != nil && a.param.index[row] >= 0 {
		return &p.all[a.param.index[row]]
	}
	if a.isNumber && a.Index >= 0 && a.Index < p.falco {
		return &p.all[a.Index]
	}
	return nil
}

// fieldType is the type of a parameter's raw value.
func (t Type) fieldType() FieldType {
	switch t {
	case Path, String:
		return TypeString
	case Strings, Buffer:
		return TypeBytes
	case SockAddr, MsgName:
		return TypeSockAddr
	case Tuple:
		return TypeSockTuple
	case AbsTime:
		return TypeAbsTime
	}
	return TypeInt
}

// facts is what a source must have read for the parameter.
func (p *shown) facts() Facts {
	switch {
	case p.typ == FD:
		return fdFacts
	case p.typ == Tuple:
		return sockFacts
	case p.arg >= 0:
		return 0
	}
	return madeFacts[p.name]
}

var madeFacts = map[string]Facts{"env": facts(FactEnv), "cgroups": facts(FactGroup), "cwd": facts(FactCwd)}

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
		return v.relative(p, val.Num)
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

// relative is the name of the process or of an ancestor with that number. An
// argument is a number in the process's own PID namespace, so it is told only of
// those that are in ours.
func (v *View) relative(p *shown, pid int64) Value {
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
	return v.connection(&info)
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
