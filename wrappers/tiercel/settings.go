package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"tiercel/rules"
)

// settings is what the flags say that run and replay have in common: which rules
// to match, and where what comes of it goes.
type settings struct {
	rules, outputs     []string
	print, filter      string
	priority, failOn   string
	stats              string
	digest             time.Duration
	logLevel, logFmt   string
	minimum, threshold rules.Priority // of priority and failOn
}

func (s *settings) addFlags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVarP(&s.rules, "rules", "r", []string{rules.DefaultName}, "a rule file or a folder of them, repeatable, in order; 'default' is the built-in set")
	fl.StringArrayVarP(&s.outputs, "output", "o", []string{"text=stderr"}, "FORMAT[=TARGET], repeatable; FORMAT: text, json; TARGET: stderr, stdout, a path (appended), unix:PATH")
	fl.StringVar(&s.print, "print", "", "print a line for every event instead of matching rules; FORMAT has fields as a rule's output has them")
	fl.Lookup("print").NoOptDefVal = defaultPrint
	fl.StringVar(&s.filter, "filter", "", "with --print: only for events that match this CONDITION (as in a rule)")
	fl.StringVar(&s.priority, "priority", "debug", "report alerts at or above this priority")
	fl.StringVar(&s.failOn, "fail-on", "", "exit 122 if there was an alert at or above this priority and all else succeeded")
	fl.DurationVar(&s.digest, "digest", 0, "write the first of equal alerts at once, and how many more came within this time (60s) at its end; 0: write each")
	fl.StringVar(&s.stats, "stats", "", "write the ledger as JSON at the end, to standard error or to this path")
	fl.Lookup("stats").NoOptDefVal = "stderr"
	fl.StringVar(&s.logLevel, "log-level", "warn", "tiercel's own log: trace, debug, info, warn, error")
	fl.StringVar(&s.logFmt, "log-format", "", "console or json (default: console on a terminal, else json)")
	complete(cmd, "log-level", "trace", "debug", "info", "warn", "error")
	complete(cmd, "log-format", "console", "json")
	complete(cmd, "priority", rules.PriorityNames()...)
	complete(cmd, "fail-on", rules.PriorityNames()...)
	complete(cmd, "print", defaultPrint)
	complete(cmd, "filter")
}

// complete names the values of a flag that a shell may offer; none, so that it offers no files either.
func complete(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // fails for an unknown flag only
}

// check settles the flags' values. Lines that are printed go to the given stream if -o says nothing else.
func (s *settings) check(cmd *cobra.Command, stream string) (err error) {
	if s.minimum, err = rules.ParsePriority(s.priority); err != nil {
		return usage("", "--priority: %v", err)
	}
	if s.failOn != "" {
		if s.threshold, err = rules.ParsePriority(s.failOn); err != nil {
			return usage("", "--fail-on: %v", err)
		}
	}
	if s.digest < 0 {
		return usage("--digest 60s", "--digest: want a time above 0, not %v", s.digest)
	}
	return s.checkPrint(cmd, stream)
}

// compile reads and compiles rules, without the garbage collector in between where
// they are not many: it would take a sixth of the time until the command starts.
func compile(paths []string) (*rules.Set, rules.Problems, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	set, problems, err := rules.Load(paths)
	if err != nil {
		err = fmt.Errorf("read rules: %w", err)
	}
	return set, problems, err
}

// loadRules reads and compiles rules. What is wrong with them is the error, or
// where it is no error, printed.
func loadRules(paths []string) (*rules.Set, error) {
	set, problems, err := compile(paths)
	switch {
	case err != nil:
		return nil, err
	case set == nil:
		return nil, problems
	}
	if problems = problems.OfMeaning(); len(problems) > 0 {
		fmt.Fprintln(os.Stderr, problems)
	}
	return set, nil
}
