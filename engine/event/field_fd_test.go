package event

import (
	"testing"

	"golang.org/x/sys/unix"
)

// fieldTest is what one field says of one event at one stage.
type fieldTest struct {
	name  string
	field string
	stage Stage
	ev    Event
	want  string
}

func checkFields(t *testing.T, proc *Process, tests []fieldTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var v View
			v.Begin(tt.ev, proc, tt.stage)
			if tt.stage == RowOnly {
				v.BeginRow(tt.ev.RowIndex())
			}
			if got := read(t, &v, tt.field); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.field, got, tt.want)
			}
		})
	}
}

// stream is a TCP connection from 10.0.0.1:5000 to 192.0.2.7:443.
func stream() Socket {
	return Socket{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_TCP, []byte(ip("10.0.0.1:5000")), []byte(ip("192.0.2.7:443")), RoleUnknown}
}

func TestFieldsOfPaths(t *testing.T) {
	open := func(name string, more ...edit) Event {
		return record("openat", append([]edit{part(1, name)}, more...)...)
	}
	checkFields(t, nil, []fieldTest{
		{"before there is an event nothing is known of its path", "fd.name", RowOnly, open("/etc/passwd"), unknown},
		{"an absolute path is known at the entry", "fd.name", AtEntry, open("/etc/passwd"), "/etc/passwd"},
		{"a path is without dots", "fd.name", AtEntry, open("/etc/../etc/./passwd"), "/etc/passwd"},
		{"the raw path keeps its dots", "fd.nameraw", AtEntry, open("/etc/../etc/./passwd"), "/etc/../etc/./passwd"},
		{"a relative path is unknown until its base is known", "fd.name", AtEntry, open("passwd"), unknown},
		{"its raw form is known", "fd.nameraw", AtEntry, open("passwd"), "passwd"},
		{"a relative path starts from its base", "fd.name", AtEntry, open("../passwd", part(Base+1, "/etc/ssh")), "/etc/passwd"},
		{"an empty path is its base", "fd.name", AtEntry, open("", part(Base+1, "/etc")), "/etc"},
		{"a path never goes above the root", "fd.name", AtEntry, open("../../..", part(Base+1, "/etc")), "/"},
		{"a base that never came leaves the path as it is", "fd.name", Whole, open("passwd"), "passwd"},
		{"a base that could not be read, too", "fd.name", AtEntry, open("passwd", lost(Base+1)), "passwd"},
		{"a path that could not be read is absent", "fd.name", AtEntry, record("openat", lost(1)), absent},
		{"the path of creat", "fd.name", AtEntry, record("creat", part(0, "/tmp/new")), "/tmp/new"},
		{"directory of a path", "fd.directory", AtEntry, open("/etc/ssh/sshd"), "/etc/ssh"},
		{"directory of a path in the root", "fd.directory", AtEntry, open("/vmlinuz"), "/"},
		{"file name of a path", "fd.filename", AtEntry, open("/etc/ssh/sshd"), "sshd"},
		{"directory of an unknown path", "fd.directory", AtEntry, open("sshd"), unknown},
		{"an open gives a file", "fd.type", AtEntry, open("/etc", arg(2, unix.O_RDONLY)), "file"},
		{"an open with O_DIRECTORY gives a directory", "fd.type", AtEntry, open("/etc", arg(2, unix.O_DIRECTORY)), "directory"},
		{"an anonymous file in a directory is a file", "fd.typechar", AtEntry, open("/tmp", arg(2, unix.O_TMPFILE|unix.O_RDWR)), "f"},
		{"a rename is about no descriptor", "fd.name", Whole, record("rename", part(0, "/a"), part(1, "/b"), ret(0)), absent},
	})
}

func TestFieldsOfDescriptors(t *testing.T) {
	const cwd = 1<<32 - 100 // AT_FDCWD
	holds := func(name string) Event { return record("fchmod", arg(0, 7), part(FactObject, name)) }
	checkFields(t, nil, []fieldTest{
		{"the new descriptor is unknown at the entry", "fd.num", AtEntry, record("openat", part(1, "/x")), unknown},
		{"the new descriptor is the result", "fd.num", Whole, record("openat", part(1, "/x"), ret(3)), "3"},
		{"a failure makes none, which has a number of its own", "fd.num", Whole, record("openat", part(1, "/x"), ret(-2)), "-1"},
		{"a result that was never seen is absent", "fd.num", Whole, record("openat", part(1, "/x")), absent},
		{"a given descriptor is known at the entry", "fd.num", AtEntry, record("close", arg(0, 5)), "5"},
		{"but not before", "fd.num", RowOnly, record("close", arg(0, 5)), unknown},
		{"a number that is no descriptor is as it was given", "fd.num", AtEntry, record("close", arg(0, 1<<32-1)), "-1"},
		{"a call without one has none, as its row tells", "fd.num", RowOnly, record("setuid"), absent},
		{"a directory descriptor, too", "fd.num", AtEntry, record("unlinkat", arg(0, 5)), "5"},
		{"the working directory has a number", "fd.num", AtEntry, record("unlinkat", arg(0, cwd)), "-100"},
		{"but no name", "fd.name", AtEntry, record("unlinkat", arg(0, cwd)), ""},
		{"and no type", "fd.typechar", AtEntry, record("unlinkat", arg(0, cwd)), absent},
		{"a directory's name may still come", "fd.name", AtEntry, record("unlinkat", arg(0, 5)), unknown},
		{"a directory's name", "fd.name", Whole, record("unlinkat", arg(0, 5), part(FactObject, "/srv")), "/srv"},
		{"which is one", "fd.type", Whole, record("unlinkat", arg(0, 5), part(FactObject, "/srv")), "directory"},
		{"a call with two directories is about neither", "fd.name", RowOnly, record("renameat2"), absent},
		{"nor is an execve about one", "fd.name", RowOnly, record("execveat"), absent},
		{"thread and descriptor", "fd.uid", AtEntry, record("close", arg(0, 5)), "115"},
		{"what a descriptor names may still come", "fd.name", AtEntry, record("fchmod", arg(0, 7)), unknown},
		{"what a descriptor names", "fd.name", AtEntry, holds("/srv/x"), "/srv/x"},
		{"a deleted file keeps its name", "fd.name", AtEntry, holds("/srv/x (deleted)"), "/srv/x"},
		{"what never came is absent", "fd.name", Whole, record("fchmod", arg(0, 7)), absent},
		{"what could not be read is absent", "fd.name", AtEntry, record("fchmod", lost(FactObject)), absent},
		{"a file", "fd.type", Whole, holds("/srv/x"), "file"},
		{"a file of which nobody asked more", "fd.type", Whole, holds("/srv"), "file"},
		{"a folder", "fd.type", Whole, record("fchmod", arg(0, 7), part(FactObject, "/srv"), part(FactFolder, string(AppendNumbers(nil, 1)))), "directory"},
		{"a folder's letter", "fd.typechar", Whole, record("getdents64", arg(0, 7), part(FactObject, "/"), part(FactFolder, string(AppendNumbers(nil, 1)))), "d"},
		{"no folder", "fd.type", Whole, record("fchmod", arg(0, 7), part(FactObject, "/srv"), part(FactFolder, string(AppendNumbers(nil, 0)))), "file"},
		{"a pipe", "fd.type", Whole, holds("pipe:[12]"), "pipe"},
		{"a pipe is no path", "fd.directory", Whole, holds("pipe:[12]"), absent},
		{"a socket without facts", "fd.type", Whole, holds("socket:[12]"), "socket"},
		{"an eventfd", "fd.typechar", Whole, holds("anon_inode:[eventfd]"), "e"},
		{"an inotify without brackets", "fd.typechar", Whole, holds("anon_inode:inotify"), "i"},
		{"an anonymous inode without a type", "fd.type", Whole, holds("anon_inode:[new]"), absent},
		{"a file in memory", "fd.type", Whole, holds("/memfd:x (deleted)"), "memfd"},
		{"memfd_create gives a file in memory", "fd.typechar", RowOnly, record("memfd_create"), "m"},
		{"a name in memory is that of /proc", "fd.name", Whole, record("memfd_create", ret(3), part(FactObject, "/memfd:x (deleted)")), "/memfd:x"},
	})
}

func TestFieldsOfConnections(t *testing.T) {
	connect := record("connect", arg(0, 3), part(1, ip("192.0.2.7:443")))
	whole := record("connect", arg(0, 3), part(1, ip("192.0.2.7:443")), ret(0), sock(stream()))
	accepted := stream()
	accepted.Local, accepted.Remote = accepted.Remote, accepted.Local
	accept := record("accept4", ret(4), sock(accepted))
	asServer, asClient := stream(), accepted
	asServer.Role, asClient.Role = RoleServer, RoleClient
	six := Socket{unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP, []byte(ip("[2001:db8::1]:53")), nil, RoleUnknown}
	local6 := record("setsockopt", arg(0, 3), sock(six))
	named := record("sendto", arg(0, 3), part(4, ip("192.0.2.9:53")), ret(9), sock(Socket{Domain: unix.AF_INET, Kind: unix.SOCK_DGRAM}))
	fresh := record("socket", ret(3), sock(Socket{Domain: unix.AF_INET, Kind: unix.SOCK_STREAM}))
	packet := record("socket", ret(3), sock(Socket{Domain: unix.AF_PACKET, Kind: unix.SOCK_RAW}))
	unixSock := record("connect", part(1, unixAddr("/run/docker.sock")), ret(0), sock(Socket{Domain: unix.AF_UNIX, Kind: unix.SOCK_STREAM}))
	checkFields(t, nil, []fieldTest{
		{"a connect's server is not known at the entry: a socket that connects already keeps its own", "fd.sip", AtEntry, connect, unknown},
		{"nor its port", "fd.sport", AtEntry, connect, unknown},
		{"nor the remote end", "fd.rip", AtEntry, connect, unknown},
		{"its client is not", "fd.cip", AtEntry, connect, unknown},
		{"nor the local end", "fd.lport", AtEntry, connect, unknown},
		{"nor the connection", "fd.name", AtEntry, connect, unknown},
		{"nor anything before it", "fd.sip", RowOnly, connect, unknown},
		{"a connect's client", "fd.cip", Whole, whole, "10.0.0.1"},
		{"a connect's client port", "fd.cport", Whole, whole, "5000"},
		{"a connection is client->server", "fd.name", Whole, whole, "10.0.0.1:5000->192.0.2.7:443"},
		{"a connection is of a type", "fd.type", Whole, whole, "ipv4"},
		{"as a character", "fd.typechar", Whole, whole, "4"},
		{"a stream is TCP", "fd.l4proto", Whole, whole, "tcp"},
		{"of the family ip", "fd.sockfamily", Whole, whole, "ip"},
		{"who connects is no server", "fd.is_server", Whole, whole, "false"},
		{"who accepts is", "fd.is_server", Whole, accept, "true"},
		{"the server's address is then the local one", "fd.sip", Whole, accept, "192.0.2.7"},
		{"and the client's the remote one", "fd.rport", Whole, accept, "5000"},
		{"seen from the client", "fd.name", Whole, accept, "10.0.0.1:5000->192.0.2.7:443"},
		{"a server without a client is its address", "fd.name", Whole, record("listen", arg(0, 3), ret(0), sock(six)), "2001:db8::1:53"},
		{"a local end alone", "fd.lip", Whole, local6, "2001:db8::1"},
		{"has no remote one", "fd.rip", Whole, local6, absent},
		{"a source that knows better than the ports is believed", "fd.is_server", Whole, record("setsockopt", arg(0, 3), sock(asServer)), "true"},
		{"also of a client", "fd.name", Whole, record("setsockopt", arg(0, 3), sock(asClient)), "192.0.2.7:443->10.0.0.1:5000"},
		{"and is taken for the server", "fd.is_server", Whole, local6, "true"},
		{"UDP over IPv6", "fd.l4proto", Whole, local6, "udp"},
		{"IPv6 has a character", "fd.typechar", Whole, local6, "6"},
		{"who is written to is the server", "fd.sip", Whole, named, "192.0.2.9"},
		{"a socket without addresses has an empty name", "fd.name", Whole, fresh, ""},
		{"but a type", "fd.type", Whole, fresh, "ipv4"},
		{"and is not connected", "fd.connected", Whole, fresh, "false"},
		{"a connection is connected", "fd.connected", Whole, whole, "true"},
		{"a packet socket has no type", "fd.type", Whole, packet, absent},
		{"whose character is that of what is unknown", "fd.typechar", Whole, packet, "o"},
		{"nor a protocol", "fd.l4proto", Whole, packet, absent},
		{"and an empty name", "fd.name", Whole, packet, ""},
		{"nor can it be connected", "fd.connected", Whole, packet, absent},
		{"a port as text", "fd.sproto", Whole, whole, "443"},
		{"the other port", "fd.lproto", Whole, whole, "5000"},
		{"a Unix socket is its path", "fd.name", Whole, unixSock, "/run/docker.sock"},
		{"of the family unix", "fd.sockfamily", Whole, unixSock, "unix"},
		{"has no address", "fd.sip", Whole, unixSock, absent},
		{"has no protocol", "fd.l4proto", Whole, unixSock, absent},
		{"a file has no address", "fd.sip", Whole, record("fchmod", part(FactObject, "/x"), ret(0)), absent},
		{"a call without a descriptor has none, as its row tells", "fd.sip", RowOnly, record("setuid"), absent},
		{"nor has one that opens a path", "fd.sip", RowOnly, record("openat"), absent},
	})
}

func TestBothEndsOfAConnection(t *testing.T) {
	var v View
	v.Begin(record("connect", arg(0, 3), ret(0), sock(stream())), nil, Whole)
	for _, name := range []string{"fd.ip", "fd.net", "fd.port"} {
		f, a := field(t, name)
		var got []string
		f.Any(&v, a, func(val Value) bool { got = append(got, textOf(f.Type, val)); return false })
		want := []string{"10.0.0.1", "192.0.2.7"}
		if name == "fd.port" {
			want = []string{"5000", "443"}
		}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestFieldsOfLinks(t *testing.T) {
	rename := record("renameat", part(1, "a"), part(Base+1, "/x"), part(3, "/y/b"), ret(0))
	symlink := record("symlinkat", part(0, "../target"), part(2, "/y/link"))
	mkdir := record("mkdir", part(0, "/x/../new"))
	link := record("link", part(0, "a"), part(Base, "/etc"), part(1, "/b"), ret(0))
	mount := record("mount", part(0, "/dev/cdrom0"), part(1, "/mnt/cdrom/"))
	checkFields(t, nil, []fieldTest{
		{"a call with one path", "fs.path.name", AtEntry, mkdir, "/new"},
		{"as it was given", "fs.path.nameraw", AtEntry, mkdir, "/x/../new"},
		{"has no source", "fs.path.source", RowOnly, mkdir, absent},
		{"and no target", "fs.path.target", RowOnly, mkdir, absent},
		{"a rename has two", "fs.path.name", RowOnly, rename, absent},
		{"what exists", "fs.path.source", Whole, rename, "/x/a"},
		{"the new name", "fs.path.target", Whole, rename, "/y/b"},
		{"a symbolic link's name is the source", "fs.path.source", AtEntry, symlink, "/y/link"},
		{"as it was given", "fs.path.sourceraw", AtEntry, symlink, "/y/link"},
		{"its content is the target, which starts where the name does", "fs.path.target", AtEntry, symlink, unknown},
		{"in the working directory, if the name is absolute", "fs.path.target", Whole, record("symlinkat", part(0, "../target"), part(2, "/y/link"), part(FactCwd, "/srv/a")), "/srv/target"},
		{"in the directory of a relative name", "fs.path.target", Whole, record("symlink", part(0, "t/target"), part(1, "l"), part(Base+1, "/root")), "/root/t/target"},
		{"an absolute content is known at the entry", "fs.path.target", AtEntry, record("symlink", part(0, "/etc/shadow")), "/etc/shadow"},
		{"the raw content is", "fs.path.targetraw", AtEntry, symlink, "../target"},
		{"a hard link's source is its new name", "fs.path.source", Whole, link, "/b"},
		{"and its target the old one", "fs.path.target", Whole, link, "/etc/a"},
		{"as it was given, too", "fs.path.targetraw", Whole, link, "a"},
		{"a mount's source is the device", "fs.path.source", AtEntry, mount, "/dev/cdrom0"},
		{"its target the folder", "fs.path.target", AtEntry, mount, "/mnt/cdrom"},
		{"it has no single path", "fs.path.name", RowOnly, mount, absent},
		{"a directory's path and a name", "evt.abspath.src", Whole, rename, "/x/a"},
		{"and the second of these", "evt.abspath.dst", Whole, rename, "/y/b"},
		{"a call without directories has none", "evt.abspath.src", RowOnly, mkdir, absent},
		{"which has no raw form of its own", "fs.path.nameraw", AtEntry, symlink, absent},
	})
}

func TestDescriptor(t *testing.T) {
	tests := []struct {
		name string
		ev   Event
		want int
		ok   bool
	}{
		{"the one that was made", record("openat", arg(0, 9), ret(3)), 3, true},
		{"none was made", record("openat", ret(-2)), -2, false},
		{"none was given", record("openat"), 0, false},
		{"the one that was given", record("fchmod", arg(0, 5)), 5, true},
		{"the first of two", record("dup2", arg(0, 5), arg(1, 6), ret(6)), 5, true},
		{"a listener, before it accepts", record("accept", arg(0, 5)), 5, true},
		{"a connection, after it", record("accept", arg(0, 5), ret(6)), 6, true},
		{"minus one", record("close", arg(0, 1<<64-1)), -1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := tt.ev.Descriptor(); got != tt.want || ok != tt.ok {
				t.Errorf("got %d, %v, want %d, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestNeedsBase(t *testing.T) {
	for name, want := range map[string]bool{"/etc": false, "etc": true, "": true, "./": true} {
		if got := record("openat", part(1, name)).NeedsBase(1); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
	if record("openat", lost(1)).NeedsBase(1) {
		t.Error("a path that could not be read: got true, want false")
	}
}
