package event

import "strings"

// The parameters of a call with two paths: what Falco calls source and target.
type role int

const (
	source role = iota
	target
)

// roleOf returns the index of the parameter with that role, or -1 where the row
// has no two paths. As in Falco, the source of a link is the name that is made,
// and its target what it leads to.
func (r *Row) roleOf(is role) int {
	first, second := r.first(0, isPath), r.first(1, isPath)
	switch r.Name {
	case "link", "linkat":
		first, second = second, first
	case "symlink", "symlinkat":
		second = r.Param("target")
	case "mount":
		first, second = r.Param("dev"), first
	}
	switch {
	case second < 0:
		return -1
	case is == source:
		return first
	}
	return second
}

// twoPaths reports whether the row names a source and a target.
func (r *Row) twoPaths() bool { return r.roleOf(source) >= 0 }

func fsPath(v *View, _ *Arg, _ int) Value {
	if v.Row.twoPaths() {
		return Value{}
	}
	return v.path(0)
}

func fsPathRaw(v *View, _ *Arg, _ int) Value {
	i := v.Row.first(0, isPath)
	if i < 0 || v.Row.twoPaths() {
		return Value{}
	}
	return v.fact(Part(i))
}

func fsPathOf(is role) getter {
	return func(v *View, _ *Arg, _ int) Value {
		i := v.Row.roleOf(is)
		switch {
		case i < 0:
			return Value{}
		case i == v.Row.first(0, isPath):
			return v.path(0)
		case i == v.Row.first(1, isPath):
			return v.path(1)
		case is == target:
			return v.linkContent(i)
		}
		return v.fact(Part(i))
	}
}

func fsRawOf(is role) getter {
	return func(v *View, _ *Arg, _ int) Value {
		i := v.Row.roleOf(is)
		if i < 0 {
			return Value{}
		}
		return v.fact(Part(i))
	}
}

// linkContent is what a symbolic link leads to. As in Falco, a relative one is
// taken to start where the link's own name does.
func (v *View) linkContent(i int) Value {
	return v.complete(v.fact(Part(i)), v.linkBase)
}

// linkBase is where a link's name starts from; of an absolute one, the working directory.
func (v *View) linkBase() Value {
	i := Part(v.Row.first(0, isPath))
	name := v.fact(i)
	if name.Status == Known && !strings.HasPrefix(name.Text, "/") {
		return v.fact(Base + i)
	}
	if name.Status == Unknown {
		return name
	}
	return v.fact(FactCwd)
}
