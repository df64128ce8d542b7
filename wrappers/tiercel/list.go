package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tiercel/engine/event"
	"tiercel/rules"
)

func newList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "the reference, from the program itself", Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newListFields(), newListSyscalls(), newListOperators())
	return cmd
}

// fieldInfo is a field as list fields shows it.
type fieldInfo struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Arg     string   `json:"argument"`
	Doc     string   `json:"description"`
	Sources []string `json:"sources"` // that can answer it
	Why     string   `json:"why"`     // none can
	class   string
}

var argNames = map[event.ArgKind]string{event.MayIndex: "[number]", event.MayKey: "[name]", event.MustKey: ".name"}

// fieldInfos lists the fields class by class, as the classes come.
func fieldInfos() (infos []fieldInfo) {
	rank := map[string]int{}
	for i := range event.Fields {
		f := &event.Fields[i]
		if _, seen := rank[f.Class()]; !seen {
			rank[f.Class()] = len(rank)
		}
		infos = append(infos, fieldInfo{f.Name, f.Type.String(), argNames[f.Arg], f.Doc, append([]string{}, f.Sources()...), f.Why(), f.Class()})
	}
	slices.SortStableFunc(infos, func(a, b fieldInfo) int { return cmp.Compare(rank[a.class], rank[b.class]) })
	return infos
}

func newListFields() *cobra.Command {
	cmd := &cobra.Command{Use: "fields", Short: "the fields that rules can read, and under which source", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format(cmd) == "markdown" {
				fmt.Print(fieldsPreface)
			}
			return printTable(cmd, fieldInfos(), []string{"FIELD", "TYPE", "SOURCES", "MEANING"}, func(i fieldInfo) []string {
				return []string{i.Name + i.Arg, i.Type, i.sources(), i.meaning()}
			})
		}}
	addFormat(cmd, "markdown")
	return cmd
}

// fieldsPreface stands before the fields in rules/FIELDS.md.
const fieldsPreface = `<!-- Made by make generate; DO NOT EDIT. -->
# Fields

All fields that rules can read, with Falco's names and types. A field with an argument takes it behind a dot or in
brackets where it is shown as ` + "`.name`" + `, else in brackets. What no source can answer loads, and is always absent.

`

func (i *fieldInfo) sources() string {
	if len(i.Sources) == 0 {
		return "none"
	}
	return strings.Join(i.Sources, ", ")
}

func (i *fieldInfo) meaning() string {
	if i.Why == "" {
		return i.Doc
	}
	return i.Doc + " (always absent: " + i.Why + ")"
}

// callInfo is a row of the event table as list syscalls shows it.
type callInfo struct {
	Name   string   `json:"name"`
	Class  string   `json:"category"`
	Params []string `json:"parameters"`
}

func newListSyscalls() *cobra.Command {
	cmd := &cobra.Command{Use: "syscalls", Short: "the system calls that can be watched (evt.type), and their parameters", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var infos []callInfo
			for i := range event.Table {
				row := &event.Table[i]
				if row.When == event.Pseudo {
					continue
				}
				infos = append(infos, callInfo{row.Name, row.Class.String(), row.Parameters()})
			}
			return printTable(cmd, infos, []string{"CALL", "CATEGORY", "PARAMETERS"}, func(i callInfo) []string {
				return []string{i.Name, i.Class, strings.Join(i.Params, ", ")}
			})
		}}
	addFormat(cmd)
	return cmd
}

func newListOperators() *cobra.Command {
	cmd := &cobra.Command{Use: "operators", Short: "the operators of conditions, their modifiers, and the transformers", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printTable(cmd, rules.Operators(), []string{"NAME", "KIND", "FOR", "MEANING"}, func(o rules.Operator) []string {
				return []string{o.Name, o.Kind, o.For, o.Doc}
			})
		}}
	addFormat(cmd, "markdown")
	return cmd
}
