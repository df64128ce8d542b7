package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// setFilter is the call that installs a filter.
const setFilter = "seccomp(SET_MODE_FILTER)"

// refusals are what to do where the kernel refuses what the ptrace source cannot do without.
var refusals = map[string]func() string{
	"ptrace(SEIZE)":            ptraceHint,
	"ptrace(GET_SYSCALL_INFO)": infoHint,
	setFilter:                  filterHint,
}

// ptraceHint says why ptrace may be refused here.
func ptraceHint() string {
	status, _ := os.ReadFile("/proc/self/status") // without /proc there is less to say
	scope, _ := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	return whyUntraceable(string(status), strings.TrimSpace(string(scope)))
}

// whyUntraceable says it by our own /proc/PID/status, and Yama's setting if there is one.
func whyUntraceable(status, scope string) string {
	tracer := statusLine(status, "TracerPid")
	switch {
	case tracer != "" && tracer != "0":
		return fmt.Sprintf("process %s (strace, a debugger, another tiercel) traces tiercel and all that it starts, and a process has one tracer; leave it out, or use --source ebpf", tracer)
	case scope == "2":
		return "kernel.yama.ptrace_scope is 2: who has no CAP_SYS_PTRACE may not trace; set it to 1, or start tiercel as root"
	case scope == "3":
		return "kernel.yama.ptrace_scope is 3: nobody may trace until the machine is started anew; --source ebpf, as root, does without"
	case statusLine(status, "Seccomp") == strconv.Itoa(unix.SECCOMP_MODE_FILTER):
		return "a seccomp filter is in place, as a container's profile or a sandbox's, and seems to refuse ptrace: have it allowed there; see tiercel doctor"
	}
	return "is the command traced already, or does a security module refuse ptrace? see tiercel doctor"
}

// infoHint says what is amiss where ptrace works, but does not tell what a thread stopped for.
func infoHint() string {
	if isSandboxed(release()) {
		return "this is gVisor, whose ptrace does not tell of calls: tiercel cannot watch a command here"
	}
	return "the ptrace source wants Linux 5.3, and this is " + release() + "; or a filter refuses this request of ptrace"
}

// isSandboxed reports whether a kernel's name is that of gVisor, which has long
// had one of its own and a fixed one before.
func isSandboxed(release string) bool {
	return strings.Contains(release, "gvisor") || strings.HasPrefix(release, "4.4.0 ")
}

func filterHint() string {
	return "this kernel, or a filter that is already in place, refuses seccomp filters; --source ebpf, as root, does without; see tiercel doctor"
}

// statusLine returns the value of a line of /proc/PID/status.
func statusLine(status, key string) string {
	for line := range strings.Lines(status) {
		if name, value, _ := strings.Cut(line, ":"); name == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
