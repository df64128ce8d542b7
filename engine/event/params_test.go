package event

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// falcoEvent is an event type with the names of its parameters at the exit; nil where Falco says no more than the name.
type falcoEvent struct {
	name    string
	params  []string
	generic bool
}

var (
	eventLine = regexp.MustCompile(`^([<>]) (\w+)\((.*)\)$`)
	paramName = regexp.MustCompile(`[A-Z0-9]+ \*\*(\w+)\*\*`)
)

func falcoEvents(t *testing.T) []falcoEvent {
	t.Helper()
	f, err := os.Open(filepath.Join(falcoFolder(t), "events.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []falcoEvent
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := eventLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		ev := falcoEvent{name: m[2], generic: strings.Contains(m[3], "SYSCALLID")}
		if m[1] == "<" && !ev.generic {
			for _, p := range paramName.FindAllStringSubmatch(m[3], -1) {
				ev.params = append(ev.params, p[1])
			}
		}
		all = append(all, ev)
	}
	if len(all) < 400 {
		t.Fatalf("got %d events, want 400 or more: is the pattern right?", len(all))
	}
	return all
}

func TestEveryEventTypeOfTheReferenceIsKnown(t *testing.T) {
	for _, ev := range falcoEvents(t) {
		if !IsType(ev.name) {
			t.Errorf("%s: got no event type, want one", ev.name)
		}
	}
	if IsType("no_such_call") || IsType("") {
		t.Error("got a type of no name, want none")
	}
}

func TestRowsShowTheParametersOfTheReferenceInItsOrder(t *testing.T) {
	checked := 0
	for _, ev := range falcoEvents(t) {
		row := Lookup(ev.name)
		if row < 0 || ev.params == nil || Table[row].When == Pseudo {
			continue
		}
		checked++
		var got []string
		for _, p := range paramsOf()[row].all[:paramsOf()[row].falco] {
			got = append(got, p.name)
		}
		if strings.Join(got, " ") != strings.Join(ev.params, " ") {
			t.Errorf("%s: got %v, want %v", ev.name, got, ev.params)
		}
	}
	if checked < 150 {
		t.Errorf("got %d rows with parameters, want 150 or more", checked)
	}
}

func TestCallsThatTheReferenceOnlyNamesAreOfNoCategory(t *testing.T) {
	for _, ev := range falcoEvents(t) {
		if row := Lookup(ev.name); row >= 0 && ev.generic && Table[row].Class != Other {
			t.Errorf("%s: got category %s, want other", ev.name, Table[row].Class)
		}
	}
}

func TestShownNamesAreOfSomething(t *testing.T) {
	used := map[string]bool{}
	for i := range Table {
		for _, word := range Table[i].shownNames() {
			name, key, renamed := strings.Cut(word, ":")
			if !renamed {
				key = name
			}
			if _, ok := made[key]; !ok && (renamed || Table[i].Param(name) < 0) {
				t.Errorf("%s: %s is neither an argument nor made", Table[i].Name, word)
			}
			if renamed || Table[i].Param(name) < 0 {
				used[key] = true
			}
		}
	}
	for key := range made {
		if !used[key] {
			t.Errorf("made %s: got no row that shows it, want one", key)
		}
	}
}

// image is a process as execve leaves it.
func image(flags ExeFlags) *Process {
	parent := &Process{State: State{PID: 10}, Name: "bash"}
	p := &Process{State: State{PID: 11, PPID: 10, EUID: 33, LoginUID: -1, CapEffective: 0x3f, ExeIno: 9, Flags: flags}, Name: "cat", ExePath: "/usr/bin/cat", Parent: parent}
	p.SetArgs([]byte("cat\x00-n\x00/etc/hosts\x00"))
	return p
}

func TestAllParametersAsTheReferencePrintsThem(t *testing.T) {
	cwd := uint64(0xffff_ff9c)
	local := sock(Socket{Domain: unix.AF_INET, Kind: unix.SOCK_STREAM, Local: []byte(ip("127.0.0.1:4000")), Remote: []byte(ip("127.0.0.1:80"))})
	checkFields(t, nil, []fieldTest{
		{"a rename", "evt.args", Whole, record("renameat2", arg(0, cwd), part(1, "/tmp/t"), arg(2, cwd), part(3, "/usr/bin/a"), arg(4, 1), ret(0)),
			"res=0 olddirfd=-100(AT_FDCWD) oldpath=/tmp/t newdirfd=-100(AT_FDCWD) newpath=/usr/bin/a flags=1(RENAME_NOREPLACE)"},
		{"a call with a path", "evt.args", Whole, record("rmdir", part(0, "/usr/bin/d"), ret(0)), "res=0 path=/usr/bin/d"},
		{"flags without any", "evt.args", Whole, record("unlinkat", arg(0, cwd), part(1, "/usr/bin/b"), ret(0)), "res=0 dirfd=-100(AT_FDCWD) name=/usr/bin/b flags=0"},
		{"an error", "evt.args", Whole, record("unlinkat", arg(0, cwd), part(1, "/b"), ret(-2)), "res=-2(ENOENT) dirfd=-100(AT_FDCWD) name=/b flags=0"},
		{"a socket of no type that has a letter", "evt.args", Whole, record("socket", arg(0, unix.AF_PACKET), arg(1, 524291), ret(3), sock(Socket{Domain: unix.AF_PACKET, Kind: 3})),
			"fd=3(<o>) domain=17(AF_PACKET) type=524291 proto=0 flags=4096(O_CLOEXEC)"},
		{"an internet socket", "evt.args", Whole, record("socket", arg(0, unix.AF_INET), arg(1, 1), ret(4), sock(Socket{Domain: unix.AF_INET, Kind: 1})),
			"fd=4(<4t>) domain=2(AF_INET) type=1 proto=0 flags=0"},
		{"a family with two names", "evt.arg.domain", AtEntry, record("socket", arg(0, unix.AF_UNIX)), "AF_LOCAL|AF_UNIX"},
		{"an open", "evt.args", Whole, record("openat", arg(0, cwd), part(1, "x"), part(Base+1, "/srv"), arg(2, unix.O_CREAT|unix.O_WRONLY|unix.O_TRUNC), arg(3, 0o644), ret(3)),
			"fd=3(<f>/srv/x) dirfd=-100(AT_FDCWD) name=x(/srv/x) flags=262(O_TRUNC|O_CREAT|O_WRONLY) mode=0644 dev=<NA> ino=<NA>"},
		{"an open of a folder, below another", "evt.args", Whole, record("openat", arg(0, 5), part(1, "x"), part(Base+1, "/srv"), arg(2, unix.O_DIRECTORY|unix.O_CLOEXEC), arg(3, 0o644), ret(3)),
			"fd=3(<d>/srv/x) dirfd=5(<d>/srv) name=x(/srv/x) flags=13313(O_DIRECTORY|O_RDONLY|O_CLOEXEC|O_TMPFILE) mode=0644 dev=<NA> ino=<NA>"},
		{"an open that fails", "evt.args", Whole, record("open", part(0, "/x"), ret(-13)), "fd=-13(EACCES) name=/x flags=1(O_RDONLY) mode=0 dev=<NA> ino=<NA>"},
		{"a connection", "evt.args", Whole, record("connect", arg(0, 3), part(1, ip("127.0.0.1:80")), local, ret(0)),
			"res=0 tuple=127.0.0.1:4000->127.0.0.1:80 fd=3(<4t>127.0.0.1:4000->127.0.0.1:80) addr=127.0.0.1:80"},
		{"data is not kept", "evt.args", Whole, record("read", arg(0, 3), arg(2, 512), part(FactObject, "/etc/hosts"), ret(9)), "res=9 data=NULL fd=3(<f>/etc/hosts) size=512"},
		{"permissions", "evt.args", Whole, record("chmod", part(0, "/x"), arg(1, 0o4755), ret(0)),
			"res=0 filename=/x mode=04755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID)"},
		{"an address is in base 16", "evt.args", Whole, record("ioctl", arg(0, 3), arg(1, 0x5413), arg(2, 0x7ffe_abcd), ret(0)), "res=0 fd=3 request=5413 argument=7FFEABCD"},
		{"a mapping", "evt.args", Whole, record("mmap", arg(1, 4096), arg(2, 3), arg(3, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS), arg(4, 1<<64-1), ret(0x7f00_0000_0000)),
			"res=7F0000000000 vm_size=<NA> vm_rss=<NA> vm_swap=<NA> addr=0 length=4096 prot=3(PROT_READ|PROT_WRITE) flags=10(MAP_PRIVATE|MAP_ANONYMOUS) fd=-1(EPERM) offset=0"},
		{"a copied descriptor", "evt.args", Whole, record("dup2", arg(0, 5), arg(1, 1), part(FactObject, "pipe:[7]"), ret(1)), "res=1(<p>pipe:[7]) oldfd=5(<p>pipe:[7]) newfd=1"},
		{"a user that stays", "evt.args", Whole, record("setreuid", arg(0, 0), arg(1, 1<<32-1), ret(0)), "res=0 ruid=0 euid=-1(<NONE>)"},
		{"a result that is a user", "evt.args", Whole, record("getuid", ret(33)), "uid=33"},
		{"a value beside flags", "evt.args", Whole, record("futex", arg(0, 0x10), arg(1, 129), arg(2, 1), ret(0)), "res=0 addr=10 op=129(FUTEX_PRIVATE_FLAG|FUTEX_WAKE) val=1"},
		{"a signal", "evt.args", Whole, record("kill", arg(0, 1), arg(1, 9), ret(0)), "res=0 pid=1 sig=9(SIGKILL)"},
		{"an end by exit", "evt.args", Whole, record("procexit", arg(0, 3<<8)), "status=768 ret=3 sig=0 core=0 reaper_tid=<NA>"},
		{"an end by a signal", "evt.args", Whole, record("procexit", arg(0, 0x8b)), "status=139 ret=0 sig=11(SIGSEGV) core=1 reaper_tid=<NA>"},
		{"an option of any socket", "evt.args", Whole, record("setsockopt", arg(0, 3), arg(1, unix.SOL_SOCKET), arg(2, unix.SO_KEEPALIVE), arg(4, 4), ret(0)),
			"res=0 fd=3 level=1(SOL_SOCKET) optname=9(SO_KEEPALIVE) val=<NA> optlen=4"},
		{"an option of a protocol, by the same number", "evt.args", Whole, record("setsockopt", arg(0, 3), arg(1, unix.SOL_TCP), arg(2, unix.TCP_KEEPCNT), arg(4, 4), ret(0)),
			"res=0 fd=3 level=2(SOL_TCP) optname=0(UNKNOWN) val=<NA> optlen=4"},
		{"the same of a protocol that has no name", "evt.args", Whole, record("getsockopt", arg(0, 3), arg(1, unix.SOL_IPV6), arg(2, unix.SO_ERROR), ret(0)),
			"res=0 fd=3 level=0(UNKNOWN) optname=0(UNKNOWN) val=<NA> optlen=<NA>"},
		{"a working directory", "evt.args", Whole, record("getcwd", part(FactCwd, "/srv"), ret(5)), "res=5 path=/srv"},
		{"what Falco only names", "evt.args", Whole, record("gettid", ret(9)), "res=9"},
	})
}

func TestParametersByNameAndNumber(t *testing.T) {
	checkFields(t, image(ExeWritable|ExeFromMemfd), []fieldTest{
		{"the first is the result", "evt.arg[0]", Whole, record("setuid", arg(0, 33), ret(0)), "0"},
		{"the first of an open is the descriptor", "evt.arg[0]", Whole, record("open", part(0, "/x"), ret(3)), "<f>/x"},
		{"the second of a call", "evt.arg[1]", Whole, record("rmdir", part(0, "/x"), ret(0)), "/x"},
		{"a number that there is not", "evt.arg[2]", Whole, record("rmdir", part(0, "/x"), ret(0)), absent},
		{"a descriptor's file", "evt.arg.fd", Whole, record("fchmod", arg(0, 3), part(FactObject, "/srv/x"), ret(0)), "<f>/srv/x"},
		{"a descriptor's file may come", "evt.arg.fd", AtEntry, record("fchmod", arg(0, 3)), unknown},
		{"a call without a descriptor", "evt.arg.fd", RowOnly, record("chmod"), absent},
		{"a relative path is made absolute", "evt.arg.name", Whole, record("open", part(0, "../x"), part(Base, "/srv/a")), "/srv/x"},
		{"an absolute path is left as it is", "evt.arg.name", Whole, record("open", part(0, "/a/../x")), "/a/../x"},
		{"a relative path may become absolute", "evt.arg.name", AtEntry, record("open", part(0, "x")), unknown},
		{"how an image came to be", "evt.arg.flags", Whole, record("execve", ret(0)), "EXE_WRITABLE|EXE_FROM_MEMFD"},
		{"the same as the reference's number", "evt.rawarg.flags", Whole, record("execve", ret(0)), "5"},
		{"an image's path", "evt.arg.trusted_exepath", Whole, record("execve", ret(0)), "/usr/bin/cat"},
		{"a process has its name", "evt.arg.ptid", Whole, record("execve", ret(0)), "bash"},
		{"a process by its number", "evt.rawarg.ptid", Whole, record("execve", ret(0)), "10"},
		{"arguments of an image", "evt.arg.args", Whole, record("execve", ret(0)), "-n /etc/hosts"},
		{"the user of an image", "evt.arg.uid", Whole, record("execve", ret(0)), "33"},
		{"nobody logged in", "evt.arg.loginuid", Whole, record("execve", ret(0)), "<NONE>"},
		{"capabilities are in base 16", "evt.arg.cap_effective", Whole, record("execve", ret(0)), "3F"},
		{"what only we have", "evt.arg.argv", Whole, record("execve", part(1, "cat\x00-n\x00"), ret(0)), "cat -n"},
		{"a parameter that nobody reads", "evt.arg.reaper_tid", RowOnly, record("procexit"), absent},
		{"what a process uses is not known before the event", "evt.arg.vm_size", RowOnly, record("execve"), unknown},
		{"what it uses", "evt.arg.vm_size", Whole, record("execve", part(FactUsage, string(AppendNumbers(nil, 0, 0, 0, 0, 0, 512, 0, 0))), ret(0)), "512"},
		{"vfork has the flags of its clone", "evt.arg.flags", Whole, record("vfork", ret(9)), "CLONE_VM|CLONE_VFORK"},
		{"fork has none", "evt.rawarg.flags", Whole, record("fork", ret(9)), "0"},
		{"a file's inode", "evt.arg.ino", Whole, record("openat", part(FactInode, string(AppendNumbers(nil, 0xfe00, 99, 0))), ret(3)), "99"},
		{"its device is in base 16", "evt.arg.dev", Whole, record("openat", part(FactInode, string(AppendNumbers(nil, 0xfe00, 99, 0))), ret(3)), "FE00"},
		{"flags as the reference numbers them", "evt.rawarg.flags", AtEntry, record("openat", arg(2, unix.O_CREAT|unix.O_WRONLY)), "6"},
		{"a tracer's request", "evt.arg.request", AtEntry, record("ptrace", arg(0, unix.PTRACE_ATTACH)), "PTRACE_ATTACH"},
		{"its number", "evt.rawarg.request", AtEntry, record("ptrace", arg(0, unix.PTRACE_ATTACH)), "11"},
		{"an unknown command", "evt.arg.cmd", AtEntry, record("fcntl", arg(1, 5000)), "UNKNOWN"},
	})
}

func TestTypesOfRawArguments(t *testing.T) {
	tests := []struct {
		name string
		want FieldType
	}{
		{"flags", TypeInt}, {"uid", TypeInt}, {"res", TypeInt}, {"cap_inheritable", TypeInt}, {"addr", TypeInt}, {"type", TypeInt},
		{"exe_ino_ctime", TypeAbsTime}, {"trusted_exepath", TypeString}, {"path", TypeString}, {"msgcontrol", TypeBytes}, {"env", TypeBytes}, {"tuple", TypeSockTuple},
	}
	for _, tt := range tests {
		f, a := field(t, "evt.rawarg."+tt.name)
		if got, ok := f.ValueType(a); got != tt.want || !ok {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got, ok, tt.want)
		}
	}
	f, a := field(t, "evt.rawarg.no_such_parameter")
	if _, ok := f.ValueType(a); ok {
		t.Error("a name that no row has: got a type, want none")
	}
}

func TestParametersAreReadWithoutAllocation(t *testing.T) {
	var v View
	ev := record("openat", part(1, "x"), part(Base+1, "/srv"), arg(2, 0x41), ret(3))
	f, a := field(t, "evt.arg.flags")
	name, nameArg := field(t, "evt.arg.name")
	if n := testing.AllocsPerRun(100, func() {
		v.Begin(ev, nil, Whole)
		f.Get(&v, a)
		name.Get(&v, nameArg)
	}); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func BenchmarkNewArg(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewArg("flags")
	}
}
