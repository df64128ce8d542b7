package rules

import (
	"slices"
	"strings"

	"tiercel/engine/event"
)

// pathSet is the plain paths (event.IsPlain) that a comparison can hold for: of
// others it says nothing, unless the comparison is with what they come to once they are completed: then they
// are as good as plain, if they come to a plain path. It may have more than it was made of, never less.
type pathSet struct {
	texts, prefixes, names []string
	written                bool // the comparison is with a path as the call has it
}

// What the kernel's side has room for: texts and prefixes together, names, and
// the bytes of each. A set that is made is cut to that when it has so many times more.
const (
	maxPaths     = 64
	maxNames     = 64
	maxPathBytes = 59 // and a NUL
	spare        = 8
)

// or is the paths of both; nil, any path, where one of them is.
func (p *pathSet) or(q *pathSet) *pathSet {
	if p == nil || q == nil {
		return nil
	}
	both := &pathSet{union(p.texts, q.texts), union(p.prefixes, q.prefixes), union(p.names, q.names), p.written || q.written}
	if both.size() > spare*maxPaths {
		return both.fitted()
	}
	return both
}

func (p *pathSet) size() int { return len(p.texts) + len(p.prefixes) + len(p.names) }

// union is the texts of both, sorted, each once.
func union(a, b []string) []string { return tidyTexts(slices.Concat(a, b)) }

func tidyTexts(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// stricter is the one of two sets that fewer paths are likely to be in, where a path must be in both.
func (p *pathSet) stricter(q *pathSet) *pathSet {
	if p == nil || q != nil && q.width() < p.width() {
		return q
	}
	return p
}

// width grows with the paths that are likely to be in the set: one for a text,
// one or a few for a name, many for a prefix.
func (p *pathSet) width() int { return len(p.texts) + 4*len(p.names) + 16*len(p.prefixes) }

// fitted is a set of no fewer paths that there is room for, or nil.
func (p *pathSet) fitted() *pathSet {
	if len(p.names) > maxNames || slices.ContainsFunc(p.names, func(s string) bool { return len(s) > maxPathBytes }) {
		return nil
	}
	fit := &pathSet{names: p.names, written: p.written}
	for _, s := range p.texts {
		if len(s) > maxPathBytes {
			fit.prefixes = append(fit.prefixes, s[:maxPathBytes])
		} else {
			fit.texts = append(fit.texts, s)
		}
	}
	for _, s := range p.prefixes {
		fit.prefixes = append(fit.prefixes, s[:min(len(s), maxPathBytes)])
	}
	for fit.absorb(); len(fit.texts)+len(fit.prefixes) > maxPaths; fit.absorb() {
		shared := fit.nearest()
		if len(shared) <= 1 {
			return nil
		}
		fit.prefixes = append(fit.prefixes, shared)
	}
	return fit
}

// of is the paths as a source has them.
func (p *pathSet) of(param int) *event.Paths {
	if p == nil {
		return nil
	}
	return &event.Paths{Param: param, Texts: p.texts, Prefixes: p.prefixes, Names: p.names, Written: p.written}
}

// absorb drops what a prefix of the set makes needless.
func (p *pathSet) absorb() {
	var kept []string
	for _, s := range tidyTexts(p.prefixes) { // what begins with another stands behind it
		if len(kept) == 0 || !strings.HasPrefix(s, kept[len(kept)-1]) {
			kept = append(kept, s)
		}
	}
	p.prefixes = kept
	p.texts = slices.DeleteFunc(p.texts, func(s string) bool {
		return slices.ContainsFunc(kept, func(prefix string) bool { return strings.HasPrefix(s, prefix) })
	})
}

// nearest is the longest beginning that two of the texts and prefixes share.
func (p *pathSet) nearest() (longest string) {
	all := union(p.texts, p.prefixes)
	for i, s := range all[1:] {
		n := 0
		for n < min(len(s), len(all[i])) && s[n] == all[i][n] {
			n++
		}
		if n > len(longest) {
			longest = s[:n]
		}
	}
	return longest
}

// pathsOf returns the plain paths of which the part may compare well with one of
// the values, nil where that may be any.
func pathsOf(part event.PathPart, written bool, op operator, values []string) *pathSet {
	add := pathAdders[part][op]
	if add == nil {
		return nil
	}
	p := &pathSet{}
	for _, v := range values {
		if !add(p, v) {
			return nil
		}
	}
	return &pathSet{tidyTexts(p.texts), tidyTexts(p.prefixes), tidyTexts(p.names), written}
}

// pathAdders add the paths for one value; they return false where that were any.
var pathAdders = map[event.PathPart]map[operator]func(p *pathSet, v string) bool{
	event.WholePath: {
		opEq: (*pathSet).addText, opIn: (*pathSet).addText, opIntersects: (*pathSet).addText, opStartsWith: (*pathSet).addPrefix,
		opEndsWith: (*pathSet).addEnd, opContains: (*pathSet).addPart, opPMatch: (*pathSet).addBelow, opGlob: (*pathSet).addGlob,
	},
	event.PathFolder: {
		opEq: (*pathSet).addInside, opIn: (*pathSet).addInside, opIntersects: (*pathSet).addInside, opStartsWith: (*pathSet).addPrefix,
		opContains: (*pathSet).addPart, opPMatch: (*pathSet).addInside, opGlob: (*pathSet).addStart,
	},
	event.PathName: {opEq: (*pathSet).addName, opIn: (*pathSet).addName, opIntersects: (*pathSet).addName},
}

func (p *pathSet) addText(v string) bool {
	if event.IsPlain(v) {
		p.texts = append(p.texts, v)
	}
	return true
}

// addPart is for paths with the value in them.
func (p *pathSet) addPart(v string) bool { return isNeverPlain(v) }

// isNeverPlain reports whether no path is plain that has the text in it.
func isNeverPlain(v string) bool { return strings.Contains(v, "/.") || strings.Contains(v, "//") }

func (p *pathSet) addPrefix(v string) bool {
	if strings.HasPrefix(v, "/") && !isNeverPlain(v) {
		p.prefixes = append(p.prefixes, v)
	}
	return v != "" && v != "/"
}

func (p *pathSet) addName(v string) bool {
	switch {
	case v == "":
		p.texts = append(p.texts, "/")
	case v[0] != '.' && !strings.Contains(v, "/"):
		p.names = append(p.names, v)
	}
	return true
}

// addEnd is for paths that end with the value: its last element is theirs.
func (p *pathSet) addEnd(v string) bool {
	i := strings.LastIndexByte(v, '/')
	switch {
	case i < 0:
		return false
	case !isNeverPlain(v) && (v == "/" || i < len(v)-1):
		p.addName(v[i+1:])
	}
	return true
}

const globSigns = `*?[]\`

// addStart is for globs: paths begin as they do.
func (p *pathSet) addStart(v string) bool {
	if i := strings.IndexAny(v, globSigns); i >= 0 {
		return p.addPrefix(v[:i])
	}
	return p.addPrefix(v)
}

func (p *pathSet) addGlob(v string) bool {
	i := strings.LastIndexByte(v, '/')
	switch {
	case isNeverPlain(v) && !strings.Contains(v, "["):
		return true
	case i >= 0 && i < len(v)-1 && !strings.ContainsAny(v[i+1:], globSigns):
		return p.addName(v[i+1:])
	}
	return p.addStart(v)
}

// addBelow is for a path and all below it.
func (p *pathSet) addBelow(v string) bool {
	if len(v) > 1 && !strings.ContainsAny(v, globSigns) {
		p.addText(strings.TrimSuffix(v, "/"))
	}
	return p.addInside(v)
}

// addInside is for what is below a folder.
func (p *pathSet) addInside(v string) bool {
	if strings.ContainsAny(v, globSigns) {
		return p.addStart(v)
	}
	return p.addPrefix(strings.TrimSuffix(v, "/") + "/")
}
