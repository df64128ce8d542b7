package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// The chart's measures, in pixels.
const (
	chartLeft  = 110 // of the axis
	chartWide  = 640 // of the axis
	barHeight  = 7
	groupGap   = 10
	chartTop   = 70
	legendStep = 110
)

// chartStyle has the colours; text and lines are what can be read on light and on dark.
const chartStyle = `text{font:12px sans-serif;fill:#57606a}.small{font-size:10px}line{stroke:#8b949e;stroke-opacity:.4}
@media(prefers-color-scheme:dark){text{fill:#b1bac4}}`

var barColours = []string{"#1f77b4", "#5fa8dc", "#2ca02c", "#d62728", "#ff9896", "#9467bd", "#ff7f0e", "#bcbd22", "#8c564b"}

// chart is the ratios as an SVG: a group for each workload, a bar for each way,
// on a logarithmic axis that begins at bare.
func (r *result) chart() string {
	// What a start takes compares with nothing: there is none bare.
	r = &result{ways: r.ways, cells: r.cells, workloads: slices.DeleteFunc(slices.Clone(r.workloads), func(l workload) bool { return l.name == start.name })}
	ways := r.drawn()
	group := float64(len(ways)*barHeight + groupGap)
	height := chartTop + group*float64(len(r.workloads)) + 10
	most := r.most()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f"><style>%s</style>`+"\n", chartLeft+chartWide+50, height, chartStyle)
	fmt.Fprintf(&b, `<text x="%d" y="16">times as long as bare (medians)</text>`+"\n", chartLeft)
	for i, w := range ways {
		x := chartLeft + i%6*legendStep
		y := 24 + i/6*14
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="9" height="9" fill="%s"/><text class="small" x="%d" y="%d">%s</text>`+"\n", x, y, barColours[i%len(barColours)], x+13, y+8, html.EscapeString(w.name))
	}
	for tick := 1.0; tick <= most; tick *= 2 {
		x := along(tick, most)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%.0f"/>`, x, chartTop-4, x, height-6)
		fmt.Fprintf(&b, `<text class="small" x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n", x, chartTop-8, tick)
	}
	for i, l := range r.workloads {
		r.bars(&b, l, chartTop+group*float64(i), most)
	}
	return b.String() + "</svg>\n"
}

// bars draws the group of a workload, its top at y.
func (r *result) bars(b *strings.Builder, l workload, y, most float64) {
	ways := r.drawn()
	fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", chartLeft-8, y+float64(len(ways)*barHeight)/2+4, html.EscapeString(l.name))
	for i, w := range ways {
		c := r.cell(l, w)
		if len(c.took) == 0 {
			continue
		}
		x := c.took.ratioTo(r.cell(l, r.ways[0]).took).median
		end := max(along(x, most), chartLeft+1)
		fmt.Fprintf(b, `<rect x="%d" y="%.1f" width="%.1f" height="%d" fill="%s"><title>%s, %s: %s</title></rect>`+"\n",
			chartLeft, y+float64(i*barHeight), end-chartLeft, barHeight-1, barColours[i%len(barColours)], html.EscapeString(l.name), html.EscapeString(w.name), short(x))
	}
}

// drawn is the ways that have bars: those with figures, but bare.
func (r *result) drawn() (ways []way) {
	for _, w := range r.watched() {
		for _, l := range r.workloads {
			if len(r.cell(l, w).took) > 0 {
				ways = append(ways, w)
				break
			}
		}
	}
	return ways
}

// most is where the axis ends: the power of two above all ratios.
func (r *result) most() float64 {
	most := 2.0
	for _, l := range r.workloads {
		for _, w := range r.watched() {
			if c := r.cell(l, w); len(c.took) > 0 {
				most = max(most, c.took.ratioTo(r.cell(l, r.ways[0]).took).median)
			}
		}
	}
	return math.Exp2(math.Ceil(math.Log2(most)))
}

// along is where a ratio lies on the axis.
func along(ratio, most float64) float64 {
	return chartLeft + chartWide*math.Log2(max(ratio, 1))/math.Log2(most)
}
