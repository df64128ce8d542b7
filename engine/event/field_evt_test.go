package event

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFieldsOfResults(t *testing.T) {
	checkFields(t, nil, []fieldTest{
		{"a result is unknown before the event", "evt.res", RowOnly, record("openat"), unknown},
		{"a result is unknown at the entry", "evt.res", AtEntry, record("openat"), unknown},
		{"a result that never came is absent", "evt.res", Whole, record("openat"), absent},
		{"a call that does not return has none, as its row tells", "evt.res", RowOnly, record("exit_group"), absent},
		{"success", "evt.res", Whole, record("openat", ret(3)), "SUCCESS"},
		{"an error by its name", "evt.res", Whole, record("openat", ret(-2)), "ENOENT"},
		{"an error without a name", "evt.res", Whole, record("openat", ret(-4000)), "-4000"},
		{"a large address is no error", "evt.res", Whole, record("mmap", ret(-5000)), "SUCCESS"},
		{"the number", "evt.rawres", Whole, record("openat", ret(-13)), "-13"},
		{"the number is unknown at the entry", "evt.rawres", AtEntry, record("openat"), unknown},
		{"failed", "evt.failed", Whole, record("openat", ret(-13)), "true"},
		{"not failed", "evt.failed", Whole, record("openat", ret(0)), "false"},
		{"perhaps failed", "evt.failed", AtEntry, record("openat"), unknown},
		{"the result as an argument", "evt.arg.res", Whole, record("setuid", ret(-1)), "EPERM"},
		{"the result as a raw argument", "evt.rawarg.res", Whole, record("setuid", ret(-1)), "-1"},
		{"the descriptor as an argument", "evt.arg.fd", Whole, record("openat", part(1, "/x"), ret(7)), "<f>/x"},
		{"the descriptor as an argument at the entry", "evt.arg.fd", AtEntry, record("openat"), unknown},
	})
}

func TestFieldsOfTheCall(t *testing.T) {
	checkFields(t, nil, []fieldTest{
		{"the name is known of the row", "evt.type", RowOnly, record("openat"), "openat"},
		{"the call's name", "syscall.type", RowOnly, record("openat"), "openat"},
		{"what is no call has no call's name", "syscall.type", RowOnly, record("procexit"), absent},
		{"but a name", "evt.type", RowOnly, record("procexit"), "procexit"},
		{"the category", "evt.category", RowOnly, record("setuid"), "user"},
		{"the direction", "evt.dir", RowOnly, record("openat"), "<"},
		{"the source", "evt.source", RowOnly, record("openat"), "syscall"},
		{"the time of a row", "evt.rawtime", RowOnly, record("openat"), unknown},
		{"the time", "evt.rawtime", AtEntry, record("openat"), "1000000000000000000"},
		{"the time as ISO 8601", "evt.time.iso8601", AtEntry, record("openat"), "2001-09-09T01:46:40.000000000+0000"},
		{"the time of day", "evt.time", Whole, record("openat"), time.Unix(0, at).Format("15:04:05.000000000")},
		{"the date", "evt.datetime.s", Whole, record("openat"), time.Unix(0, at).Format("2006-01-02 15:04:05")},
		{"the thread", "thread.tid", AtEntry, record("openat"), "11"},
		{"the first thread", "thread.ismain", AtEntry, record("openat"), "true"},
	})
}

func TestFieldsOfOpenFlags(t *testing.T) {
	open := func(flags uint64, more ...edit) Event {
		return record("openat", append([]edit{arg(2, flags), part(1, "/x")}, more...)...)
	}
	checkFields(t, nil, []fieldTest{
		{"flags are unknown before the event", "evt.is_open_read", RowOnly, open(0), unknown},
		{"what is no open is no open for reading, as its row tells", "evt.is_open_read", RowOnly, record("setuid"), "false"},
		{"no flags are for reading", "evt.is_open_read", AtEntry, open(0), "true"},
		{"and not for writing", "evt.is_open_write", AtEntry, open(0), "false"},
		{"for writing only", "evt.is_open_read", AtEntry, open(unix.O_WRONLY), "false"},
		{"for both, read", "evt.is_open_read", AtEntry, open(unix.O_RDWR), "true"},
		{"for both, write", "evt.is_open_write", AtEntry, open(unix.O_RDWR), "true"},
		{"a path descriptor reads nothing", "evt.is_open_read", AtEntry, open(unix.O_PATH), "false"},
		{"creating", "evt.is_open_create", AtEntry, open(unix.O_CREAT), "true"},
		{"creat is for writing, as its row tells", "evt.is_open_write", RowOnly, record("creat"), "true"},
		{"creat creates", "evt.is_open_create", RowOnly, record("creat"), "true"},
		{"an executable", "evt.is_open_exec", AtEntry, open(unix.O_CREAT, arg(3, 0o755)), "true"},
		{"no executable", "evt.is_open_exec", AtEntry, open(unix.O_CREAT, arg(3, 0o644)), "false"},
		{"a mode without creation does nothing", "evt.is_open_exec", AtEntry, open(0, arg(3, 0o755)), "false"},
		{"openat2 has its flags in memory", "evt.is_open_write", AtEntry, record("openat2", wordPart(4, unix.O_WRONLY)), "true"},
		{"flags that could not be read", "evt.is_open_write", AtEntry, record("openat2", lost(4)), "false"},
		{"open_by_handle_at opens, too", "evt.is_open_write", AtEntry, record("open_by_handle_at", arg(2, unix.O_RDWR)), "true"},
	})
}

func TestFieldsOfArguments(t *testing.T) {
	connect := record("connect", arg(0, 3), part(1, ip("192.0.2.7:443")))
	exec := record("execve", part(0, "/bin/sh"), part(1, "sh\x00-c\x00id\x00"))
	checkFields(t, nil, []fieldTest{
		{"an argument is unknown before the event", "evt.arg.flags", RowOnly, record("openat"), unknown},
		{"an argument that the row has not", "evt.arg.flags", RowOnly, record("setuid"), absent},
		{"flags by their names", "evt.arg.flags", AtEntry, record("openat", arg(2, 1)), "O_WRONLY"},
		{"flags in brackets", "evt.arg[flags]", AtEntry, record("openat", arg(2, 1)), "O_WRONLY"},
		{"flags as a number", "evt.rawarg.flags", AtEntry, record("openat", arg(2, 0x41)), "6"},
		{"an argument by its position", "evt.arg[1]", AtEntry, record("setuid", arg(0, 33)), "33"},
		{"a position that there is not", "evt.arg[3]", AtEntry, record("setuid"), absent},
		{"a path as it was given", "evt.arg.name", AtEntry, record("openat", part(1, "/../x")), "/../x"},
		{"a raw path is as it was given", "evt.rawarg.name", AtEntry, record("openat", part(1, "../x")), "../x"},
		{"a path that could not be read", "evt.arg.name", AtEntry, record("openat", lost(1)), absent},
		{"a word of a struct", "evt.arg.mode", AtEntry, record("openat2", wordPart(4, unix.O_CREAT), wordPart(5, 0o400)), "0400"},
		{"a word that could not be read", "evt.rawarg.mode", AtEntry, record("openat2", wordPart(4, unix.O_CREAT), lost(5)), absent},
		{"an address", "evt.arg.addr", AtEntry, connect, "192.0.2.7:443"},
		{"an address that is none", "evt.arg.addr", AtEntry, record("connect", part(1, "\x02")), absent},
		{"an argument list", "evt.arg.argv", AtEntry, exec, "sh -c id"},
		{"a negative number", "evt.rawarg.fd", AtEntry, record("close", arg(0, 1<<32-1)), "-1"},
		{"a directory's name", "evt.arg.dirfd", AtEntry, record("openat", arg(0, 0xffffff9c)), "AT_FDCWD"},
		{"all arguments", "evt.args", Whole, record("setuid", arg(0, 33), ret(-1)), "res=-1(EPERM) uid=33"},
		{"all arguments of an address", "evt.args", Whole, record("connect", arg(0, 3), lost(1), ret(0)), "res=0 tuple=NULL fd=3 addr=<NA>"},
		{"all arguments may not be there yet", "evt.args", AtEntry, record("setuid", arg(0, 33)), unknown},
	})
}

func TestFieldsOfTheRun(t *testing.T) {
	v := View{Number: 7, Started: at - 1500, Host: "box"}
	v.Begin(record("openat"), nil, Whole)
	for name, want := range map[string]string{"evt.num": "7", "evt.reltime": "1500", "evt.hostname": "box"} {
		if got := read(t, &v, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestCallsThatAreToldByNameAreRows(t *testing.T) {
	for _, name := range slices.Concat(readers, writers, waiters) {
		if row := Lookup(name); row < 0 || Table[row].Name != name {
			t.Errorf("%s: got no row of the name, want one", name)
		}
	}
}
