package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/rules"
	"tiercel/seccomp"
	"tiercel/tracer"
)

// finding is one thing that doctor tried.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

const doctorHelp = `Find out by trying what this machine allows, and name the rules that cannot fire
here and why. Exits 1 if a command cannot be watched here at all.`

func newDoctor() *cobra.Command {
	var paths []string
	cmd := &cobra.Command{Use: "doctor [flags]", Short: "what this machine allows, and which rules cannot fire here", Long: doctorHelp, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := loadRules(paths)
			if err != nil {
				return err
			}
			findings, ok := examine(set)
			err = printTable(cmd, findings, []string{"CHECK", "OK", "DETAIL"}, func(f finding) []string {
				return []string{f.Check, map[bool]string{true: "yes", false: "no"}[f.OK], f.Detail}
			})
			if err == nil && !ok {
				return &failure{code: 1}
			}
			return err
		}}
	cmd.Flags().StringArrayVarP(&paths, "rules", "r", []string{rules.DefaultName}, "a rule file or a folder of them, repeatable; 'default' is the built-in set")
	addFormat(cmd)
	return cmd
}

// examine tries everything, and reports whether a command can be watched.
func examine(set *rules.Set) (findings []finding, ok bool) {
	add := func(check string, detail string, err error) {
		if err != nil {
			detail = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		findings = append(findings, finding{check, err == nil, detail})
	}
	filter, unknown, filterErr := seccomp.Compile(set.Needs())
	add("kernel", release(), nil)
	add("seccomp filter", fmt.Sprintf("%d instructions for these rules", len(filter)/8), filterErr)
	probe := filterErr
	if probe == nil {
		probe = tracer.Probe(set.Needs(), filter)
	}
	add("ptrace source", "a command can be launched and watched", probe)
	add("yama", yama(), nil)
	add("process_vm_readv", "arguments are read directly", vmRead())
	add("pidfd_getfd", "sockets are read directly", getfd())
	add("user notification", "", action("user_notif"))
	add("landlock", landlock(), nil)
	add("ebpf source", "not in this version; the kernel would allow it", kernel.Supported())
	for _, r := range set.Rules {
		if why := cannotFire(set, r, unknown); why != "" {
			findings = append(findings, finding{"rule: " + r.Name, false, why})
		}
	}
	return findings, probe == nil
}

// cannotFire says why a rule can never match here, or nothing.
func cannotFire(set *rules.Set, r *rules.Rule, unknown []string) string {
	rows := set.Rows(r)
	switch {
	case !r.Enabled:
		return "it is disabled"
	case r.Source != event.EventSource:
		return "it is for source " + r.Source
	case len(rows) == 0:
		return noEvent(set.Unanswered(r))
	}
	for _, name := range rows {
		if !slices.Contains(unknown, name) {
			return ""
		}
	}
	return "libseccomp does not know " + strings.Join(rows, ", ")
}

// noEvent says why no event can match a condition: the fields in it that no source answers.
func noEvent(unanswered []*event.Field) string {
	if len(unanswered) == 0 {
		return "no system call can match its condition"
	}
	f := unanswered[0]
	return fmt.Sprintf("it needs %s, which is never there: %s", f.Name, f.Why())
}

func release() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err.Error()
	}
	return unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}

func yama() string {
	b, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err != nil {
		return "not in this kernel"
	}
	return "ptrace_scope " + strings.TrimSpace(string(b))
}

// vmRead reads a byte of our own memory the way a tracee's is read.
func vmRead() error { return tracer.ProbeMemory() }

// getfd takes one of our own descriptors the way a tracee's is taken.
func getfd() error {
	pidfd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return os.NewSyscallError("pidfd_open", err)
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, pidfd, 0)
	if err != nil {
		return os.NewSyscallError("pidfd_getfd", err)
	}
	return unix.Close(fd)
}

// action reports whether the kernel's seccomp knows an action.
func action(name string) error {
	b, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(string(b)), name) {
		return errors.New("not in this kernel")
	}
	return nil
}

func landlock() string {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return "not available: " + errno.Error()
	}
	return fmt.Sprintf("ABI %d", version)
}
