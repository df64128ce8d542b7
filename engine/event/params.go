package event

import (
	"strings"
	"sync"

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
	need Facts               // what a source must have read for that
}

// made is what rules see besides the arguments. What has no reader is known by
// its name and type alone, and absent in every event.
var made = map[string]shown{
	"res": {typ: Errno, read: (*View).result}, "fd": {typ: FD, read: (*View).result}, "newfd": {typ: FD, read: (*View).result},
	"child": {typ: PID, read: (*View).result}, "count": {typ: Int64, read: (*View).result}, "address": {typ: Hex, read: (*View).result},
	"user": {typ: UID, read: (*View).result}, "group": {typ: GID, read: (*View).result},

	"exe": {typ: String, read: ofProcess(procExe)}, "args": {typ: Strings, read: func(v *View) Value { return procArgs(v, &Arg{}, 0) }},
	"comm": {typ: String, read: ofProcess(procName)}, "cwd": {typ: String, read: (*View).folderOfProcess, need: facts(FactCwd)},
	"cgroups": {typ: Strings, read: func(v *View) Value { return threadGroups(v, nil, 0) }, need: facts(FactGroup)},
	"env":     {typ: Strings, read: func(v *View) Value { return procEnv(v, &Arg{}, 0) }, need: facts(FactEnv)},
	"tid":     {typ: PID, read: func(v *View) Value { return threadID(v, nil, 0) }}, "vtid": ofFact(PID, FactUsage, UsageVTID), "pidns_init_start_ts": {typ: Uint},
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
	"fdlimit":         ofFact(Uint, FactLimits, LimitFiles),
	"pgft_maj":        ofFact(Uint, FactUsage, UsageMajorFaults), "pgft_min": ofFact(Uint, FactUsage, UsageMinorFaults),
	"vm_size": ofFact(Uint32, FactUsage, UsageSize), "vm_rss": ofFact(Uint32, FactUsage, UsageResident), "vm_swap": ofFact(Uint32, FactUsage, UsageSwapped),

	"sockflags": {typ: FileFlags, read: (*View).socketFlags}, "tuple": {typ: Tuple, read: (*View).tuple}, "flags": {typ: CloneFlags, read: (*View).forkFlags},
	"dev": ofFact(Hex32, FactInode, InodeDevice), "ino": ofFact(Uint, FactInode, InodeNumber), "creat_flags": {typ: Uint32}, "path": {typ: String}, "noflags": {typ: Uint32, read: zero}, "sigset": {typ: Uint32},
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
	"exitcode": {typ: Errno, read: ofStatus(func(s int64) int64 { return s >> 8 & 0xff })}, "deadly": {typ: SignalNumber, read: ofStatus(func(s int64) int64 { return s & 0x7f })},
	"core": {typ: Uint32, read: ofStatus(func(s int64) int64 { return s >> 7 & 1 })}, "reaper_tid": {typ: PID},
}

func ofProcess(read func(*Process) string) func(*View) Value {
	return func(v *View) Value { return procText(0, read)(v, nil, 0) }
}

func numberOf(t Type, read func(*Process) int64) shown {
	return shown{typ: t, read: func(v *View) Value { return procNum(0, read)(v, nil, 0) }}
}

// ofFact is number i of a fact.
func ofFact(t Type, p Part, i int) shown {
	return shown{typ: t, read: func(v *View) Value { return v.number(p, i) }, need: facts(p)}
}

// ofStatus reads of a process's end: its status as wait(2) has it.
func ofStatus(read func(status int64) int64) func(*View) Value {
	return func(v *View) Value {
		status := v.word(0)
		if status.Status == Known {
			status.Num = read(status.Num)
		}
		return status
	}
}

// folderOfProcess is the working directory.
func (v *View) folderOfProcess() Value {
	if cwd := v.fact(FactCwd); cwd.Status == Known {
		return cwd
	}
	return ofProcess(func(p *Process) string { return p.Cwd })(v)
}

// forkFlags is what vfork and fork are to clone: man 2 vfork.
func (v *View) forkFlags() Value {
	if v.Row.Name == "vfork" {
		return num(unix.CLONE_VM | unix.CLONE_VFORK)
	}
	return num(0)
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

// paramsOf is those of each row. (The processes that this binary starts of itself
// need none of it.)
var paramsOf = sync.OnceValue(func() *[len(Table)]rowParams {
	var rows [len(Table)]rowParams
	for i := range Table {
		rows[i] = Table[i].shownParams()
	}
	return &rows
})

func (r *Row) shownParams() rowParams {
	words := r.shownNames()
	p := rowParams{all: make([]shown, 0, len(words)+len(r.Params))}
	for _, word := range words {
		name, key, renamed := strings.Cut(word, ":")
		if i := r.Param(name); i >= 0 && !renamed {
			p.all = append(p.all, shown{name: name, typ: r.Params[i].Type, arg: i})
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
			p.all = append(p.all, shown{name: r.Params[i].Name, typ: r.Params[i].Type, arg: i})
		}
	}
	return p
}

// shownNames returns Shown, or what it stands for where it is empty: the result, then the parameters.
func (r *Row) shownNames() []string {
	if r.Shown != "" {
		return strings.Fields(r.Shown)
	}
	names := make([]string, 0, 1+len(r.Params))
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
	return names
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

// namedParams is those that were asked for, by their names: few of some hundreds.
var namedParams sync.Map

// paramNamed returns all parameters of the name, nil where there is none.
func paramNamed(name string) *namedParam {
	if p, known := namedParams.Load(name); known {
		return p.(*namedParam)
	}
	var named *namedParam
	for row, params := range paramsOf() {
		i := params.index(name)
		if i < 0 {
			continue
		}
		t := params.all[i].typ.fieldType()
		if named == nil {
			named = newNamedParam(t)
		}
		named.index[row] = int8(i)
		named.add(t)
	}
	if named == nil {
		return nil
	}
	p, _ := namedParams.LoadOrStore(name, named)
	return p.(*namedParam)
}

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
	p := &paramsOf()[row]
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
	switch p.typ {
	case FD:
		return typeFacts
	case Tuple:
		return sockFacts
	}
	return p.need
}

// Parameters returns the names of what rules see of the row (evt.arg.NAME), in the order of evt.args.
func (r *Row) Parameters() []string {
	p := r.shownParams()
	names := make([]string, len(p.all))
	for i := range p.all {
		names[i] = p.all[i].name
	}
	return names
}
