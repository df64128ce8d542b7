package main

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// way is one way to run a command: bare, by tiercel, or by what is like it.
type way struct {
	name  string
	words string // what it is, with its command as one would type it
	begin []string
	join  bool // the command is one argument, its words apart by blanks
	aside bool // where rounds are long it is in fewer
	own   bool // its program is the place's floor
}

// ways returns all of them, bare first. The calls that the others look at are
// those that tiercel's default rules make it look at.
func ways(tiercel string) ([]way, error) {
	watched, err := watched()
	if err != nil {
		return nil, err
	}
	calls := slices.Sorted(maps.Values(watched))
	run := []string{tiercel, "run", "-o", "json=/dev/null"}
	maybe := "trace=?" + strings.Join(calls, ",?") // strace: the unknown ones are left out
	strace := []string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", maybe}
	return []way{
		{name: "bare", words: "nothing watches"},
		{name: "notify", words: "`tiercel run --source ptrace --stops notify`", begin: add(run, "--source", "ptrace", "--stops", "notify", "--")},
		{name: "ptrace", words: "`tiercel run --source ptrace --stops ptrace`", begin: add(run, "--source", "ptrace", "--stops", "ptrace", "--")},
		{name: "ebpf", words: "`tiercel run --source ebpf`", begin: add(run, "--source", "ebpf", "--")},
		{name: "floor", words: "a thread in C that lets each call go on of which `notify` is told, at once, and does nothing else: both sides wake on one processor", begin: []string{floorProgram, "here", "1"}, own: true},
		{name: "floor-2", words: "two of these, each woken where the kernel places it", begin: []string{floorProgram, "anywhere", "2"}, own: true},
		{name: "strace", words: "`strace -f --seccomp-bpf`: the calls that tiercel watches, whatever their arguments", begin: add(strace, "--seccomp-bpf")},
		{name: "strace-all", words: "`strace -f`: prints these, and stops all", begin: strace, aside: true},
		{name: "proot", words: "`proot`: stops calls with paths by ptrace and seccomp, to translate them; reports nothing", begin: []string{"proot"}, aside: true},
		{name: "perf-trace", words: "`perf trace`: these, by tracepoints and perf's ring", begin: []string{"perf", "trace", "-o", "/dev/null", "-e", strings.Join(perfKnows(calls), ","), "--"}, aside: true},
		{name: "bpftrace", words: "`bpftrace`: a line for each end of these, of the whole machine", begin: []string{"bpftrace", "-o", "/dev/null", "-e", script(watched), "-c"}, join: true, aside: true},
	}, nil
}

// others is what Debian has of the kind and is not compared, with the reason.
var others = [][2]string{
	{"auditd", "its rules are the whole machine's and stay when it ends; its daemon writes all to a disk"},
	{"sysdig", "wants a kernel module that is built for the kernel, or a probe for it that Debian has not"},
	{"systemtap", "wants the kernel's headers and debugging symbols, to build a module"},
	{"trace-cmd", "records by the same tracepoints as `perf trace`, and shows nothing while it runs"},
	{"uftrace, ltrace", "look at calls of functions, not of the system"},
	{"fakeroot, firejail --trace", "replace functions of the C library: what does not call these is unseen"},
}

func add(to []string, more ...string) []string { return append(append([]string{}, to...), more...) }

// command is what runs the command that way.
func (w way) command(args []string) []string {
	if w.join {
		if path, err := exec.LookPath(args[0]); err == nil { // else the way's own program says so
			args = append([]string{path}, args[1:]...)
		}
		args = []string{strings.Join(args, " ")}
	}
	return add(w.begin, args...)
}

// missing says why the way cannot be taken: its program is not here.
func (w way) missing() error {
	if len(w.begin) == 0 || w.own {
		return nil
	}
	_, err := exec.LookPath(w.begin[0])
	return err
}
