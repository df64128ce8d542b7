package event

import (
	"strings"

	"golang.org/x/sys/unix"
)

func procName(p *Process) string    { return p.Name }
func procExe(p *Process) string     { return p.Exe }
func procExePath(p *Process) string { return p.ExePath }
func procCmdline(p *Process) string { return p.Cmdline }
func procPID(p *Process) int64      { return p.PID }

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
		return v.ofProc(n, func(p *Process) Value { return num(int64(v.Ev.Time()) - p.Start) })
	}
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

func procEnv(v *View, a *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		if a.Set {
			return variable(p.Env, a.Key)
		}
		start := len(v.scratch)
		v.scratch = append(v.scratch, strings.TrimSuffix(p.Env, "\x00")...)
		for i := start; i < len(v.scratch); i++ {
			if v.scratch[i] == 0 {
				v.scratch[i] = ' '
			}
		}
		return str(text(v.scratch[start:]))
	})
}

// variable returns the value of a variable of an environment with a NUL after each.
func variable(env, name string) Value {
	for env != "" {
		var one string
		one, env, _ = strings.Cut(env, "\x00")
		if value, ok := strings.CutPrefix(one, name); ok && strings.HasPrefix(value, "=") {
			return str(value[1:])
		}
	}
	return Value{}
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

func stdioName(fd int) getter {
	return func(v *View, _ *Arg, _ int) Value {
		list := v.fact(FactStdio)
		if list.Status != Known {
			return list
		}
		rest := list.Text
		for range fd {
			_, rest, _ = strings.Cut(rest, "\x00")
		}
		name, _, _ := strings.Cut(rest, "\x00")
		return some(name)
	}
}

func stdioType(fd int) getter {
	name := stdioName(fd)
	return func(v *View, a *Arg, i int) Value {
		val := name(v, a, i)
		if val.Status == Known {
			val = some(objectType(val.Text))
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

func caps(read func(*Process) int64) getter {
	return func(v *View, _ *Arg, _ int) Value {
		return v.ofProc(0, func(p *Process) Value {
			start := len(v.scratch)
			for c := range capNames {
				if uint64(read(p))&(1<<c) == 0 {
					continue
				}
				if len(v.scratch) > start {
					v.scratch = append(v.scratch, ' ')
				}
				v.scratch = append(v.scratch, capNames[c]...)
			}
			return str(text(v.scratch[start:]))
		})
	}
}

// capNames are the capabilities by their numbers, capabilities(7).
var capNames = [unix.CAP_LAST_CAP + 1]string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
	"CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
	"CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}
