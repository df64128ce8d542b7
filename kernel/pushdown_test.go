package kernel

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/rules"
)

// conditions are of rules that can be decided of a call before its event is
// written: by its numbers, its result and its path, and by several of them.
var conditions = []string{
	"evt.type = openat and fd.name = /etc/hostname",
	"evt.type = openat and fd.name startswith /etc/",
	"evt.type = openat and fd.filename = marked",
	"evt.type = openat and evt.is_open_write = true",
	"evt.type = openat and evt.is_open_create = true and fd.filename = marked",
	"evt.type = openat and evt.failed = true",
	"evt.type = openat and fd.name startswith /etc/ and evt.failed = false",
	"evt.type = openat and (fd.name startswith /proc/ or evt.is_open_write = true)",
	"evt.type = openat and not fd.name startswith /etc/",
	"evt.type = unlinkat and fs.path.name endswith /marked",
	"evt.type = socket and evt.rawarg.domain = 16",
	"evt.type = socket and evt.res = SUCCESS",
	"evt.type in (openat, socket, unlinkat, fchmod)",
	"evt.type = fchmod and evt.arg.mode contains S_ISUID",
}

// The programs let those calls pass that the reference says a rule may match, and no others.
func TestThoseCallsPassThatMayMatch(t *testing.T) {
	folder := t.TempDir()
	for _, condition := range conditions {
		t.Run(condition, func(t *testing.T) {
			needs := needsOf(t, condition)
			filtered := newWatch(t, needs)
			all := newWatch(t, without(needs))
			s := start(t, "files", folder)
			s.end()
			var want []string
			for _, ev := range all.await(t, s.pid) {
				if needs.Rows[ev.RowIndex()].MayMatch(ev) {
					want = append(want, shown(ev))
				}
			}
			var got []string
			for _, ev := range filtered.await(t, s.pid) {
				got = append(got, shown(ev))
			}
			require.NotEmpty(t, want)
			require.Equal(t, want, got)
		})
	}
}

// needsOf returns what a rule asks of calls, as far as the programs can tell: not of processes, of which everything is told.
func needsOf(t *testing.T, condition string) *event.Needs {
	t.Helper()
	text := fmt.Sprintf("- rule: R\n  desc: d\n  condition: %q\n  output: out\n  priority: info\n", condition)
	compiled, problems := rules.Compile([]rules.File{{Name: "test.yaml", Data: []byte(text)}})
	require.NotNil(t, compiled, "%v", problems)
	needs := *compiled.Needs()
	for i := range needs.Rows {
		needs.Rows[i].State = false
		if paths := needs.Rows[i].Paths; paths != nil {
			paths.Written = true // as the programs complete none
		}
	}
	return &needs
}

// without returns the needs without what can be decided early.
func without(needs *event.Needs) *event.Needs {
	all := *needs
	for i := range all.Rows {
		all.Rows[i].Only = nil
	}
	return &all
}

func shown(ev event.Event) string {
	path, _ := ev.Bytes(1)
	ret, _ := ev.Ret()
	return fmt.Sprintf("%s %x %q = %d", ev.Row().Name, ev.Arg(2), path, ret)
}

// useFiles opens files in many ways, and makes other calls with various numbers.
func useFiles(folder string) {
	must(os.Chdir(folder))
	marked := folder + "/marked"
	for _, path := range []string{marked, "unmarked", folder + "/.hidden", "./marked"} {
		fd := get(unix.Openat(unix.AT_FDCWD, path, unix.O_RDWR|unix.O_CREAT, 0o600))
		must(unix.Fchmod(fd, 0o4700))
		must(unix.Fchmod(fd, 0o600))
		must(unix.Close(fd))
	}
	for _, path := range []string{
		"/etc/hostname", "/etc/../etc/hostname", "//etc/hostname", "/etc/passwd", "/etcetera", "/etc", "/", "marked", marked + "/",
		folder + "/unmarked", "/proc/self/status", "/proc/self/../self/stat", "", "/etc/no-such-file", "/" + strings.Repeat("x/", 2500),
	} {
		for _, flags := range []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR | unix.O_APPEND, unix.O_DIRECTORY, unix.O_PATH} {
			if fd, err := unix.Openat(unix.AT_FDCWD, path, flags|unix.O_CLOEXEC, 0); err == nil {
				must(unix.Close(fd))
			}
		}
	}
	must(unix.Unlinkat(unix.AT_FDCWD, marked, 0))
	must(unix.Unlinkat(unix.AT_FDCWD, "unmarked", 0))
	for _, domain := range []int{unix.AF_UNIX, unix.AF_INET, unix.AF_NETLINK, 99} {
		_, _ = unix.Socket(domain, unix.SOCK_DGRAM, 0) // the last one is refused
	}
}
