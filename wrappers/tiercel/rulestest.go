package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tiercel/engine/trial"
	"tiercel/rules"
)

// testFlags are the flags of rules test.
type testFlags struct {
	rules   []string
	verbose bool
}

func newRulesTest() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use: "test [flags] FILE...", Short: "test rules over given events",
		Long: `Test rules: each FILE, or each YAML file of a folder, has events by their fields
and the alerts that are expected of them. It needs no privilege, as nothing is run.

  - rules: [default, mine.yaml]     # paths start from this file's folder
  - test: a web server starts a shell
    event: {evt.type: execve, evt.failed: false, proc.name: sh, proc.pname: nginx}
    expect: Server starts a shell
  - test: an operator starts one
    event: {evt.type: execve, evt.failed: false, proc.name: sh, proc.pname: sshd}
    expect: none
    not: Server starts a shell      # nor may it match behind another rule

Several events stand under 'events', with 'at: 5s' as the time since the first.
In their place, 'recording: FILE' has those of a run (tiercel run --record).
Beside a rule's name, 'expect' takes a list of all that alert, and in such a list
{rule: NAME, output: TEXT, priority: NAME, fields: {NAME: VALUE}}.

Exits 1 when a test fails or a file has errors.`,
		Args: atLeastOne("test file"),
		RunE: func(cmd *cobra.Command, args []string) error { return testRules(cmd, args, f) },
	}
	cmd.Flags().StringArrayVarP(&f.rules, "rules", "r", nil, "a rule file or a folder of them, repeatable, in place of those that the tests name; 'default' is the built-in set")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "list the tests that pass, too")
	addFormat(cmd, "junit")
	return cmd
}

func testRules(cmd *cobra.Command, args []string, f testFlags) error {
	files, err := rules.Read(args)
	if err != nil {
		return fmt.Errorf("read tests: %w", err)
	}
	results := []trial.Result{}
	var broken []trial.Broken // the others are tested all the same
	for _, file := range files {
		more, err := testFile(file, f.rules)
		if err != nil {
			broken = append(broken, trial.Broken{File: file.Name, Err: err})
			tellBroken(file.Name, err)
		}
		results = append(results, more...)
	}
	if format(cmd) == "junit" {
		err = trial.WriteJUnit(os.Stdout, results, broken)
	} else {
		err = printResults(cmd, results, f.verbose)
	}
	if err != nil {
		return err
	}
	if len(broken) > 0 || failures(results) > 0 {
		return &failure{code: 1}
	}
	return nil
}

// tellBroken says what is wrong with a file; problems name it themselves.
func tellBroken(name string, err error) {
	var problems rules.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(os.Stderr, problems)
		return
	}
	fmt.Fprintf(os.Stderr, "tiercel: error: %s: %v\n", name, err)
}

// testFile runs a file's tests; what is wrong with it or with its rules is an error of type rules.Problems.
func testFile(src rules.File, paths []string) ([]trial.Result, error) {
	file, problems := trial.Read(src)
	if problems != nil {
		return nil, problems
	}
	if len(paths) == 0 {
		paths = file.RulePaths()
	}
	set, err := loadRules(paths)
	if err != nil {
		return nil, err
	}
	if problems := file.Check(set); problems != nil {
		return nil, problems
	}
	return file.Run(set), nil
}

func failures(results []trial.Result) int {
	n := 0
	for _, r := range results {
		if !r.Passed {
			n++
		}
	}
	return n
}

func printResults(cmd *cobra.Command, results []trial.Result, verbose bool) error {
	if format(cmd) == "json" {
		return printJSON(results)
	}
	red, green := "", ""
	if onTerminal(os.Stdout) {
		red, green = "\x1b[31m", "\x1b[32m"
	}
	for _, r := range results {
		switch {
		case !r.Passed:
			fmt.Printf("%s:%d: failed: %s\n%s", r.File, r.Line, r.Test, coloured(r.Failure(), red, green))
		case verbose:
			fmt.Printf("%s:%d: passed: %s\n", r.File, r.Line, r.Test)
		}
	}
	failed := failures(results)
	_, err := fmt.Printf("%d passed, %d failed\n", len(results)-failed, failed)
	return err
}

// coloured paints what was wanted in one colour and what came in the other; without colours the text stays as it is.
func coloured(failure, wanted, came string) string {
	if cmp.Or(wanted, came) == "" {
		return failure
	}
	var b strings.Builder
	for line := range strings.Lines(failure) {
		colour := ""
		switch {
		case strings.HasPrefix(line, "    - "):
			colour = wanted
		case strings.HasPrefix(line, "    + "):
			colour = came
		}
		if colour != "" {
			line = colour + strings.TrimSuffix(line, "\n") + "\x1b[0m\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
