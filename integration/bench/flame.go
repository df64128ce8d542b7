package main

import (
	"cmp"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// frame is a function in the flame graph, with what was called from there.
type frame struct {
	name  string
	count int // of it and all above
	calls map[string]*frame
}

// grow makes the tree of the stacks.
func grow(stacks []stack) *frame {
	root := &frame{name: "all", calls: map[string]*frame{}}
	for _, s := range stacks {
		at := root
		at.count += s.count
		for _, name := range s.frames {
			next := at.calls[name]
			if next == nil {
				next = &frame{name: name, calls: map[string]*frame{}}
				at.calls[name] = next
			}
			next.count += s.count
			at = next
		}
	}
	return root
}

// The flame graph's measures, in pixels.
const (
	flameWide = 1200
	flameRow  = 15
	flameThin = 0.4 // what is narrower is not drawn
	letter    = 6.2
)

// flame draws the stacks: a function above the one that calls it, as wide as the
// share of time that it and what it calls take.
func flame(stacks []stack) string {
	root := grow(stacks)
	height := float64(root.depth()) * flameRow
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" font-family="monospace" font-size="10">`+"\n", flameWide, height)
	root.draw(&b, 0, height-flameRow, flameWide/float64(max(root.count, 1)))
	return b.String() + "</svg>\n"
}

func (f *frame) depth() int {
	deepest := 0
	for _, call := range f.calls {
		deepest = max(deepest, call.depth())
	}
	return deepest + 1
}

// draw draws the frame with its left end at x and its top at y, each sample so wide.
func (f *frame) draw(b *strings.Builder, x, y, sample float64) {
	wide := float64(f.count) * sample
	if wide < flameThin {
		return
	}
	share := 100 * wide / flameWide
	fmt.Fprintf(b, `<g><title>%s: %.1f %%</title><rect x="%.1f" y="%.0f" width="%.1f" height="%d" fill="%s"/>`,
		html.EscapeString(f.name), share, x, y, max(wide-0.2, 0.2), flameRow-1, f.colour())
	if letters := int(wide / letter); letters > 3 {
		label := f.name[strings.LastIndex(f.name, "/")+1:]
		fmt.Fprintf(b, `<text x="%.1f" y="%.0f">%s</text>`, x+2, y+11, html.EscapeString(label[:min(letters, len(label))]))
	}
	b.WriteString("</g>\n")
	for _, name := range slices.Sorted(maps.Keys(f.calls)) {
		f.calls[name].draw(b, x, y-flameRow, sample)
		x += float64(f.calls[name].count) * sample
	}
}

// colour tells the project's own functions, other Go, and what is not Go apart.
func (f *frame) colour() string {
	switch {
	case strings.HasPrefix(f.name, "tiercel/") || strings.HasPrefix(f.name, "main."):
		return "#f6a04d"
	case strings.Contains(f.name, "."):
		return "#f3d06b"
	}
	return "#e4786b"
}

// onTheWay is what all that a program does has below it.
var onTheWay = regexp.MustCompile(`^(runtime\.|main\.|github\.com/|entry_|do_syscall|x64_sys_call)`)

// tops lists where most time is, for each thing measured: by program, in a
// function itself, and in it with all that it calls.
func tops(stacks []stack, most int) string {
	var b strings.Builder
	for len(stacks) > 0 {
		of := stacks[0].frames[0]
		end := slices.IndexFunc(stacks, func(s stack) bool { return s.frames[0] != of })
		if end < 0 {
			end = len(stacks)
		}
		programs, self, whole := map[string]int{}, map[string]int{}, map[string]int{}
		for _, s := range stacks[:end] {
			program := s.frames[1]
			programs[program] += s.count
			self[program+" "+s.frames[len(s.frames)-1]] += s.count
			for _, name := range slices.Compact(slices.Sorted(slices.Values(s.frames[2:]))) {
				if !onTheWay.MatchString(name) {
					whole[program+" "+name] += s.count
				}
			}
		}
		total := grow(stacks[:end]).count
		fmt.Fprintf(&b, "%s\n%sitself:\n%swith what it calls:\n%s", of, largest(programs, total, most), largest(self, total, most), largest(whole, total, most))
		stacks = stacks[end:]
	}
	return b.String()
}

// largest lists the most frequent, as shares of the total.
func largest(counts map[string]int, total, most int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var b strings.Builder
	for _, name := range names[:min(most, len(names))] {
		fmt.Fprintf(&b, "  %5.1f %%  %s\n", 100*float64(counts[name])/float64(total), name)
	}
	return b.String()
}
