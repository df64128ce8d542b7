package seccomp

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// What the built-in rules cannot match by its arguments is let through.
func TestTheBuiltInRulesLetThrough(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("needs x86_64: the numbers are its own")
	}
	needs := setOf(t, "").Needs()
	const upper = 0xdead_beef_0000_0000
	tests := []struct {
		name    string
		call    string
		args    [6]uint64
		through bool
	}{
		{"a path is opened for no more than its name", "openat", [6]uint64{2: unix.O_PATH | unix.O_CLOEXEC}, true},
		{"the same with an upper half", "openat", [6]uint64{2: upper | unix.O_PATH}, true},
		{"O_PATH where a file would be made", "openat", [6]uint64{2: unix.O_PATH | unix.O_CREAT}, false},
		{"a folder is listed", "openat", [6]uint64{2: unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK}, true},
		{"a file without a name", "openat", [6]uint64{2: unix.O_RDWR | unix.O_TMPFILE}, false},
		{"open to read", "openat", [6]uint64{2: unix.O_RDONLY}, false},
		{"open to write", "open", [6]uint64{1: unix.O_WRONLY | unix.O_TRUNC}, false},
		{"an ordinary mode", "fchmodat", [6]uint64{2: 0o755}, true},
		{"setuid", "chmod", [6]uint64{1: 0o4755}, false},
		{"setgid without execution is a lock", "fchmod", [6]uint64{1: 0o2644}, true},
		{"setgid", "fchmod", [6]uint64{1: upper | 0o2755}, false},
		{"a copy to a high descriptor", "dup2", [6]uint64{3, 10}, true},
		{"standard output", "dup2", [6]uint64{3, upper | 1}, false},
		{"a local socket", "socket", [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM}, true},
		{"netlink", "socket", [6]uint64{unix.AF_NETLINK, unix.SOCK_RAW}, true},
		{"IPv6 streams", "socket", [6]uint64{unix.AF_INET6, unix.SOCK_STREAM | unix.SOCK_CLOEXEC}, true},
		{"IPv6 by hand", "socket", [6]uint64{upper | unix.AF_INET6, unix.SOCK_RAW}, false},
		{"packets", "socket", [6]uint64{unix.AF_PACKET, unix.SOCK_RAW}, false},
		{"a thread", "clone", [6]uint64{unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD}, true},
		{"a namespace", "clone", [6]uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}, false},
		{"a mount's propagation", "mount", [6]uint64{3: unix.MS_PRIVATE | unix.MS_REC}, true},
		{"a mount", "mount", [6]uint64{3: unix.MS_BIND}, false},
		{"a tracee goes on", "ptrace", [6]uint64{unix.PTRACE_CONT}, true},
		{"a tracee's memory is written", "ptrace", [6]uint64{unix.PTRACE_POKEDATA}, false},
		{"a BPF map", "bpf", [6]uint64{unix.BPF_MAP_CREATE}, true},
		{"a BPF program", "bpf", [6]uint64{unix.BPF_PROG_LOAD}, false},
		{"a name that is asked for", "prctl", [6]uint64{unix.PR_GET_NAME}, true},
		{"a name that is set", "prctl", [6]uint64{unix.PR_SET_NAME}, false},
	}
	all := numbers(t, "unistd_64.h")
	for _, by := range []Stops{ByTrace, ByNotice} {
		prog, _, err := Compile(needs, by)
		require.NoError(t, err)
		for _, tt := range tests {
			t.Run(fmt.Sprint(tt.name, " ", by), func(t *testing.T) {
				got := run(t, prog, data{nr: all[tt.call], arch: unix.AUDIT_ARCH_X86_64, args: tt.args})
				if (got == unix.SECCOMP_RET_ALLOW) != tt.through {
					t.Errorf("%s with %#x: got action %#x, want let through %v", tt.call, tt.args, got, tt.through)
				}
			})
		}
	}
}

// Who is notified must see how processes begin, whatever the rules ask for of these calls.
func TestWhoIsNotifiedSeesProcessesBegin(t *testing.T) {
	needs := matching("clone", "ptrace")
	never := []event.Clause{{All: []event.Condition{{Arg: 0, Mask: 1<<32 - 1, Value: 99}}}}
	for _, row := range []string{"clone", "ptrace"} {
		needs.Rows[event.Lookup(row)].Only = never
	}
	tests := []struct {
		call string
		args [6]uint64
		want bool // by notice; traced, they are told of otherwise
	}{
		{"fork", [6]uint64{}, true},
		{"clone", [6]uint64{uint64(unix.SIGCHLD)}, true},
		{"clone", [6]uint64{unix.CLONE_VM | unix.CLONE_SIGHAND | unix.CLONE_THREAD}, false},
		{"clone3", [6]uint64{}, true},
		{"execve", [6]uint64{}, true},
		{"rt_sigaction", [6]uint64{uint64(unix.SIGCHLD), 0x1000}, true},
		{"rt_sigaction", [6]uint64{uint64(unix.SIGCHLD), 1 << 32}, true},
		{"rt_sigaction", [6]uint64{uint64(unix.SIGCHLD)}, false},
		{"rt_sigaction", [6]uint64{uint64(unix.SIGSEGV), 0x1000}, false},
		{"rt_sigaction", [6]uint64{1<<32 | uint64(unix.SIGPIPE), 0x1000}, false},
		{"ptrace", [6]uint64{unix.PTRACE_ATTACH}, true},
		{"ptrace", [6]uint64{unix.PTRACE_CONT}, false},
	}
	all := numbers(t, "unistd_64.h")
	for _, by := range []Stops{ByTrace, ByNotice} {
		prog, _, err := Compile(needs, by)
		require.NoError(t, err)
		for _, tt := range tests {
			got := run(t, prog, data{nr: all[tt.call], arch: unix.AUDIT_ARCH_X86_64, args: tt.args}) != unix.SECCOMP_RET_ALLOW
			if want := tt.want && by == ByNotice; got != want {
				t.Errorf("%s with %#x, way %d: got stopped %v, want %v", tt.call, tt.args, by, got, want)
			}
		}
	}
}

// Where the kernel would not take the tests of all rows, those stop on any call that most would have to be tested of.
func TestWithoutRoomForTestsAllCallsStop(t *testing.T) {
	needs := everyRow()
	clause := event.Clause{All: []event.Condition{{Arg: 0, Mask: 1<<32 - 1, Value: 7}, {Arg: 1, Mask: 1<<32 - 1, Value: 7}}}
	for row := range needs.Rows {
		needs.Rows[row].Only = []event.Clause{clause}
	}
	long, short := event.Lookup("fcntl"), event.Lookup("kill")
	for range 30 {
		needs.Rows[long].Only = append(needs.Rows[long].Only, clause)
	}
	prog, gaps, err := Compile(needs, ByTrace)
	require.NoError(t, err)
	require.LessOrEqual(t, len(prog)/instruction, MaxInstructions)
	require.Contains(t, gaps.Whole, "fcntl")
	require.NotContains(t, gaps.Whole, "kill")
	all := numbers(t, "unistd_64.h")
	for name, want := range map[string]string{"fcntl": fmt.Sprint("trace ", long), "kill": "allow"} {
		if got := action(run(t, prog, data{nr: all[name], arch: unix.AUDIT_ARCH_X86_64})); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	got := action(run(t, prog, data{nr: all["kill"], arch: unix.AUDIT_ARCH_X86_64, args: [6]uint64{7, 7}}))
	if want := fmt.Sprint("trace ", short); got != want {
		t.Errorf("kill with what is asked for: got %s, want %s", got, want)
	}
}
