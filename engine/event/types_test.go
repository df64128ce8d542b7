package event

import (
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTextOfWords(t *testing.T) {
	tests := []struct {
		name       string
		typ        Type
		word       uint64
		plain, the string // the number, and the name of it
	}{
		{"an int is 32 bits with a sign", Int, 0xffff_ffff, "-1", ""},
		{"an int ignores the register's upper half", Int, 0xdead_beef_0000_0007, "7", ""},
		{"an int64 is the whole register", Int64, 1<<63 | 1, "-9223372036854775807", ""},
		{"an unsigned number has no sign", Uint, 1<<64 - 1, "18446744073709551615", ""},
		{"hex is the whole register", Hex, 0xdead_beef_0000_0001, "DEADBEEF00000001", ""},
		{"hex of 32 bits", Hex32, 0xdead_beef_0000_01ed, "1ED", ""},
		{"a descriptor ignores the upper half", FD, 0xffff_ffff_0000_0003, "3", ""},
		{"a negative descriptor is an error", FD, 1<<64 - 9, "-9", "EBADF"},
		{"the working directory has a name", DirFD, 0xffff_ff9c, "-100", "AT_FDCWD"},
		{"another directory is its number", DirFD, 5, "5", ""},
		{"a process may be a group", PID, 0xffff_ffff, "-1", ""},
		{"a user that stays has a name", UID, 1<<64 - 1, "-1", "<NONE>"},
		{"a group is 32 bits", GID, 1<<32 | 20, "20", ""},
		{"an error", Errno, 1<<64 - 13, "-13", "EACCES"},
		{"an error without a name", Errno, 1<<64 - 4000, "-4000", ""},
		{"no error has no name", Errno, 0, "0", ""},
		{"open flags without any are read only", OpenFlags, 0, "1", "O_RDONLY"},
		{"open flags are joined by bars", OpenFlags, unix.O_WRONLY | unix.O_CREAT | unix.O_CLOEXEC, "4102", "O_CREAT|O_WRONLY|O_CLOEXEC"},
		{"read and write is one flag", OpenFlags, unix.O_RDWR, "3", "O_RDWR"},
		{"synchronous is two", OpenFlags, unix.O_SYNC, "145", "O_SYNC|O_DSYNC|O_RDONLY"},
		{"flags of a descriptor that opens no path", FileFlags, unix.O_CLOEXEC, "4096", "O_CLOEXEC"},
		{"no such flags", FileFlags, 0, "0", ""},
		{"resolve flags", ResolveFlags, unix.RESOLVE_BENEATH | unix.RESOLVE_IN_ROOT, "3", "RESOLVE_BENEATH|RESOLVE_IN_ROOT"},
		{"at flags", AtFlags, unix.AT_EMPTY_PATH, "4096", "AT_EMPTY_PATH"},
		{"unlink flags", UnlinkFlags, unix.AT_REMOVEDIR, "512", "AT_REMOVEDIR"},
		{"rename flags", RenameFlags, unix.RENAME_EXCHANGE | unix.RENAME_NOREPLACE, "3", "RENAME_NOREPLACE|RENAME_EXCHANGE"},
		{"memfd flags", MemfdFlags, unix.MFD_CLOEXEC, "1", "MFD_CLOEXEC"},
		{"clone flags", CloneFlags, unix.CLONE_VM | unix.CLONE_NEWUSER, "1081344", "CLONE_VM|CLONE_NEWUSER"},
		{"mount flags", MountFlags, unix.MS_BIND | unix.MS_REC, "20480", "BIND|REC"},
		{"umount flags", UmountFlags, unix.MNT_DETACH, "2", "DETACH"},
		{"module flags", ModuleFlags, 3, "3", "MODULE_INIT_IGNORE_MODVERSIONS|MODULE_INIT_IGNORE_VERMAGIC"},
		{"no protection has a name", ProtFlags, 0, "0", "PROT_NONE"},
		{"protection", ProtFlags, unix.PROT_READ | unix.PROT_EXEC, "5", "PROT_READ|PROT_EXEC"},
		{"an anonymous mapping", MapFlags, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS, "10", "MAP_PRIVATE|MAP_ANONYMOUS"},
		{"no mode is 0", Mode, 0, "0", ""},
		{"a mode is its bits", Mode, 0o4755, "04755", "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"},
		{"a mode is 16 bits", Mode, 1<<16 | 0o400, "0400", "S_IRUSR"},
		{"any access is a name", AccessMode, 0, "0", "F_OK"},
		{"a domain", Domain, unix.AF_INET6, "10", "AF_INET6"},
		{"a domain without a name is its number", Domain, 4000, "4000", ""},
		{"an fcntl command", FcntlCmd, unix.F_DUPFD_CLOEXEC, "26", "F_DUPFD_CLOEXEC"},
		{"an unknown fcntl command", FcntlCmd, 5000, "0", "UNKNOWN"},
		{"a prctl option", PrctlOption, unix.PR_SET_NAME, "15", "PR_SET_NAME"},
		{"a ptrace request", PtraceRequest, unix.PTRACE_SEIZE, "20", "PTRACE_SEIZE"},
		{"a bpf command", BPFCmd, unix.BPF_PROG_LOAD, "5", "BPF_PROG_LOAD"},
		{"a keyctl operation", KeyctlOp, unix.KEYCTL_READ, "11", "KEYCTL_READ"},
		{"a quota command stands above its type", QuotaCmd, 0x80000201, "1", "Q_QUOTAON"},
		{"a signal", SignalNumber, 9, "9", "SIGKILL"},
		{"no signal is 0", SignalNumber, 0, "0", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := tt.typ.Number(tt.word)
			if plain, name := string(tt.typ.appendNumber(nil, n)), string(tt.typ.appendName(nil, n)); plain != tt.plain || name != tt.the {
				t.Errorf("got %q, %q, want %q, %q", plain, name, tt.plain, tt.the)
			}
		})
	}
}

func TestEveryTypeOfTheTableHasText(t *testing.T) {
	for i := range Table {
		for _, p := range Table[i].Params {
			got := string(p.Type.appendNumber([]byte("<"), p.Type.Number(1<<64-1)))
			if len(got) < 2 || got[0] != '<' {
				t.Errorf("%s.%s: got %q, want text behind what was there", Table[i].Name, p.Name, got)
			}
		}
	}
}

func TestSymbolsAreDistinct(t *testing.T) {
	for typ, set := range symbols {
		if set == nil {
			continue
		}
		seen := map[string]bool{}
		for _, s := range slices.Concat(set.bits, set.enum, set.flags) {
			if seen[s.name] {
				t.Errorf("type %d: got %s twice, want once", typ, s.name)
			}
			seen[s.name] = true
		}
		for _, s := range set.bits {
			if s.value == 0 && set.mask == 0 {
				t.Errorf("type %d: %s has no bits, so it is never there", typ, s.name)
			}
		}
	}
}

func TestParseSock(t *testing.T) {
	tests := []struct {
		name, bytes string
		want        Sock
		ok          bool
	}{
		{"nothing is no address", "", Sock{}, false},
		{"one byte is no address", "\x02", Sock{}, false},
		{"an IPv4 address", ip("192.0.2.7:443"), Sock{unix.AF_INET, netip.MustParseAddrPort("192.0.2.7:443"), ""}, true},
		{"an IPv4 address without its padding", ip("192.0.2.7:443")[:8], Sock{unix.AF_INET, netip.MustParseAddrPort("192.0.2.7:443"), ""}, true},
		{"an IPv4 address that is cut", ip("192.0.2.7:443")[:7], Sock{Family: unix.AF_INET}, false},
		{"an IPv6 address", ip("[2001:db8::1]:80"), Sock{unix.AF_INET6, netip.MustParseAddrPort("[2001:db8::1]:80"), ""}, true},
		{"an IPv4 address in IPv6 is IPv4", ip("[::ffff:192.0.2.7]:80"), Sock{unix.AF_INET6, netip.MustParseAddrPort("192.0.2.7:80"), ""}, true},
		{"an IPv6 address that is cut", ip("[2001:db8::1]:80")[:23], Sock{Family: unix.AF_INET6}, false},
		{"a Unix path ends at its NUL", unixAddr("/run/x\x00rest"), Sock{Family: unix.AF_UNIX, Path: "/run/x"}, true},
		{"a Unix path without its NUL", unixAddr("/run/x"), Sock{Family: unix.AF_UNIX, Path: "/run/x"}, true},
		{"an abstract name keeps its NULs", unixAddr("\x00a\x00b"), Sock{Family: unix.AF_UNIX, Path: "@a\x00b"}, true},
		{"an unnamed Unix socket", unixAddr(""), Sock{Family: unix.AF_UNIX}, true},
		{"another family is its number", "\x10\x00whatever", Sock{Family: unix.AF_NETLINK}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ParseSock(tt.bytes)
			if got != tt.want || ok != tt.ok {
				t.Errorf("got %v, %v, want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestSocketAddressesAsText(t *testing.T) {
	for bytes, want := range map[string]string{
		ip("192.0.2.7:443"):    "192.0.2.7:443",
		unixAddr("/run/x"):     "/run/x",
		unixAddr("\x00hidden"): "@hidden",
		"\x10\x00":             "family 16",
	} {
		s, _ := ParseSock(bytes)
		if got := string(s.append(nil)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func FuzzParseSock(f *testing.F) {
	for _, seed := range []string{"", "\x02\x00", ip("192.0.2.7:443"), ip("[2001:db8::1]:80"), unixAddr("\x00a")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b string) {
		s, ok := ParseSock(b)
		if inet := s.Family == unix.AF_INET || s.Family == unix.AF_INET6; ok && inet != s.Addr.IsValid() {
			t.Errorf("family %d: got address %v, valid %v, want %v", s.Family, s.Addr, s.Addr.IsValid(), inet)
		}
		parseSocket(b)
	})
}
