package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// addFormat adds the flag that everything which prints a table has; more are formats beside text and json.
func addFormat(cmd *cobra.Command, more ...string) {
	formats := append([]string{"text", "json"}, more...)
	last := len(formats) - 1
	choice := strings.Join(formats[:last], ", ") + " or " + formats[last]
	cmd.Flags().String("format", "text", choice)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // fails for an unknown flag only
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f := format(cmd); !slices.Contains(formats, f) {
			return usage(choice, "--format: unknown format %q", f)
		}
		return run(cmd, args)
	}
}

func format(cmd *cobra.Command) string { return cmd.Flag("format").Value.String() }

// printTable prints the items as JSON, or each as a line under the headings.
func printTable[T any](cmd *cobra.Command, items []T, headings []string, line func(T) []string) error {
	if format(cmd) == "json" {
		return printJSON(items)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(headings, "\t"))
	for _, item := range items {
		fmt.Fprintln(w, strings.Join(line(item), "\t"))
	}
	return w.Flush()
}
