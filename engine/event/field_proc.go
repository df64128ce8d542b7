package event

import "strings"

func procName(p *Process) string    { return p.Name }
func procExe(p *Process) string     { return p.Exe }
func procExePath(p *Process) string { return p.ExePath }
func procCmdline(p *Process) string { return p.Cmdline }
func procPID(p *Process) int64      { return p.PID }
func startOf(p *Process) int64      { return p.Start }

// ofProc reads of the n-th ancestor: unknown while the process is not known, absent where there is none.
func (v *View) ofProc(n int, read func(*Process) Value) Value {
	if v.Proc == nil {
		return v.missing()
	}
	p := v.Proc.Ancestor(n)
	if p == nil {
		return Value{}
	}
	return read(p)
}

func procText(n int, read func(*Process) string) getter {
	return func(v *View, _ *Arg, _ int) Value {
		return v.ofProc(n, func(p *Process) Value { return some(read(p)) })
	}
}

func procNum(n int, read func(*Process) int64) getter {
	return func(v *View, _ *Arg, _ int) Value {
		return v.ofProc(n, func(p *Process) Value { return num(read(p)) })
	}
}

// procSome is procNum for numbers that are 0 where they are not known.
func procSome(n int, read func(*Process) int64) getter {
	return func(v *View, _ *Arg, _ int) Value {
		return v.ofProc(n, func(p *Process) Value { return someNum(read(p)) })
	}
}

func procBool(read func(*Process) bool) getter {
	return func(v *View, _ *Arg, _ int) Value {
		return v.ofProc(0, func(p *Process) Value { return truth(read(p)) })
	}
}

func exeFlag(f ExeFlags) getter { return procBool(func(p *Process) bool { return p.Flags&f != 0 }) }

func ancestor(read func(*Process) Value) getter {
	return func(v *View, a *Arg, i int) Value {
		if a.Set {
			return v.ofProc(a.Index, read)
		}
		if v.Proc == nil && i == 0 {
			return v.missing()
		}
		p := v.Proc.Ancestor(i + 1)
		if p == nil {
			return status(end)
		}
		return read(p)
	}
}

func ancestorText(read func(*Process) string) getter {
	return ancestor(func(p *Process) Value { return some(read(p)) })
}

func ancestorNum(read func(*Process) int64) getter {
	return ancestor(func(p *Process) Value { return num(read(p)) })
}

func leaderText(leader func(*Process) *Process, read func(*Process) string) getter {
	return procText(0, func(p *Process) string { return read(leader(p)) })
}

func procAge(n int) getter {
	return func(v *View, _ *Arg, _ int) Value {
		return v.ofProc(n, func(p *Process) Value { return since(p.Start, int64(v.Ev.Time())) })
	}
}

// since is from one time to another, both of which may be 0, not known.
func since(from, to int64) Value {
	if from == 0 || to == 0 {
		return Value{}
	}
	return num(to - from)
}

func procExeline(v *View, _ *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		if p.Args == "" {
			return some(p.Exe)
		}
		return v.join(p.Exe, " ", p.Args)
	})
}

func (v *View) join(parts ...string) Value {
	start := len(v.scratch)
	for _, s := range parts {
		v.scratch = append(v.scratch, s...)
	}
	return str(text(v.scratch[start:]))
}

func procArgs(v *View, a *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		if !a.Set {
			return str(p.Args)
		}
		if a.Index >= p.ArgCount {
			return Value{}
		}
		return str(element(p.argv, a.Index))
	})
}

// element returns the n-th of strings with a NUL between.
func element(list string, n int) string {
	for range n {
		_, list, _ = strings.Cut(list, "\x00")
	}
	one, _, _ := strings.Cut(list, "\x00")
	return one
}

// imageToStart is from the image's change to the process's start.
func imageToStart(v *View, _ *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value { return since(p.ExeCtime, p.Start) })
}

// imageAfterNamespace is from the start of the PID namespace to the image's change.
func imageAfterNamespace(v *View, _ *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		start := p.namespaceStart()
		if start == 0 || p.ExeCtime <= start {
			return Value{}
		}
		return num(p.ExeCtime - start)
	})
}

// loginShell is the oldest shell above, or the process itself if it is one.
func loginShell(v *View, _ *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		found := Value{}
		for ; p != nil; p = p.Parent {
			if strings.HasSuffix(p.Name, "sh") {
				found = num(p.PID)
			}
		}
		return found
	})
}

func procCwd(v *View, _ *Arg, _ int) Value {
	cwd := v.fact(FactCwd)
	if cwd.Status != Known {
		cwd = v.ofProc(0, func(p *Process) Value { return some(p.Cwd) })
	}
	if cwd.Status != Known || cwd.Text == "/" {
		return cwd
	}
	return v.join(cwd.Text, "/")
}

// stream returns what tells the type of a standard stream (see typeOf), and its name, with a blank between.
func (v *View) stream(fd int) Value {
	list := v.fact(FactStdio)
	if list.Status == Known {
		list = some(element(list.Text, fd))
	}
	return list
}

func stdioName(fd int) getter {
	return func(v *View, _ *Arg, _ int) Value {
		val := v.stream(fd)
		if val.Status == Known {
			_, name, _ := strings.Cut(val.Text, " ")
			val = some(name)
		}
		return val
	}
}

func stdioType(fd int) getter {
	return func(v *View, _ *Arg, _ int) Value {
		val := v.stream(fd)
		if val.Status == Known {
			token, _, _ := strings.Cut(val.Text, " ")
			val = some(typeOf(token))
		}
		return val
	}
}

func threadID(v *View, _ *Arg, _ int) Value {
	if v.Stage == RowOnly {
		return status(Unknown)
	}
	if v.Ev.TID() == 0 {
		return Value{}
	}
	return num(int64(v.Ev.TID()))
}

func threadIsMain(v *View, _ *Arg, _ int) Value {
	if v.Stage == RowOnly {
		return status(Unknown)
	}
	if v.Ev.TID() == 0 {
		return Value{}
	}
	return truth(v.Ev.TID() == v.Ev.PID())
}
