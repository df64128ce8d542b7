package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

const about = `tiercel detects threats at run time, without a kernel driver, a daemon or a
privilege: it runs a command, watches the system calls of all that comes of it,
and raises alerts from rules.

  tiercel run -- nginx -g 'daemon off;'
  tiercel run -r default -r mine.yaml -o json=alerts.json -- ./server
  tiercel attach 4711
  tiercel host -r default -r /etc/tiercel/rules.d
  tiercel run --record build.cap -- make
  tiercel replay -r mine.yaml build.cap
  tiercel rules check mine.yaml
  tiercel doctor

Every flag can also be set in the environment (--log-level as TIERCEL_LOG_LEVEL)
and, by its name, in a YAML file given with --config. A flag beats the
environment, and the environment the file.`

// execute runs the command line, and returns the status to exit with.
func execute(args []string) int {
	root := newRoot()
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		return fail(err)
	}
	return 0
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "tiercel", Version: version, Short: "runtime threat detection without driver, daemon or privilege", Long: about,
		SilenceErrors: true, SilenceUsage: true, Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return settle(cmd.Flags())
		},
	}
	root.PersistentFlags().String("config", "", "a YAML file with settings, by the flags' names")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(cmd.CommandPath()+" --help lists the flags", "%s", err)
	})
	root.AddCommand(newRun(), newAttach(), newHost(), newReplay(), newRules(), newList(), newDoctor(), newVersion())
	return root
}

// unknownCommand refuses what is no subcommand, with what was probably meant.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	near := cmd.SuggestionsFor(args[0])
	switch {
	case len(near) > 0:
		return usage("did you mean: "+cmd.CommandPath()+" "+near[0], "unknown command %q", args[0])
	case cmd.HasParent():
		return usage(cmd.CommandPath()+" --help lists the commands", "unknown command %q", args[0])
	}
	return usage("did you mean: tiercel run -- "+strings.Join(args, " "), "unknown command %q", args[0])
}

// settle sets every flag that the command line did not from the environment, or else from the file.
func settle(flags *pflag.FlagSet) error {
	if err := fromEnvironment(flags, flags.Lookup("config")); err != nil {
		return err
	}
	file, err := readConfig(flags.Lookup("config").Value.String())
	if err != nil {
		return err
	}
	if err := unknownSettings(file); err != nil {
		return err
	}
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || failed != nil {
			return
		}
		if failed = fromEnvironment(flags, f); failed != nil || f.Changed {
			return
		}
		for _, value := range file[f.Name] {
			if err := flags.Set(f.Name, value); err != nil {
				failed = usage("", "config: %s: %v", f.Name, err)
			}
		}
	})
	return failed
}

// unknownSettings refuses a file with a setting that no command has a flag for.
func unknownSettings(file map[string][]string) error {
	for name := range file {
		known := false
		for _, cmd := range allCommands(newRoot()) {
			known = known || cmd.Flags().Lookup(name) != nil
		}
		if !known {
			return usage("tiercel run --help lists the flags", "config: unknown setting %q", name)
		}
	}
	return nil
}

func allCommands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		all = append(all, allCommands(sub)...)
	}
	return all
}

func fromEnvironment(flags *pflag.FlagSet, f *pflag.Flag) error {
	name := "TIERCEL_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
	value, ok := os.LookupEnv(name)
	if !ok || f.Changed {
		return nil
	}
	if err := flags.Set(f.Name, value); err != nil {
		return usage("", "environment: %s: %v", name, err)
	}
	return nil
}

// readConfig reads a file of settings; each is one value or a list of them.
func readConfig(path string) (map[string][]string, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	var nodes map[string]yaml.Node
	if err := yaml.Unmarshal(data, &nodes); err != nil {
		return nil, fmt.Errorf("read config %s: %w", path, err)
	}
	settings := map[string][]string{}
	for name, node := range nodes {
		var values []string
		if node.Kind == yaml.ScalarNode {
			values = []string{node.Value}
		} else if err := node.Decode(&values); err != nil {
			return nil, fmt.Errorf("read config %s: %s: %w", path, name, err)
		}
		settings[name] = values
	}
	return settings, nil
}
