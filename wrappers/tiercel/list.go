package main

import (
	"strings"

	"github.com/spf13/cobra"

	"tiercel/engine/event"
)

func newList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "the reference, from the program itself", Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newListFields(), newListSyscalls())
	return cmd
}

// fieldInfo is a field as list fields shows it.
type fieldInfo struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Arg  string `json:"argument"`
	Doc  string `json:"description"`
}

var argNames = map[event.ArgKind]string{event.MayIndex: "[number]", event.MayKey: "[name]", event.MustKey: ".name"}

func newListFields() *cobra.Command {
	cmd := &cobra.Command{Use: "fields", Short: "the fields that rules can read", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var infos []fieldInfo
			for i := range event.Fields {
				f := &event.Fields[i]
				infos = append(infos, fieldInfo{f.Name, f.Type.String(), argNames[f.Arg], f.Doc})
			}
			return printTable(cmd, infos, []string{"FIELD", "TYPE", "MEANING"}, func(i fieldInfo) []string {
				return []string{i.Name + i.Arg, i.Type, i.Doc}
			})
		}}
	addFormat(cmd)
	return cmd
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
