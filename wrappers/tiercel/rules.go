package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tiercel/rules"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "work with rule files", Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newRulesCheck(), newRulesList(), newRulesShow(), newRulesTest())
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
