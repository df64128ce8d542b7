package event

import (
	"strings"
	"testing"
)

// processFieldNames are those whose values are of the process or its ancestors.
func processFieldNames() (names []string) {
	for i := range Fields {
		name := Fields[i].Name
		for _, prefix := range []string{"proc.", "user.", "group.", "container.", "thread.cap", "thread.cgroups"} {
			if strings.HasPrefix(name, prefix) && Fields[i].Why() == "" {
				names = append(names, name)
			}
		}
	}
	return names
}

func TestFieldsOfProcessesAreUnknownWithoutOne(t *testing.T) {
	var v View
	ev := record("execve", part(0, "/bin/sh"))
	for _, name := range processFieldNames() {
		v.BeginRow(ev.RowIndex())
		if got := read(t, &v, name); got != unknown {
			t.Errorf("%s of a row: got %q, want %q", name, got, unknown)
		}
		v.Begin(ev, nil, AtEntry)
		if got := read(t, &v, name); got != unknown {
			t.Errorf("%s at the entry: got %q, want %q", name, got, unknown)
		}
		v.Begin(ev, nil, Whole)
		if got := read(t, &v, name); got != absent {
			t.Errorf("%s of the whole event: got %q, want %q", name, got, absent)
		}
	}
}

func TestFieldsOfProcesses(t *testing.T) {
	ev := record("execve", part(0, "/bin/cat"), part(FactStdio, "file /dev/null\x00pipe pipe:[7]\x00\x00"), ret(0))
	var v View
	v.Begin(ev, family(), Whole)
	for name, want := range map[string]string{
		"proc.name": "cat", "proc.pname": "bash", "proc.aname": "bash init", "proc.aexepath": "/bin/bash /usr/lib/init", "proc.apid": "11", "proc.apid[1]": "10", "proc.aname[0]": "cat", "proc.aname[2]": "init", "proc.aname[3]": absent,
		"proc.exe": "cat", "proc.pexe": "-bash", "proc.aexe[2]": "/sbin/init", "proc.exepath": "/usr/bin/cat", "proc.pexepath": "/bin/bash",
		"proc.aexepath[2]": "/usr/lib/init", "proc.args": "-n /etc/hosts", "proc.cmdline": "cat -n /etc/hosts", "proc.pcmdline": "bash",
		"proc.acmdline[1]": "bash", "proc.acmdline[2]": absent, "proc.exeline": "cat -n /etc/hosts", "proc.cmdnargs": "2", "proc.cmdlenargs": "12",
		"proc.env": "HOME=/root EMPTY= PATH=/bin:/usr/bin", "proc.env[HOME]": "/root", "proc.env[EMPTY]": "", "proc.env[HOM]": absent,
		"proc.cwd": "/srv/", "proc.tty": "34816", "proc.pid": "11", "proc.ppid": "10", "proc.apid[2]": "1", "proc.vpid": "4", "proc.pvpid": "3",
		"proc.sid": "10", "proc.sname": "bash", "proc.sid.exe": "-bash", "proc.sid.exepath": "/bin/bash",
		"proc.pgid": "11", "proc.pgid.name": "cat", "proc.pgid.exe": "cat", "proc.pgid.exepath": "/usr/bin/cat", "proc.vpgid": "4",
		"proc.is_sid_leader": "false", "proc.is_pgid_leader": "true", "proc.is_vpgid_leader": "true",
		"proc.is_exe_writable": "true", "proc.is_exe_upper_layer": "false", "proc.is_exe_lower_layer": "false", "proc.is_exe_from_memfd": "true",
		"proc.exe_ino": "99", "proc.exe_ino.ctime": "999999999999999992", "proc.exe_ino.mtime": "999999999999999991",
		"proc.exe_ino.ctime_duration_proc_start": "3",
		"proc.args[0]":                           "-n", "proc.args[1]": "/etc/hosts", "proc.args[2]": absent, "proc.aargs[0]": "-n /etc/hosts", "proc.aargs[1]": absent,
		"proc.aenv[1]": "LANG=C HOME=/home/ann", "proc.aenv[HOME]": "/home/ann", "proc.aenv[TERM]": "linux", "proc.aenv[NONE]": absent,
		"proc.loginshellid": "10", "proc.pidns_init_start_ts": "999999999999999000", "proc.exe_ino.ctime_duration_pidns_start": "992",
		"thread.cgroup.memory": "/user.slice", "proc.ppid.ts": absent, "proc.pid.ts": "999999999999999995", "proc.duration": "5", "proc.ppid.duration": absent,
		"proc.stdin.name": "/dev/null", "proc.stdin.type": "file", "proc.stdout.type": "pipe", "proc.stderr.name": absent, "proc.stderr.type": absent,
		"thread.cap_effective": "CAP_CHOWN CAP_SYS_ADMIN", "thread.cap_permitted": "CAP_CHECKPOINT_RESTORE", "thread.cap_inheritable": "",
		"thread.cgroups": "=/user.slice", "user.uid": "0", "user.name": "root", "user.homedir": "/root", "user.shell": "/bin/sh",
		"user.loginuid": "1000", "user.loginname": "ann", "group.gid": "0", "group.name": "wheel", "container.id": "host",
		"evt.arg.flags": "EXE_WRITABLE|EXE_FROM_MEMFD", "evt.arg.exe": "cat", "evt.arg.args": "-n /etc/hosts", "evt.arg.uid": "0",
	} {
		if got := read(t, &v, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestAncestorsAreTriedOneByOne(t *testing.T) {
	var v View
	v.Begin(record("execve"), family(), Whole)
	tests := []struct {
		name, field, want string
		status            Status
	}{
		{"the parent", "proc.aname", "bash", Known},
		{"the oldest", "proc.aname", "init", Known},
		{"the process is not its own ancestor", "proc.aname", "cat", Absent},
		{"with a number, that one", "proc.aname[2]", "init", Known},
		{"with a number, no other", "proc.aname[2]", "bash", Absent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, a := field(t, tt.field)
			got := f.Any(&v, a, func(val Value) bool { return val.Text == tt.want })
			if got != tt.status {
				t.Errorf("got %v, want %v", got, tt.status)
			}
		})
	}
}

func TestWorkingDirectoryOfTheEventComesFirst(t *testing.T) {
	for dir, want := range map[string]string{"/": "/", "/var/log": "/var/log/"} {
		var v View
		v.Begin(record("chdir", part(FactCwd, dir)), family(), Whole)
		if got := read(t, &v, "proc.cwd"); got != want {
			t.Errorf("%s: got %q, want %q", dir, got, want)
		}
	}
}

func TestValuesOfOneEventDoNotDisturbOneAnother(t *testing.T) {
	var v View
	v.Begin(record("openat", part(1, "a/../b"), part(Base+1, "/srv"), ret(3)), family(), Whole)
	f, a := field(t, "fd.name")
	first := f.Get(&v, a)
	for i := range Fields {
		for _, key := range keys {
			Fields[i].Get(&v, NewArg(key))
		}
	}
	if first.Text != "/srv/b" {
		t.Errorf("got %q after all others were read, want /srv/b", first.Text)
	}
}
