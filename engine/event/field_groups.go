package event

import "strings"

// threadGroups is the path in each hierarchy, CONTROLLERS=PATH with a blank
// between; the one that all controllers share (version 2) has none.
func threadGroups(v *View, _ *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		start := len(v.scratch)
		for rest := p.Cgroup; rest != ""; {
			var controllers, path string
			controllers, path, rest = hierarchy(rest)
			if len(v.scratch) > start {
				v.scratch = append(v.scratch, ' ')
			}
			v.scratch = append(v.scratch, controllers...)
			v.scratch = append(v.scratch, '=')
			v.scratch = append(v.scratch, path...)
		}
		return some(text(v.scratch[start:]))
	})
}

// hierarchy cuts off the first line of a /proc/PID/cgroup (cgroups(7)): number, controllers and path, colons between.
func hierarchy(lines string) (controllers, path, rest string) {
	line, rest, _ := strings.Cut(lines, "\n")
	_, line, _ = strings.Cut(line, ":")
	controllers, path, _ = strings.Cut(line, ":")
	return controllers, path, rest
}

// threadGroup is the path of the control group that has the controller: in the
// hierarchy of its own (version 1), else in the one that all share, cgroups(7).
func threadGroup(v *View, a *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		shared := Value{}
		for rest := p.Cgroup; rest != ""; {
			var controllers, path string
			controllers, path, rest = hierarchy(rest)
			if controllers == "" {
				shared = some(path)
			} else if inList(controllers, a.Key) {
				return str(path)
			}
		}
		return shared
	})
}

// inList reports whether a list with commas between has the item.
func inList(list, item string) bool {
	for list != "" {
		var one string
		if one, list, _ = strings.Cut(list, ","); one == item {
			return true
		}
	}
	return false
}
