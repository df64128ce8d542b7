package seccomp

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	lib "github.com/seccomp/libseccomp-golang"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// entries are the ways into an x86 kernel, with the header that has their numbers.
var entries = []struct {
	name   string
	arch   uint32
	header string
}{
	{"x86_64", unix.AUDIT_ARCH_X86_64, "unistd_64.h"},
	{"i386", unix.AUDIT_ARCH_I386, "unistd_32.h"},
}

// x32 is the bit that marks a call by the x32 entry.
const x32 = 0x4000_0000

// subcalls are the calls behind i386's socketcall(2), linux/net.h.
var subcalls = map[string]uint64{
	"socket": 1, "bind": 2, "connect": 3, "listen": 4, "accept": 5, "socketpair": 8, "sendto": 11, "recvfrom": 12,
	"shutdown": 13, "setsockopt": 14, "sendmsg": 16, "recvmsg": 17, "accept4": 18, "sendmmsg": 20,
	"getsockname": 6, "getpeername": 7, "send": 9, "recv": 10, "getsockopt": 15, "recvmmsg": 19,
}

var define = regexp.MustCompile(`(?m)^#define __NR_(\w+) (\d+)$`)

// numbers returns the system calls of one of the kernel's headers.
func numbers(t *testing.T, header string) map[string]uint32 {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("needs x86_64: the numbers are of its headers")
	}
	var text []byte
	for _, dir := range []string{"/usr/include/x86_64-linux-gnu/asm/", "/usr/include/asm/"} {
		if b, err := os.ReadFile(dir + header); err == nil {
			text = b
		}
	}
	if text == nil {
		t.Skipf("needs the kernel's header asm/%s", header)
	}
	all := map[string]uint32{}
	for _, m := range define.FindAllStringSubmatch(string(text), -1) {
		n, err := strconv.ParseUint(m[2], 10, 32)
		require.NoError(t, err)
		all[m[1]] = uint32(n)
	}
	require.Greater(t, len(all), 300)
	return all
}

// matching is the needs of rules that match the rows.
func matching(rows ...string) *event.Needs {
	var n event.Needs
	for _, name := range rows {
		n.Rows[event.Lookup(name)].Match = true
	}
	return &n
}

func everyRow() *event.Needs {
	var n event.Needs
	for i := range n.Rows {
		n.Rows[i].Match = true
	}
	return &n
}

func compile(t testing.TB, needs *event.Needs) Program {
	t.Helper()
	prog, _, err := Compile(needs, ByTrace)
	require.NoError(t, err)
	return prog
}

// rowsByName has the row of each name that the kernel may know it by.
func rowsByName() map[string]int {
	rows := map[string]int{}
	for i := range event.Table {
		for _, name := range event.Table[i].Names() {
			rows[name] = i
		}
	}
	return rows
}

func TestWatchedRowsAreTracedAndNothingElse(t *testing.T) {
	prog, rows := compile(t, everyRow()), rowsByName()
	for _, entry := range entries {
		t.Run(entry.name, func(t *testing.T) {
			traced := map[int]bool{}
			for name, nr := range numbers(t, entry.header) {
				want := "allow"
				if row, ok := rows[name]; ok {
					want, traced[row] = fmt.Sprintf("trace %d", row), true
				}
				if got := action(run(t, prog, data{nr: nr, arch: entry.arch})); got != want {
					t.Errorf("%s (%d): got %s, want %s", name, nr, got, want)
				}
			}
			if len(traced) < 300 {
				t.Errorf("got %d rows with a number, want 300 or more", len(traced))
			}
		})
	}
}

func TestOneRowAtATime(t *testing.T) {
	rows := rowsByName()
	for _, entry := range entries {
		t.Run(entry.name, func(t *testing.T) {
			all := numbers(t, entry.header)
			for _, watched := range []string{"execve", "setuid", "fcntl", "umount2", "openat", "connect", "clone3"} {
				prog := compile(t, matching(watched))
				for name, nr := range all {
					want := "allow"
					row, ok := rows[name]
					if ok && (row == event.Lookup(watched) || entry.arch == unix.AUDIT_ARCH_I386 && listens[name] != nil) {
						want = fmt.Sprintf("trace %d", row)
					}
					if got := action(run(t, prog, data{nr: nr, arch: entry.arch})); got != want {
						t.Errorf("watching %s: %s: got %s, want %s", watched, name, got, want)
					}
				}
			}
		})
	}
}

func TestFilterOfLiterals(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("needs x86_64: the numbers are its own")
	}
	const x64, x86 = unix.AUDIT_ARCH_X86_64, unix.AUDIT_ARCH_I386
	trace := func(row string) string { return fmt.Sprintf("trace %d", event.Lookup(row)) }
	prog := compile(t, matching("execve", "setuid", "connect"))
	tests := []struct {
		name string
		data data
		want string
	}{
		{"execve", data{nr: 59, arch: x64}, trace("execve")},
		{"execve by int 0x80", data{nr: 11, arch: x86}, trace("execve")},
		{"i386's number of execve is munmap", data{nr: 11, arch: x64}, "allow"},
		{"setuid", data{nr: 105, arch: x64}, trace("setuid")},
		{"setuid of 16 bits", data{nr: 23, arch: x86}, trace("setuid")},
		{"setuid of 32 bits", data{nr: 213, arch: x86}, trace("setuid")},
		{"read", data{nr: 0, arch: x64}, "allow"},
		{"connect by its own number", data{nr: 362, arch: x86}, trace("connect")},
		{"connect by socketcall", data{nr: 102, arch: x86, args: [6]uint64{3}}, trace("connect")},
		{"bind by socketcall, which is not watched", data{nr: 102, arch: x86, args: [6]uint64{2}}, "allow"},
		{"the number of socketcall is getuid", data{nr: 102, arch: x64, args: [6]uint64{3}}, "allow"},
		{"a number that there is not", data{nr: 5000, arch: x64}, "allow"},
		{"the x32 entry", data{nr: x32 | 59, arch: x64}, "errno ENOSYS"},
		{"the x32 entry's own execve", data{nr: x32 | 520, arch: x64}, "errno ENOSYS"},
		{"the x32 entry of what is not watched", data{nr: x32, arch: x64}, "errno ENOSYS"},
		{"another architecture", data{nr: 59, arch: unix.AUDIT_ARCH_AARCH64}, "errno ENOSYS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := action(run(t, prog, tt.data)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSocketcallIsTracedByItsSubcall(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("needs x86_64: other kernels have no socketcall")
	}
	prog := compile(t, everyRow())
	byNumber := map[uint64]string{}
	for name, n := range subcalls {
		byNumber[n] = name
	}
	for n := range uint64(22) {
		want := "allow"
		if name, ok := byNumber[n]; ok {
			want = fmt.Sprintf("trace %d", event.Lookup(name))
		}
		if got := action(run(t, prog, data{nr: 102, arch: unix.AUDIT_ARCH_I386, args: [6]uint64{n}})); got != want {
			t.Errorf("subcall %d: got %s, want %s", n, got, want)
		}
	}
}

func TestX32IsNeverLetThrough(t *testing.T) {
	prog := compile(t, everyRow())
	for name, nr := range numbers(t, "unistd_64.h") {
		if got := action(run(t, prog, data{nr: nr | x32, arch: unix.AUDIT_ARCH_X86_64})); got != "errno ENOSYS" {
			t.Errorf("%s: got %s, want errno ENOSYS", name, got)
		}
	}
}

func TestPrctlIsTracedOnlyWhereItSetsTheName(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("needs x86_64: the numbers are its own")
	}
	var needs event.Needs
	prctl := event.Lookup("prctl")
	needs.Rows[prctl].State = true
	prog := compile(t, &needs)
	traced := fmt.Sprintf("trace %d", prctl)
	for option, want := range map[uint64]string{
		unix.PR_SET_NAME: traced, 0xdead_0000_0000 | unix.PR_SET_NAME: traced, // the kernel ignores the upper half
		unix.PR_GET_NAME: "allow", 0: "allow", unix.PR_SET_NAME | 1<<31: "allow",
	} {
		call := data{nr: 157, arch: unix.AUDIT_ARCH_X86_64, args: [6]uint64{option}}
		if got := action(run(t, prog, call)); got != want {
			t.Errorf("option %#x: got %s, want %s", option, got, want)
		}
	}
	if got := action(run(t, prog, data{nr: 172, arch: unix.AUDIT_ARCH_I386})); got != traced {
		t.Errorf("by i386's entry: got %s, want %s", got, traced)
	}
	needs.Rows[prctl].Match = true
	if got := action(run(t, compile(t, &needs), data{nr: 157, arch: unix.AUDIT_ARCH_X86_64})); got != traced {
		t.Errorf("a rule matches the row: got %s, want %s", got, traced)
	}
}

func TestNothingIsTracedWithoutNeeds(t *testing.T) {
	prog := compile(t, &event.Needs{})
	for name, nr := range numbers(t, "unistd_64.h") {
		if got := action(run(t, prog, data{nr: nr, arch: unix.AUDIT_ARCH_X86_64})); got != "allow" {
			t.Errorf("%s: got %s, want allow", name, got)
		}
	}
}

func TestFilterOfAllRowsFits(t *testing.T) {
	n := compile(t, everyRow()).Len()
	t.Logf("%d instructions", n)
	if n > MaxInstructions/2 {
		t.Errorf("got %d instructions, want less than half of the %d that the kernel takes", n, MaxInstructions)
	}
}

// newerCalls are rows that a libseccomp of today may not know. That of 2.5.4 lacks those behind the first three.
var newerCalls = strings.Fields(`fchmodat2 memfd_secret mount_setattr
	rseq_slice_yield uprobe uretprobe file_getattr file_setattr open_tree_attr setxattrat getxattrat listxattrat removexattrat
	lsm_list_modules lsm_get_self_attr lsm_set_self_attr listns statmount listmount mseal map_shadow_stack cachestat futex_wait futex_wake futex_requeue`)

func TestLibseccompKnowsTheRows(t *testing.T) {
	_, gaps, err := Compile(everyRow(), ByTrace)
	require.NoError(t, err)
	for _, name := range gaps.Unknown {
		if _, err := lib.GetSyscallFromName(name); err == nil {
			continue // it is a call of other kernels
		}
		if !slices.Contains(newerCalls, name) {
			t.Errorf("got %s unknown to libseccomp, want a row that it knows", name)
		}
	}
	t.Logf("unknown to this libseccomp, so never seen: %v", gaps.Unknown)
}

func BenchmarkCompile(b *testing.B) {
	needs := everyRow()
	b.ReportAllocs()
	for b.Loop() {
		compile(b, needs)
	}
}

func TestCallsWithoutANumberAreUnknown(t *testing.T) {
	for _, c := range []struct {
		name string
		want []string
	}{
		{"timerfd", []string{"timerfd"}}, // libseccomp knows of it, but no kernel ever had it
		{"openat", nil},
		{"send", nil}, // on amd64 by socketcall(2) of i386 alone
	} {
		_, gaps, err := Compile(matching(c.name), ByTrace)
		require.NoError(t, err)
		if !slices.Equal(gaps.Unknown, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, gaps.Unknown, c.want)
		}
	}
}
