package main

// Printing events instead of raising alerts. A set of one rule stands for the
// rules: what it matches is printed as its message.

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tiercel/engine/output"
	"tiercel/rules"
)

// What --print without a value stands for, and what that does: a line as strace has it.
const (
	defaultPrint  = "default"
	defaultFormat = "%evt.time %proc.pid %proc.name %evt.type %evt.args"
)

func (s *settings) printing() bool { return s.print != "" }

// takeFormat makes --print FORMAT what --print=FORMAT is. As --print may stand
// alone, its value is otherwise left as an argument, the i-th; that is taken for
// one where it has a field in it. It returns the arguments that are left, once
// the flags among them have been read.
func (s *settings) takeFormat(cmd *cobra.Command, args []string, i int) ([]string, error) {
	fl := cmd.Flags()
	behindDash := fl.ArgsLenAtDash() >= 0 && i >= fl.ArgsLenAtDash()
	if !fl.Changed("print") || s.print != defaultPrint || i < 0 || i >= len(args) || behindDash || !hasField(args[i]) {
		return args, nil
	}
	s.print = args[i]
	if err := fl.Parse(slices.Concat(args[:i], args[i+1:])); err != nil {
		return nil, cmd.FlagErrorFunc()(cmd, err)
	}
	return fl.Args(), nil
}

func hasField(arg string) bool { return strings.Contains(arg, "%") }

// checkPrint settles what else the command line says when there is something to
// print; without -o, the lines go to the given stream.
func (s *settings) checkPrint(cmd *cobra.Command, stream string) error {
	if !s.printing() {
		if s.filter != "" {
			return usage("--print --filter CONDITION prints the events that match", "--filter: nothing is printed without --print")
		}
		return nil
	}
	for _, flag := range []string{"rules", "priority", "fail-on"} {
		if cmd.Flags().Changed(flag) {
			return usage("--filter says which events to print", "--%s: rules are not matched while printing", flag)
		}
	}
	if !cmd.Flags().Changed("output") {
		s.outputs = []string{"text=" + stream}
	}
	return nil
}

// query is the set of the one rule that prints.
func (s *settings) query() (*rules.Set, error) {
	format := s.print
	if format == defaultPrint {
		format = defaultFormat
	}
	set, problems := rules.Query(s.filter, format)
	if len(problems) > 0 {
		fmt.Fprintln(os.Stderr, problems)
	}
	if set == nil {
		return nil, usage("tiercel list fields lists the fields", "--print: %d problem(s) in filter or format", len(problems))
	}
	return set, nil
}

// openLines opens the output of lines that a specification names.
func openLines(spec string) (*output.Output, error) {
	format, target, _ := strings.Cut(spec, "=")
	if format != "text" || target == "" {
		return nil, usage("text=TARGET", "--output %s: events are printed as text, to a target", spec)
	}
	return output.OpenLines(target)
}
