package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// ruleFile is a file of one rule, named R, with that condition.
func ruleFile(condition string, before ...string) []File {
	text := strings.Join(before, "\n") + fmt.Sprintf("\n- rule: R\n  desc: d\n  condition: %q\n  output: out\n  priority: info\n", condition)
	return []File{{"test.yaml", []byte(text)}}
}

func compileOne(t testing.TB, condition string, before ...string) *Set {
	t.Helper()
	set, problems := Compile(ruleFile(condition, before...))
	require.NotNil(t, set, "%s: %v", condition, problems)
	return set
}

// macroItem is a macro as an item of a file.
func macroItem(name, condition string) string {
	return fmt.Sprintf("- macro: %s\n  condition: %q", name, condition)
}

func listItem(name string, items ...string) string {
	return fmt.Sprintf("- list: %s\n  items: [%s]", name, strings.Join(items, ", "))
}

// messages are the problems without their places.
func messages(problems Problems) string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Message)
	}
	return strings.Join(all, "; ")
}

// recorder makes records by hand.
type recorder struct{ event.Builder }

func newEvent(row string, args ...uint64) *recorder {
	r := &recorder{}
	r.Begin(event.Lookup(row), event.Origin{PID: 11, TID: 11}, 1_000_000_000_000_000_000)
	var all [6]uint64
	copy(all[:], args)
	r.SetArgs(&all)
	return r
}

func (r *recorder) with(p event.Part, s string) *recorder {
	r.AddString(p, s)
	return r
}

func (r *recorder) ret(n int64) *recorder {
	r.SetRet(n)
	return r
}

// cat is a process: cat, below bash, below init.
func cat() *event.Process {
	top := &event.Process{State: event.State{PID: 1, SID: 1}, Name: "init", ExePath: "/usr/lib/init"}
	shell := &event.Process{State: event.State{PID: 10, PPID: 1, SID: 10}, Name: "bash", Exe: "-bash", ExePath: "/bin/bash", Parent: top}
	p := &event.Process{State: event.State{PID: 11, PPID: 10, SID: 10, UID: 1000, EUID: 1000}, Name: "cat", ExePath: "/usr/bin/cat",
		Container: event.Container{ID: event.NoContainer}, User: event.Account{Name: "ann"}, Parent: shell}
	p.SetArgs([]byte("cat\x00-n\x00/etc/hosts\x00"))
	return p
}

// match returns the name of the rule that matches the whole event.
func match(m *Matcher, ev event.Event, proc *event.Process) string {
	m.View().Begin(ev, proc, event.Whole)
	if r := m.Match(); r != nil {
		return r.Name
	}
	return ""
}
