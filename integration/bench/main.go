// Package main compares what it costs to run a command bare, by tiercel in each
// of its ways, and by what else of the kind there is: loops of single calls,
// programs, servers. Rounds go through all ways, each round from another one on;
// what counts is the ratio of the medians. See CONTRIBUTING.md.
//
// The trap: it must be the only thing that the machine does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "tiercel: error: bench: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	n, out, err := parse(args)
	o := newOccasion(args)
	if err != nil {
		return err
	}
	r, err := n.inPlace(ctx)
	if err != nil {
		return err
	}
	return errors.Join(replace(out+"/RESULTS.md", o.report(r)), replace(out+"/results.svg", r.chart()))
}

// inPlace measures in a folder that is gone afterwards.
func (n plan) inPlace(ctx context.Context) (r *result, err error) {
	if err := adopt(); err != nil {
		return nil, err
	}
	p, err := newPlace(ctx)
	if p != nil {
		defer func() { err = errors.Join(err, p.close()) }()
	}
	if err != nil {
		return nil, err
	}
	return n.measure(ctx, p)
}

// parse reads the command line.
func parse(args []string) (n plan, out string, err error) {
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	var (
		tiercel  = set.String("tiercel", "bin/tiercel", "the program under test")
		wanted   = set.String("workloads", "", "names of workloads, apart by blanks; none: all")
		wantWays = set.String("ways", "", "names of ways, apart by blanks; none: all")
	)
	set.StringVar(&out, "out", "integration/bench", "the folder that RESULTS.md and results.svg are written to")
	set.IntVar(&n.rounds, "rounds", 15, "rounds of a workload, at most")
	set.DurationVar(&n.share, "share", 35*time.Second, "the time after which no more rounds of a workload begin")
	if err := set.Parse(args); err != nil {
		return n, out, err
	}
	program, err := filepath.Abs(*tiercel)
	if err != nil {
		return n, out, err
	}
	all, err := ways(program)
	if err != nil {
		return n, out, err
	}
	n.ways, err = choose(all, func(w way) string { return w.name }, "bare "+*wantWays, *wantWays == "")
	if err != nil {
		return n, out, err
	}
	n.workloads, err = choose(workloads(), func(l workload) string { return l.name }, *wanted, *wanted == "")
	return n, out, err
}

// choose returns those that are named, in their own order, or all.
func choose[T any](from []T, name func(T) string, names string, all bool) (chosen []T, err error) {
	words := strings.Fields(names)
	for _, t := range from {
		if all || slices.Contains(words, name(t)) {
			chosen = append(chosen, t)
		}
		words = slices.DeleteFunc(words, func(word string) bool { return word == name(t) })
	}
	if !all && len(words) > 0 {
		return nil, fmt.Errorf("choose: there is no %s", strings.Join(words, ", "))
	}
	return chosen, nil
}

// replace writes a file whole or not at all.
func replace(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
