package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tiercel/rules"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "work with rule files", Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newRulesCheck(), newRulesList(), newRulesShow(), newRulesTest())
	return cmd
}

func newRulesCheck() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use: "check [flags] FILE...", Short: "report what is wrong with rule files",
		Long: `Report what is wrong with rule files, read together in their order. Each FILE is a
file, a folder, or 'default'.

Errors keep a file from being used. Warnings say what is probably not meant: a rule
that can never match or is never reached, an exception that can never apply, a field
that is never set where it is asked for, an appended condition that binds otherwise
than it looks, what nothing uses, what is deprecated. Each has its place, and a hint
where there is something to write instead.

Exits 1 when a file has errors, with --strict also when there are warnings.`,
		Example: "  tiercel rules check default mine.yaml\n  tiercel rules check --strict --format sarif rules/ >rules.sarif",
		Args:    atLeastOne("rule file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := rules.Read(args)
			if err != nil {
				return fmt.Errorf("read rules: %w", err)
			}
			return printProblems(cmd, rules.Check(files), strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "exit 1 for warnings, too")
	addFormat(cmd, "sarif")
	return cmd
}

func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage(cmd.CommandPath()+" --help", "%s: no %s", cmd.Name(), what)
		}
		return nil
	}
}

func printProblems(cmd *cobra.Command, problems rules.Problems, strict bool) error {
	var err error
	switch f := format(cmd); {
	case f == "sarif":
		err = printSARIF(problems)
	case f == "json":
		err = printJSON(append(rules.Problems{}, problems...))
	case len(problems) > 0:
		err = printForPeople(problems)
	}
	if err == nil && (problems.Errors() || strict && len(problems) > 0) {
		return &failure{code: 1}
	}
	return err
}

// printForPeople prints the problems, their first lines in colour on a terminal,
// and behind them how many there are.
func printForPeople(problems rules.Problems) error {
	colours := map[rules.Severity]string{}
	if onTerminal(os.Stdout) {
		colours = map[rules.Severity]string{rules.Error: "\x1b[31m", rules.Warning: "\x1b[33m"}
	}
	count := map[rules.Severity]int{}
	for _, p := range problems {
		count[p.Severity]++
		text := p.String()
		if colour := colours[p.Severity]; colour != "" {
			first, rest, _ := strings.Cut(text, "\n")
			text = colour + first + "\x1b[0m\n" + rest
		}
		if _, err := fmt.Println(strings.TrimSuffix(text, "\n")); err != nil {
			return fmt.Errorf("print problems: %w", err)
		}
	}
	fmt.Fprintf(os.Stderr, "%s, %s\n", counted(count[rules.Error], "error"), counted(count[rules.Warning], "warning"))
	return nil
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// onTerminal reports whether people read the file, and want colours.
func onTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" }

// ruleInfo is a rule as rules list shows it.
type ruleInfo struct {
	Name      string   `json:"name"`
	Priority  string   `json:"priority"`
	Tags      []string `json:"tags"`
	Enabled   bool     `json:"enabled"`
	Source    string   `json:"source"`
	Condition string   `json:"condition"`
	Output    string   `json:"output"`
}

func newRuleInfo(r *rules.Rule) ruleInfo {
	return ruleInfo{r.Name, r.Priority.String(), append([]string{}, r.Tags...), r.Enabled, r.Source, r.Condition, r.Output}
}

func newRulesList() *cobra.Command {
	var paths []string
	cmd := &cobra.Command{
		Use: "list [flags]", Short: "list the rules", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := loadRules(paths)
			if err != nil {
				return err
			}
			infos := []ruleInfo{}
			for _, r := range set.Rules {
				infos = append(infos, newRuleInfo(r))
			}
			return printTable(cmd, infos, []string{"PRIORITY", "RULE", "TAGS"}, func(i ruleInfo) []string {
				name := i.Name
				if !i.Enabled {
					name += " (disabled)"
				}
				return []string{i.Priority, name, strings.Join(i.Tags, ",")}
			})
		},
	}
	cmd.Flags().StringArrayVarP(&paths, "rules", "r", []string{rules.DefaultName}, "a rule file or a folder of them, repeatable; 'default' is the built-in set")
	addFormat(cmd)
	return cmd
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(cmd.CommandPath()+" --help", "%s: unexpected argument %q", cmd.Name(), args[0])
	}
	return nil
}

func printJSON(v any) error {
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
