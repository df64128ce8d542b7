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
	n, err := parse(args)
	if err != nil {
		return err
	}
	if n.flame != "" {
		return inPlace(ctx, n.draw)
	}
	return inPlace(ctx, n.compare)
}

// inPlace does it in a folder that is gone afterwards, as is all that it began.
func inPlace(ctx context.Context, do func(context.Context, *place) error) (err error) {
	if err := adopt(); err != nil {
		return err
	}
	p, err := newPlace(ctx)
	if p != nil {
		defer func() { err = errors.Join(err, p.close()) }()
	}
	if err != nil {
		return err
	}
	return do(ctx, p)
}

// compare writes the tables and the chart.
func (n plan) compare(ctx context.Context, p *place) error {
	o := newOccasion(n.command)
	r, err := n.measure(ctx, p)
	if err != nil {
		return err
	}
	err = errors.Join(replace(filepath.Join(n.out, "RESULTS.md"), o.report(r)), replace(filepath.Join(n.out, "results.svg"), r.chart()))
	if n.readme == "" {
		return err
	}
	old, readErr := os.ReadFile(n.readme)
	text, briefErr := o.brief(r, string(old))
	if err = errors.Join(err, readErr, briefErr); err != nil {
		return err
	}
	return replace(n.readme, text)
}

// draw writes the flame graph, and prints what takes most.
func (n plan) draw(ctx context.Context, p *place) error {
	stacks, err := n.profile(ctx, p)
	if err != nil {
		return err
	}
	fmt.Print(tops(stacks, 25))
	return replace(n.flame, flame(stacks))
}

// plan is what to do.
type plan struct {
	command   string // that says so to make
	ways      []way
	workloads []workload
	rounds    int           // at most
	share     time.Duration // of time for a workload: after it there are the fewest rounds alone, without the ways that stand aside
	out       string        // the folder for what is compared
	readme    string        // that the brief table is written into; none if empty
	flame     string        // in place of that: the file for a flame graph
}

// parse reads the command line.
func parse(args []string) (plan, error) {
	n := plan{command: "make bench-peers"}
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	tiercel := set.String("tiercel", "bin/tiercel", "the program under test")
	wanted := set.String("workloads", "", "names of workloads, apart by blanks; none: all")
	wantedWays := set.String("ways", "", "names of ways, apart by blanks; none: all")
	set.StringVar(&n.out, "out", "integration/bench", "the folder that RESULTS.md and results.svg are written to")
	set.StringVar(&n.readme, "readme", "", "a file to write the brief table into")
	set.StringVar(&n.flame, "flame", "", "write a flame graph to this file, and nothing else")
	set.IntVar(&n.rounds, "rounds", 15, "rounds of a workload, at most")
	set.DurationVar(&n.share, "share", 30*time.Second, "the time after which a workload has no more rounds, but three in all, the later ones without the slowest ways")
	if err := set.Parse(args); err != nil {
		return n, err
	}
	set.Visit(func(f *flag.Flag) {
		if slices.Contains([]string{"workloads", "ways", "rounds"}, f.Name) {
			n.command += fmt.Sprintf(" %s=%q", strings.ToUpper(f.Name), f.Value)
		}
	})
	program, err := filepath.Abs(*tiercel)
	if err != nil {
		return n, err
	}
	all, err := ways(program)
	if err != nil {
		return n, err
	}
	if n.ways, err = choose(all, func(w way) string { return w.name }, "bare "+*wantedWays, *wantedWays == ""); err != nil {
		return n, err
	}
	n.workloads, err = choose(workloads(), func(l workload) string { return l.name }, *wanted, *wanted == "")
	return n, err
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
