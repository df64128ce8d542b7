package tracer

import (
	"maps"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// needing returns needs of the row with all that the fields ask for.
func needing(t *testing.T, row string, fields ...string) *event.Needs {
	t.Helper()
	n := watching(row)
	var match [len(event.Table)]bool
	match[event.Lookup(row)] = true
	for _, name := range fields {
		f, _, ok := event.LookupField(name)
		require.True(t, ok, name)
		n.AddField(f, event.NewArg(""), &match)
	}
	return n
}

// valueOf reads a field of the whole event as text.
func valueOf(t *testing.T, ev event.Event, name, arg string) string {
	t.Helper()
	f, _, ok := event.LookupField(name)
	require.True(t, ok, name)
	var v event.View
	v.Begin(ev, nil, event.Whole)
	return string(f.Type.AppendText(nil, f.Get(&v, event.NewArg(arg))))
}

// passwdOpened is the event of a cat that opens the file, with what the fields need.
func passwdOpened(t *testing.T, fields ...string) event.Event {
	t.Helper()
	_, events, err := run(t, needing(t, "openat", fields...), verdict(event.Watch), "sh", "-c", "ulimit -n 77; exec 7</dev/null; exec cat /etc/passwd >/dev/null")
	require.NoError(t, err)
	for _, ev := range rows(events, "openat") {
		if valueOf(t, ev, "fd.name", "") == "/etc/passwd" {
			return ev
		}
	}
	t.Fatal("got no openat of /etc/passwd, want one")
	return nil
}

func TestFactsOfAnOpenedFile(t *testing.T) {
	ev := passwdOpened(t, "fd.ino", "fd.types", "proc.fdlimit", "proc.vmsize")
	var file unix.Stat_t
	require.NoError(t, unix.Stat("/etc/passwd", &file))
	for _, tt := range []struct{ name, arg, want string }{
		{"fd.ino", "", strconv.FormatUint(file.Ino, 10)},
		{"fd.dev", "", strconv.FormatUint(file.Dev, 10)},
		{"fd.dev.major", "", strconv.Itoa(int(unix.Major(file.Dev)))},
		{"fd.dev.minor", "", strconv.Itoa(int(unix.Minor(file.Dev)))},
		{"fd.types", "7", "file"},
		{"fd.types", "76", "<NA>"},
		{"proc.fdlimit", "", "77"},
		{"proc.nthreads", "", "1"},
		{"proc.nchilds", "", "0"},
	} {
		if got := valueOf(t, ev, tt.name, tt.arg); got != tt.want {
			t.Errorf("%s[%s]: got %s, want %s", tt.name, tt.arg, got, tt.want)
		}
	}
	for _, name := range []string{"proc.vmsize", "proc.vmrss", "thread.vmsize.b", "thread.pfminor", "thread.vtid", "proc.fdopencount"} {
		if n, err := strconv.Atoi(valueOf(t, ev, name, "")); err != nil || n < 1 {
			t.Errorf("%s: got %d (%v), want more than 0", name, n, err)
		}
	}
}

func TestFactsThatNoRuleAsksForAreNotRead(t *testing.T) {
	ev := passwdOpened(t, "fd.name")
	for _, p := range []event.Part{event.FactUsage, event.FactLimits, event.FactInode, event.FactDescriptors, event.FactSpaces, event.FactFolder} {
		if ev.Has(p) {
			t.Errorf("part %d: got one, want none", p)
		}
	}
}

func TestAFolderIsToldFromAFile(t *testing.T) {
	_, events, err := run(t, needing(t, "fsync", "fd.type"), verdict(event.Watch), "sync", "/", "/etc/passwd")
	require.NoError(t, err)
	got := map[string]string{}
	for _, ev := range rows(events, "fsync") {
		name, _ := ev.Bytes(event.FactObject)
		got[string(name)] = valueOf(t, ev, "fd.type", "")
	}
	if want := map[string]string{"/": "directory", "/etc/passwd": "file"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
