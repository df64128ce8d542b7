package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// stack is where the processor was found so often: the outermost function first,
// before it the program, and before that what was measured.
type stack struct {
	frames []string
	count  int
}

// profile runs each workload once in each way but bare, and returns where the
// processors were: perf-record(1), which sees the kernel, too. What waits is not seen.
func (n plan) profile(ctx context.Context, p *place) (all []stack, err error) {
	for _, w := range n.ways[1:] {
		for _, l := range n.workloads {
			progress("%s: %s: profile", l.name, w.name)
			if err := n.prepare(ctx, p, l); err != nil {
				return nil, fmt.Errorf("%s: %w", l.name, err)
			}
			data := p.path("perf.data")
			w.begin = add([]string{"perf", "record", "-q", "-g", "-F", "1999", "-o", data, "--"}, w.begin...)
			if _, err := l.once(ctx, p, w); err != nil {
				return nil, fmt.Errorf("%s: %w", l.name, err)
			}
			stacks, err := readStacks(ctx, data, w.name+" "+l.name)
			if err != nil {
				return nil, err
			}
			all = append(all, stacks...)
		}
	}
	return all, nil
}

// readStacks reads what perf has recorded, below a frame of that name.
func readStacks(ctx context.Context, data, name string) ([]stack, error) {
	cmd := exec.CommandContext(ctx, "perf", "report", "-i", data, "--stdio", "--no-children", "--sort", "comm", "-g", "folded,0,caller,count,function")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("perf report: %w", err)
	}
	return parseStacks(string(out), name), nil
}

// parseStacks reads perf-report's folded form: a line with a share and a program,
// then its stacks, each a count and frames with semicolons between.
func parseStacks(text, name string) (all []stack) {
	program := ""
	for line := range strings.Lines(text) {
		first, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasSuffix(first, "%") {
			program = strings.TrimSpace(rest)
		} else if count, err := strconv.Atoi(first); err == nil {
			all = append(all, stack{append([]string{name, program}, known(strings.Split(rest, ";"))...), count})
		}
	}
	return all
}

// known leaves frames without a name out: where a stack has no frame pointers, its end is anything.
func known(frames []string) (named []string) {
	for _, f := range frames {
		if f != "" && !strings.HasPrefix(f, "0x") && f != "0" && f != "[unknown]" {
			named = append(named, f)
		}
	}
	return named
}
