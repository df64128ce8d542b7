package event

import (
	"testing"
)

func fullState() State {
	var s State
	for i, n := range s.numbers() {
		*n = int64(i+1) << 33
	}
	s.LoginUID = -1
	return s
}

func TestStateRoundTrip(t *testing.T) {
	want := fullState()
	var got State
	got.Update(want.Append(nil, true))
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStateWithoutTheImageKeepsTheOldImage(t *testing.T) {
	next := fullState()
	got := State{ExeIno: 1, ExeMtime: 2, ExeCtime: 3, Flags: ExeFromMemfd}
	got.Update(next.Append(nil, false))
	want := next
	want.ExeIno, want.ExeMtime, want.ExeCtime, want.Flags = 1, 2, 3, ExeFromMemfd
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStateReadsWhatThereIs(t *testing.T) {
	next := fullState()
	whole := next.Append(nil, true)
	for n := range len(whole) {
		got := State{}
		got.Update(whole[:n])
		filled := 0
		for i, number := range got.numbers() {
			if *number == *next.numbers()[i] {
				filled++
			}
		}
		if filled != n/8 {
			t.Fatalf("%d bytes: got %d numbers, want %d", n, filled, n/8)
		}
	}
}

func TestSetArgs(t *testing.T) {
	tests := []struct {
		name, argv, exe, args, cmdline string
		count, bytes                   int
	}{
		{"no arguments at all", "", "", "", "ls", 0, 0},
		{"only the name", "ls\x00", "ls", "", "ls", 0, 0},
		{"two arguments", "/bin/ls\x00-l\x00/tmp\x00", "/bin/ls", "-l /tmp", "ls -l /tmp", 2, 6},
		{"no NUL at the end", "ls\x00-l", "ls", "-l", "ls -l", 1, 2},
		{"an argument with a blank", "sh\x00-c\x00echo hi\x00", "sh", "-c echo hi", "ls -c echo hi", 2, 9},
		{"an empty argument in the middle", "a\x00\x00b\x00", "a", " b", "ls  b", 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Process{Name: "ls"}
			p.SetArgs([]byte(tt.argv))
			if p.Exe != tt.exe || p.Args != tt.args || p.Cmdline != tt.cmdline {
				t.Errorf("got %q, %q, %q, want %q, %q, %q", p.Exe, p.Args, p.Cmdline, tt.exe, tt.args, tt.cmdline)
			}
			if p.ArgCount != tt.count || p.ArgBytes != tt.bytes {
				t.Errorf("got %d arguments of %d bytes, want %d of %d", p.ArgCount, p.ArgBytes, tt.count, tt.bytes)
			}
		})
	}
}

func TestSetNameKeepsTheArguments(t *testing.T) {
	p := Process{Name: "sh"}
	p.SetArgs([]byte("sh\x00-c\x00x\x00"))
	p.SetName("worker")
	if want := "worker -c x"; p.Cmdline != want {
		t.Errorf("got %q, want %q", p.Cmdline, want)
	}
}

// family is init (1), a shell (10) that leads session 10, and cat (11) in its own group.
func family() *Process {
	top := &Process{State: State{PID: 1, SID: 1, PGID: 1, InitStart: at - 1000}, Env: "TERM=linux\x00", Name: "init", Exe: "/sbin/init", ExePath: "/usr/lib/init"}
	shell := &Process{State: State{PID: 10, PPID: 1, SID: 10, PGID: 10, VPID: 3}, Name: "bash", Exe: "-bash", ExePath: "/bin/bash", Parent: top}
	shell.Cmdline, shell.Env = "bash", "LANG=C\x00HOME=/home/ann\x00"
	p := &Process{
		State: State{PID: 11, PPID: 10, VPID: 4, SID: 10, PGID: 11, VPGID: 4, TTY: 34816, UID: 1000, EUID: 0, GID: 100, EGID: 0, LoginUID: 1000,
			CapEffective: 1<<21 | 1, CapPermitted: 1 << 40, Start: at - 5, ExeIno: 99, ExeCtime: at - 8, ExeMtime: at - 9, Flags: ExeWritable | ExeFromMemfd},
		Name: "cat", ExePath: "/usr/bin/cat", Env: "HOME=/root\x00EMPTY=\x00PATH=/bin:/usr/bin\x00", Cwd: "/srv",
		Cgroup: "0::/user.slice", Container: Container{ID: NoContainer}, Parent: shell,
		User: Account{"root", "/root", "/bin/sh"}, Group: Account{Name: "wheel"}, Login: Account{Name: "ann"},
	}
	p.SetArgs([]byte("cat\x00-n\x00/etc/hosts\x00"))
	return p
}

func TestLeaders(t *testing.T) {
	p := family()
	if got := p.Session(); got.PID != 10 {
		t.Errorf("session: got %d, want 10", got.PID)
	}
	if got := p.JobLeader(); got != p {
		t.Errorf("job: got %d, want 11", got.PID)
	}
	p.PGID = 7 // its leader has ended, and nobody else is in the group
	if got := p.JobLeader(); got != p {
		t.Errorf("job without a leader: got %d, want 11", got.PID)
	}
	p.SID, p.Parent.SID = 9, 9 // the same for a session of two
	if got := p.Session(); got != p.Parent {
		t.Errorf("session without a leader: got %d, want the oldest, 10", got.PID)
	}
}

func TestAncestors(t *testing.T) {
	p := family()
	for n, want := range []int64{11, 10, 1} {
		if got := p.Ancestor(n); got == nil || got.PID != want {
			t.Errorf("ancestor %d: got %v, want %d", n, got, want)
		}
	}
	if got := p.Ancestor(3); got != nil {
		t.Errorf("ancestor 3: got %v, want none", got)
	}
}

func TestImageOfWhatTheKernelNames(t *testing.T) {
	for link, want := range map[string]string{
		"/usr/bin/cat": "/usr/bin/cat", "/tmp/x (deleted)": "/tmp/x", "/memfd:deed (deleted)": "memfd:deed", "": "",
	} {
		var p Process
		if p.SetImage(link); p.ExePath != want {
			t.Errorf("%q: got %q, want %q", link, p.ExePath, want)
		}
	}
}

func TestControlGroupByItsController(t *testing.T) {
	for name, tt := range map[string]struct{ groups, key, want string }{
		"a hierarchy of its own":   {"4:cpu,cpuacct:/a\n0::/b\n", "cpuacct", "/a"},
		"the one that all share":   {"4:cpu,cpuacct:/a\n0::/b\n", "memory", "/b"},
		"a part of a name is none": {"4:cpuset:/a\n", "cpu", absent},
		"no group at all":          {"", "cpu", absent},
	} {
		p := family()
		p.Cgroup = tt.groups
		var v View
		v.Begin(record("openat"), p, Whole)
		if got := read(t, &v, "thread.cgroup."+tt.key); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
