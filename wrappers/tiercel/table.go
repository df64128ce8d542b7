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
	switch format(cmd) {
	case "json":
		return printJSON(items)
	case "markdown":
		return printMarkdown(items, headings, line)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(headings, "\t"))
	for _, item := range items {
		fmt.Fprintln(w, strings.Join(line(item), "\t"))
	}
	return w.Flush()
}

// printMarkdown prints the table as GitHub's Markdown has it.
func printMarkdown[T any](items []T, headings []string, line func(T) []string) error {
	var b strings.Builder
	row := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + inCell.Replace(c) + " ")
		}
		b.WriteString("|\n")
	}
	row(headings)
	b.WriteString(strings.Repeat("|---", len(headings)) + "|\n")
	for _, item := range items {
		row(line(item))
	}
	_, err := os.Stdout.WriteString(b.String())
	return err
}

// inCell keeps text from being taken for a table's or a page's marks.
var inCell = strings.NewReplacer("|", "\\|", "<", "&lt;", ">", "&gt;", "*", "\\*")
