package event

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const oCreat = unix.O_CREAT

// onlyPath reports flags with which nothing of the file can be read or written.
func onlyPath(flags int64) bool { return flags&unix.O_PATH != 0 }

func constant(s string) getter {
	return func(*View, *Arg, int) Value { return str(s) }
}

func clock(layout string, utc bool) getter {
	return func(v *View, _ *Arg, _ int) Value {
		if v.Stage == RowOnly {
			return status(Unknown)
		}
		t := time.Unix(0, int64(v.Ev.Time()))
		if utc {
			t = t.UTC()
		}
		start := len(v.scratch)
		v.scratch = t.AppendFormat(v.scratch, layout)
		return str(text(v.scratch[start:]))
	}
}

func rawTime(v *View, _ *Arg, _ int) Value {
	if v.Stage == RowOnly {
		return status(Unknown)
	}
	return num(int64(v.Ev.Time()))
}

// ofRun reads what only the engine's view has, not a gate's.
func ofRun(read func(*View) Value) getter {
	return func(v *View, _ *Arg, _ int) Value {
		if v.Stage != Whole {
			return status(Unknown)
		}
		return read(v)
	}
}

func evtType(v *View, _ *Arg, _ int) Value { return str(v.Row.Name) }

func syscallType(v *View, _ *Arg, _ int) Value {
	if v.Row.When == Pseudo {
		return Value{}
	}
	return str(v.Row.Name)
}

func evtFailed(v *View, _ *Arg, _ int) Value {
	r := v.result()
	if r.Status != Known {
		return r
	}
	return truth(r.Num < 0)
}

func evtRes(v *View, _ *Arg, _ int) Value {
	r := v.result()
	if r.Status != Known {
		return r
	}
	return str(resultName(r.Num))
}

func resultName(ret int64) string {
	if ret >= 0 || ret < -4095 {
		return "SUCCESS"
	}
	if name := unix.ErrnoName(unix.Errno(-ret)); name != "" {
		return name
	}
	return strconv.FormatInt(ret, 10)
}

func openMode(is func(flags int64) bool) getter {
	return func(v *View, _ *Arg, _ int) Value {
		f := v.openFlags()
		if f.Status == Absent {
			return truth(false)
		}
		if f.Status == Known {
			return truth(is(f.Num))
		}
		return f
	}
}

func openExec(v *View, _ *Arg, _ int) Value {
	flags := openMode(func(f int64) bool { return f&oCreat != 0 || f&unix.O_TMPFILE == unix.O_TMPFILE })(v, nil, 0)
	if flags.Status != Known || flags.Num == 0 {
		return flags
	}
	i := v.Row.first(0, func(t Type) bool { return t == Mode })
	if i < 0 {
		return truth(false)
	}
	mode := v.word(i)
	if mode.Status != Known {
		return mode
	}
	return truth(mode.Num&0o111 != 0)
}

func evtArg(v *View, a *Arg, _ int) Value {
	i := a.in(v)
	if i < 0 {
		return v.derived(a.Key)
	}
	if v.Stage == RowOnly {
		return status(Unknown)
	}
	return v.argText(i)
}

// in returns the index of the parameter that the argument names in the view's row, or -1.
func (a *Arg) in(v *View) int {
	if n := int(a.param[v.index]); n >= 0 {
		return n
	}
	if a.isNumber && a.Index >= 0 && a.Index < len(v.Row.Params) {
		return a.Index
	}
	return -1
}

// derived is the parameters that are no arguments: the result, and what the
// kernel makes of an exec.
func (v *View) derived(name string) Value {
	switch {
	case name == "res":
		return evtRes(v, nil, 0)
	case name == "fd" && v.Row.Effect&OpensFD != 0:
		return v.numberText(v.result())
	case v.Row.Effect&Executes == 0 || v.Proc == nil && v.Stage == Whole:
		return Value{}
	case name == "flags":
		return v.ofProc(0, func(p *Process) Value { return v.append(exeFlagNames.append, uint64(p.Flags)) })
	case name == "exe":
		return procText(0, procExe)(v, nil, 0)
	case name == "args":
		return procText(0, func(p *Process) string { return p.Args })(v, nil, 0)
	case name == "uid":
		return v.numberText(procNum(0, func(p *Process) int64 { return p.EUID })(v, nil, 0))
	}
	return Value{}
}

func (v *View) append(f func([]byte, uint64) []byte, word uint64) Value {
	start := len(v.scratch)
	v.scratch = f(v.scratch, word)
	return str(text(v.scratch[start:]))
}

func (v *View) numberText(n Value) Value {
	if n.Status != Known {
		return n
	}
	start := len(v.scratch)
	v.scratch = strconv.AppendInt(v.scratch, n.Num, 10)
	return str(text(v.scratch[start:]))
}

func (v *View) argText(i int) Value {
	switch t := v.Row.Params[i].Type; t {
	case Path, String:
		return v.fact(Part(i))
	case Strings:
		list := v.fact(Part(i))
		if list.Status == Known {
			list.Text = strings.ReplaceAll(strings.TrimSuffix(list.Text, "\x00"), "\x00", " ")
		}
		return list
	case SockAddr, MsgName:
		return v.sockText(i)
	default:
		w, ok := v.Ev.Word(i)
		if !ok {
			return Value{}
		}
		return v.append(t.AppendWord, w)
	}
}

func (v *View) sockText(i int) Value {
	raw := v.fact(Part(i))
	if raw.Status != Known {
		return raw
	}
	s, ok := ParseSock(raw.Text)
	if !ok {
		return Value{}
	}
	start := len(v.scratch)
	v.scratch = s.append(v.scratch)
	return str(text(v.scratch[start:]))
}

func evtRawArg(v *View, a *Arg, _ int) Value {
	i := a.in(v)
	switch {
	case i >= 0 && v.Row.Params[i].Type.InMemory():
		return Value{}
	case i >= 0:
		return v.word(i)
	case a.Key == "res" || a.Key == "fd" && v.Row.Effect&OpensFD != 0:
		return v.result()
	}
	return Value{}
}

func evtArgs(v *View, _ *Arg, _ int) Value {
	if v.Stage == RowOnly {
		return status(Unknown)
	}
	var b []byte
	switch res := evtRes(v, nil, 0); res.Status {
	case Unknown:
		return res
	case Known:
		b = append(append(b, "res="...), res.Text...)
	}
	for i := range v.Row.Params {
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(append(b, v.Row.Params[i].Name...), '=')
		b = TypeString.AppendText(b, v.argText(i))
	}
	return str(string(b))
}
