package main

import (
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

// cell is what came of one workload in one way: its figures, a round each, or why there are none.
type cell struct {
	took []float64 // nanoseconds
	why  string
}

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
func (c *cell) ratioTo(bare *cell) ratio {
	var each []float64
	for i := range min(len(c.took), len(bare.took)) {
		each = append(each, c.took[i]/bare.took[i])
	}
	return ratio{median(c.took) / median(bare.took), quantile(each, 0.25), quantile(each, 0.75)}
}
