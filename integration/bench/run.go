package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// measure runs each workload in each way, in rounds that each begin with another way.
func (n plan) measure(ctx context.Context, p *place) (*result, error) {
	r := &result{ways: n.ways, workloads: n.workloads, cells: map[cellOf]*cell{}}
	for _, l := range n.workloads {
		for _, w := range n.ways {
			r.cells[cellOf{l.name, w.name}] = &cell{}
		}
	}
	n.tryWays(ctx, p, r)
	for _, l := range n.workloads {
		if err := n.workload(ctx, p, r, l); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// tryWays leaves those out that cannot be taken here, with the reason.
func (n plan) tryWays(ctx context.Context, p *place, r *result) {
	for _, w := range n.ways {
		err := w.missing()
		if w.own {
			err = p.buildFloor(ctx)
		}
		if err == nil {
			_, err = start.patiently(ctx, p, w)
		}
		if err == nil {
			continue
		}
		progress("%s: left out: %v", w.name, err)
		for _, l := range n.workloads {
			r.cell(l, w).why = err.Error()
		}
	}
}

// workload measures one, after a bare run that is not counted: it fills the kernel's caches.
func (n plan) workload(ctx context.Context, p *place, r *result, l workload) error {
	if err := n.prepare(ctx, p, l); err != nil {
		progress("%s: left out: %v", l.name, err)
		for _, w := range n.ways {
			r.cell(l, w).why = err.Error()
		}
		return ctx.Err()
	}
	began := time.Now()
	for round, long := 0, false; round < n.rounds && (!long || round < fewest); round++ {
		progress("%s: round %d of at most %d", l.name, round+1, n.rounds)
		for i := range n.ways {
			w := n.ways[(i+round)%len(n.ways)]
			if !long || !w.aside {
				r.cell(l, w).add(ctx, p, l, w)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		long = time.Since(began) > n.share
	}
	return nil
}

// fewest is how many rounds a workload has at least, if as many are asked for.
const fewest = 3

func (n plan) prepare(ctx context.Context, p *place, l workload) error {
	if err := l.missing(); err != nil {
		return err
	}
	if l.make != nil {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := l.make(ctx, p); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	_, err := l.patiently(ctx, p, way{})
	return err
}

// patience is how long one measurement may take: what hangs is ended, and left out.
const patience = 5 * time.Minute

// patiently measures once, within reason.
func (l workload) patiently(ctx context.Context, p *place, w way) (took float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return l.once(ctx, p, w)
}

// add measures once more, unless that has failed before.
func (c *cell) add(ctx context.Context, p *place, l workload, w way) {
	if c.why != "" {
		return
	}
	began := time.Now()
	took, err := l.patiently(ctx, p, w)
	progress("%s: %s: %s in %s", l.name, w.name, duration(took), time.Since(began).Round(time.Millisecond))
	if err != nil {
		progress("%s: %s: left out: %v", l.name, w.name, err)
		c.why = err.Error()
		return
	}
	c.took = append(c.took, took)
	if l.whole {
		c.used = append(c.used, float64(p.used))
	}
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "tiercel: bench: "+format+"\n", args...)
}
