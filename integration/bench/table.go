package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// markdown is RESULTS.md, but for the machine that it was measured on.
func (r *result) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## How many times as long as bare\n\nThe medians' ratio, in brackets the quartiles of the rounds' own ratios; n is the rounds: where\nthese are long, the last ways have fewer.\n\n%s", r.ratios(took, series.text))
	fmt.Fprintf(&b, "\n## Processor time, how many times bare's\n\nOf what watches and what is watched, with the start and the end.\n\n%s", r.ratios(used, series.text))
	fmt.Fprintf(&b, "\n## What one of a loop costs beyond bare\n\n%s", r.added())
	fmt.Fprint(&b, "\n## The workloads\n\n")
	for _, l := range r.workloads {
		fmt.Fprintf(&b, "- **%s**: %s.\n", l.name, l.words)
	}
	fmt.Fprint(&b, "\n## The ways\n\n")
	for _, w := range r.ways {
		fmt.Fprintf(&b, "- **%s**: %s.\n", w.name, w.words)
	}
	fmt.Fprintf(&b, "\n## What is not in the table\n\n%s", r.reasons())
	for _, o := range others {
		fmt.Fprintf(&b, "- **%s**: %s.\n", o[0], o[1])
	}
	return b.String()
}

// ratios compares such figures of all workloads that have them, each pair told by the function.
func (r *result) ratios(figures func(*cell) series, tell func(s, bare series) string) string {
	t := newTable("workload", "n", "bare")
	for _, w := range r.watched() {
		t.head(w.name)
	}
	for _, l := range r.workloads {
		bare := figures(r.cell(l, r.ways[0]))
		if len(bare) == 0 {
			continue
		}
		row := []string{l.name, fmt.Sprint(len(bare)), duration(median(bare))}
		for _, w := range r.watched() {
			row = append(row, tell(figures(r.cell(l, w)), bare))
		}
		t.row(row...)
	}
	return t.String()
}

// added is what one turn of a loop costs more than bare.
func (r *result) added() string {
	t := newTable("loop")
	for _, w := range r.watched() {
		t.head(w.name)
	}
	for _, l := range r.workloads {
		if !l.loop {
			continue
		}
		bare, row := median(r.cell(l, r.ways[0]).took), []string{l.name}
		for _, w := range r.watched() {
			row = append(row, duration(median(r.cell(l, w).took)-bare))
		}
		t.row(row...)
	}
	return t.String()
}

// reasons is a line for each workload and way that was left out, or for the way if it was each time.
func (r *result) reasons() string {
	var b strings.Builder
	for _, w := range r.ways {
		told := map[string][]string{}
		for _, l := range r.workloads {
			if why := r.cell(l, w).why; why != "" {
				told[why] = append(told[why], l.name)
			}
		}
		for why, names := range told {
			if len(names) == len(r.workloads) {
				names = []string{"all"}
			}
			fmt.Fprintf(&b, "- **%s**, %s: %s.\n", w.name, strings.Join(names, ", "), why)
		}
	}
	return b.String()
}

// watched is the ways but bare.
func (r *result) watched() []way { return r.ways[1:] }

// short is a ratio in as many digits as it is worth.
func short(x float64) string {
	switch {
	case x < 9.95:
		return fmt.Sprintf("%.2f", x)
	case x < 99.5:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// duration is a number of nanoseconds as people say it, in three digits.
func duration(ns float64) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}} {
		if math.Abs(ns) >= float64(unit.size) {
			return fmt.Sprintf("%.3g %s", ns/float64(unit.size), unit.name)
		}
	}
	if math.IsNaN(ns) { // there are no figures
		return "-"
	}
	return fmt.Sprintf("%.0f ns", ns)
}

// table is one in Markdown; all its columns but the first are numbers.
type table struct {
	heads []string
	rows  strings.Builder
}

func newTable(heads ...string) *table { return &table{heads: heads} }

func (t *table) head(name string) { t.heads = append(t.heads, name) }

func (t *table) row(cells ...string) { fmt.Fprintf(&t.rows, "| %s |\n", strings.Join(cells, " | ")) }

func (t *table) String() string {
	return fmt.Sprintf("| %s |\n|---|%s\n%s", strings.Join(t.heads, " | "), strings.Repeat("--:|", len(t.heads)-1), t.rows.String())
}
