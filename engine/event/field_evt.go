package event

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const oCreat = unix.O_CREAT

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
	return truth(failed.Of(uint64(r.Num)))
}

func evtRes(v *View, _ *Arg, _ int) Value {
	r := v.result()
	if r.Status != Known {
		return r
	}
	return str(resultName(r.Num))
}

func resultName(ret int64) string {
	if ret >= 0 || ret < -maxErrno {
		return "SUCCESS"
	}
	if name := unix.ErrnoName(unix.Errno(-ret)); name != "" {
		return name
	}
	return strconv.FormatInt(ret, 10)
}

// opens is a field that depends on an open's flags alone, as openTests has it.
func opens(name string) getter {
	tests := openTests[name]
	return openMode(func(flags int64) bool {
		for _, c := range tests {
			if !c.Of(uint64(flags)) {
				return false
			}
		}
		return true
	})
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
	i := v.Row.first(0, func(t Type) bool { return t == OpenMode })
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
	p := a.in(v.index)
	if p == nil {
		return Value{}
	}
	if resolved := v.resolved(p); resolved.Status != Absent {
		return resolved
	}
	return v.plain(p)
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
	p := a.in(v.index)
	if p == nil {
		return Value{}
	}
	val := v.value(p)
	if a.param == nil || a.param.raw.IsText() != p.typ.fieldType().IsText() {
		return Value{} // another row's parameter of that name is a number
	}
	if val.Status == Known && !a.param.raw.IsText() {
		val.Num = p.typ.falco(val.Num)
	}
	return val
}

func evtArgs(v *View, _ *Arg, _ int) Value {
	if v.Stage == RowOnly {
		return status(Unknown)
	}
	params := &paramsOf()[v.index]
	var b []byte
	for i := range params.all[:params.falco] {
		if i > 0 {
			b = append(b, ' ')
		}
		var st Status
		if b, st = v.appendArg(b, &params.all[i]); st == Unknown {
			return status(Unknown)
		}
	}
	return str(text(b))
}
