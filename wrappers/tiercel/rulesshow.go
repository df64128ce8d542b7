package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tiercel/rules"
)

// ruleSheet is a rule as rules show shows it: what rules list has, and all the rest.
type ruleSheet struct {
	ruleInfo
	Desc       string            `json:"description"`
	Places     []rules.Place     `json:"places"`
	Expanded   []string          `json:"expanded"` // of a sequence, that of each step
	Exceptions []rules.Exception `json:"exceptions"`
	State      *stateInfo        `json:"state"`
	Program    string            `json:"program"`
	Watched    []watchedInfo     `json:"watched"`
	Passes     []passesInfo      `json:"passes"`
	Reads      []string          `json:"reads"`
	Stops      []stopsInfo       `json:"stops"`
}

// stateInfo is what a rule asks for beyond one event.
type stateInfo struct {
	Count  int      `json:"count"`
	Steps  int      `json:"steps"`
	Within string   `json:"within"`
	By     []string `json:"by"`
}

// watchedInfo is calls that the filter stops: those for which one of Where holds, all where it is empty.
type watchedInfo struct {
	Call  string   `json:"call"`
	Match bool     `json:"match"` // else for the state of processes
	Where []string `json:"where"`
}

// passesInfo is what the eBPF source looks at in the kernel: of the calls those
// pass for which one of Where holds. Paths says which plain paths one asks for.
type passesInfo struct {
	Calls []string `json:"calls"`
	Where []string `json:"where"`
	Paths []string `json:"paths"`
}

type stopsInfo struct {
	Calls   []string `json:"calls"`
	Decided string   `json:"decided"` // call, entry, exit or engine
	AtEntry string   `json:"at_entry"`
	AtExit  string   `json:"at_exit"`
	Later   []string `json:"later"`
	Partly  []string `json:"partly"`
	Cost    string   `json:"cost"`
}

const showHelp = `Show all there is to say of a rule: what it means with its macros and lists
expanded, its program, which calls the kernel stops for it, what is read for it,
and where its calls are decided. RULE is a rule's name, in any case of its
letters, or the beginning of just one rule's name.

  tiercel rules show "Read sensitive file"
  tiercel rules show -r mine.yaml 'password file'`

// shownItems is how many values of a list are shown.
const shownItems = 8

func newRulesShow() *cobra.Command {
	var paths []string
	var full bool
	cmd := &cobra.Command{
		Use: "show [flags] RULE...", Short: "show what a rule means, asks for and costs", Long: showHelp, Args: atLeastOne("rule"),
		RunE: func(cmd *cobra.Command, args []string) error { return showRules(cmd, paths, args, full) },
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			if settle(cmd.Flags()) != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return ruleNames(paths), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringArrayVarP(&paths, "rules", "r", []string{rules.DefaultName}, "a rule file or a folder of them, repeatable; 'default' is the built-in set")
	cmd.Flags().BoolVar(&full, "full", false, "show lists to their ends")
	addFormat(cmd)
	return cmd
}

// ruleNames returns the rules' names; none where the rules cannot be read: a shell asks, and wants no errors.
func ruleNames(paths []string) (names []string) {
	set, _, err := rules.Load(paths)
	if err != nil || set == nil {
		return nil
	}
	for _, r := range set.Rules {
		names = append(names, r.Name)
	}
	return names
}

func showRules(cmd *cobra.Command, paths, names []string, full bool) error {
	set, err := loadRules(paths)
	if err != nil {
		return err
	}
	asJSON := format(cmd) == "json"
	items := shownItems
	if full || asJSON {
		items = 0
	}
	sheets := []ruleSheet{}
	for _, name := range names {
		r, err := findRule(set, name)
		if err != nil {
			return err
		}
		sheets = append(sheets, newRuleSheet(set, r, items))
	}
	if asJSON {
		return printJSON(sheets)
	}
	for i := range sheets {
		if i > 0 {
			fmt.Println()
		}
		fmt.Print(sheets[i].text())
	}
	return nil
}

// findRule returns the one rule that a name means.
func findRule(set *rules.Set, name string) (*rules.Rule, error) {
	found, near := set.Find(name)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var all []string
		for _, r := range found {
			all = append(all, r.Name)
		}
		return nil, usage("one of: "+strings.Join(all, ", "), "show: %d rules have names that begin with %q", len(found), name)
	case near != "":
		return nil, usage(fmt.Sprintf("did you mean %q?", near), "show: unknown rule %q", name)
	}
	return nil, usage("tiercel rules list has the names", "show: unknown rule %q", name)
}

func newRuleSheet(set *rules.Set, r *rules.Rule, items int) ruleSheet {
	sheet := set.Sheet(r, items)
	s := ruleSheet{
		ruleInfo: newRuleInfo(r), Desc: r.Desc, Places: r.Places, Exceptions: append([]rules.Exception{}, r.Except...), State: newStateInfo(r.State),
		Expanded: sheet.Expanded, Program: sheet.Program, Watched: []watchedInfo{}, Passes: []passesInfo{}, Reads: append([]string{}, sheet.Reads...), Stops: []stopsInfo{},
	}
	for _, w := range sheet.Watched {
		s.Watched = append(s.Watched, watchedInfo{w.Call, w.Match, append([]string{}, w.Where...)})
	}
	for _, p := range sheet.Passes {
		s.Passes = append(s.Passes, passesInfo{p.Calls, append([]string{}, p.Where...), append([]string{}, p.Paths...)})
	}
	for _, st := range sheet.Stops {
		s.Stops = append(s.Stops, stopsInfo{st.Calls, st.Decided.String(), st.AtEntry, st.AtExit, append([]string{}, st.Later...), append([]string{}, st.Partly...), st.Cost})
	}
	return s
}

func newStateInfo(s *rules.State) *stateInfo {
	if s == nil {
		return nil
	}
	info := &stateInfo{s.Count, s.Steps, s.Within.String(), []string{}}
	for _, ref := range s.By {
		info.By = append(info.By, ref.Arg.FullName(ref.Field))
	}
	return info
}
