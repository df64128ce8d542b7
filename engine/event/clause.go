package event

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// MayMatch reports whether a rule can match the event, as far as Only tells. A
// source asks it before it reads more, or does the same in the kernel. What is
// not known yet, the result at a call's entry, is taken to be as it should.
//
// It is about matching alone: where State is set, a source must tell of the
// row's successful calls whatever MayMatch says.
func (n *RowNeed) MayMatch(ev Event) bool {
	if len(n.Only) == 0 {
		return true
	}
	path := n.Paths == nil || n.Paths.hold(ev)
	return slices.ContainsFunc(n.Only, func(c Clause) bool { return (path || !c.Path) && c.holds(ev) })
}

func (c *Clause) holds(ev Event) bool {
	for _, cond := range c.All {
		if !cond.holds(ev) {
			return false
		}
	}
	return true
}

func (c *Condition) holds(ev Event) bool {
	if c.Arg < Result {
		return c.Of(ev.Arg(c.Arg))
	}
	ret, known := ev.Ret()
	return !known || c.Of(uint64(ret))
}

// Of reports whether the condition holds for the number.
func (c Condition) Of(number uint64) bool { return (number&c.Mask == c.Value) != c.Not }

func (p *Paths) hold(ev Event) bool {
	part := Part(p.Param)
	b, ok := ev.Bytes(part)
	if !ok || ev.Cut(part) {
		return true
	}
	path := text(b)
	if IsPlain(path) {
		return p.have(path)
	}
	return p.Written || p.haveCompleted(ev, path)
}

func (p *Paths) haveCompleted(ev Event, path string) bool {
	var room [unix.PathMax]byte
	var base []byte
	if ev.NeedsBase(p.Param) {
		var ok bool
		if base, ok = ev.Bytes(Base + Part(p.Param)); !ok {
			return true
		}
	}
	whole := text(appendClean(room[:0], text(base), path))
	return !IsPlain(whole) || p.have(whole)
}

func (p *Paths) have(path string) bool {
	return slices.Contains(p.Texts, path) ||
		slices.ContainsFunc(p.Prefixes, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) ||
		slices.Contains(p.Names, path[strings.LastIndexByte(path, '/')+1:])
}
