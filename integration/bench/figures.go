package main

import (
	"fmt"
	"math"
	"slices"
)

// result is what came of a run: the figures of each workload in each way.
type result struct {
	ways      []way
	workloads []workload
	cells     map[cellOf]*cell
}

type cellOf struct{ workload, way string }

// cell is what came of one workload in one way: its figures in nanoseconds, a round each, or why there are none.
type cell struct {
	took series
	used series // processor time, of what watches and of what is watched, from start to end: of commands alone
	why  string
}

// series is figures of the rounds.
type series []float64

func took(c *cell) series { return c.took }
func used(c *cell) series { return c.used }

func (r *result) cell(l workload, w way) *cell { return r.cells[cellOf{l.name, w.name}] }

// quantile returns the value below which that share of the values is, between
// two of them in proportion; NaN of none.
func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := share * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// ratio is how many times as long as bare it took.
type ratio struct{ median, low, high float64 }

// ratioTo compares with bare: the medians, and the quartiles of the single rounds' ratios.
func (s series) ratioTo(bare series) ratio {
	var each []float64
	for i := range min(len(s), len(bare)) {
		each = append(each, s[i]/bare[i])
	}
	return ratio{median(s) / median(bare), quantile(each, 0.25), quantile(each, 0.75)}
}

// brief is the ratio of the medians as a table shows it.
func (s series) brief(bare series) string {
	if len(s) == 0 || len(bare) == 0 {
		return "-"
	}
	return short(s.ratioTo(bare).median)
}

// text is that with the quartiles, where there are more rounds than one.
func (s series) text(bare series) string {
	if len(s) < 2 || len(bare) == 0 {
		return s.brief(bare)
	}
	x := s.ratioTo(bare)
	return fmt.Sprintf("%s (%s to %s)", s.brief(bare), short(x.low), short(x.high))
}
