package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tiercel/rules"
)

func newRulesCheck() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use: "check [flags] FILE...", Short: "report what is wrong with rule files, and what is probably not meant",
		Long: `Report what is wrong with rule files, read together in their order, and warn of
what is probably not meant: what can never match, rules that another hides,
exceptions that never apply, and the like. Each FILE is a file, a folder, or
'default'. Exits 1 when a file has errors, with --strict also for warnings.`,
		Args: atLeastOne("rule file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := rules.Read(args)
			if err != nil {
				return fmt.Errorf("read rules: %w", err)
			}
			problems := rules.Check(files)
			if err := printProblems(cmd, problems); err != nil {
				return err
			}
			if problems.Errors() || strict && len(problems) > 0 {
				return &failure{code: 1}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "exit 1 for warnings, too")
	addFormat(cmd, "sarif")
	return cmd
}

func printProblems(cmd *cobra.Command, problems rules.Problems) error {
	switch format(cmd) {
	case "sarif":
		return printSARIF(problems)
	case "json":
		return printJSON(append(rules.Problems{}, problems...))
	}
	err := writeProblems(os.Stdout, problems, onTerminal(os.Stdout))
	if len(problems) > 0 {
		fmt.Fprintf(os.Stderr, "tiercel: %s\n", summaryOf(problems))
	}
	return err
}

// colours are those in which problems are written on a terminal.
var colours = map[rules.Severity]string{rules.Error: "\x1b[31m", rules.Warning: "\x1b[33m"}

// writeProblems writes the problems for people, with colours if they are wanted.
func writeProblems(w io.Writer, problems rules.Problems, coloured bool) error {
	for _, p := range problems {
		text := p.String()
		if coloured {
			text = p.Painted(func(s string) string { return colours[p.Severity] + s + "\x1b[0m" })
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	return nil
}

// summaryOf counts the problems: "2 errors, 1 warning".
func summaryOf(problems rules.Problems) string {
	counts := map[rules.Severity]int{}
	for _, p := range problems {
		counts[p.Severity]++
	}
	var parts []string
	for _, severity := range []rules.Severity{rules.Error, rules.Warning} {
		switch n := counts[severity]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+string(severity))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, severity))
		}
	}
	return strings.Join(parts, ", ")
}
