package event

import "strings"

func procEnv(v *View, a *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		if a.Set {
			return variable(p.Env, a.Key)
		}
		return v.environment(p)
	})
}

// environment is all variables with a blank between.
func (v *View) environment(p *Process) Value {
	start := len(v.scratch)
	v.scratch = append(v.scratch, strings.TrimSuffix(p.Env, "\x00")...)
	for i := start; i < len(v.scratch); i++ {
		if v.scratch[i] == 0 {
			v.scratch[i] = ' '
		}
	}
	return str(text(v.scratch[start:]))
}

// procAncestorEnv is the environment of each ancestor, or of the one with that
// number, or the variable of that name as the nearest ancestor has it.
func procAncestorEnv(v *View, a *Arg, i int) Value {
	if !a.Set || a.isNumber {
		return ancestor(v.environment)(v, a, i)
	}
	return v.ofProc(1, func(p *Process) Value {
		for ; p != nil; p = p.Parent {
			if val := variable(p.Env, a.Key); val.Status == Known {
				return val
			}
		}
		return Value{}
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
