package event

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAppendWord(t *testing.T) {
	tests := []struct {
		name string
		typ  Type
		word uint64
		want string
	}{
		{"an int is 32 bits with a sign", Int, 0xffff_ffff, "-1"},
		{"an int ignores the register's upper half", Int, 0xdead_beef_0000_0007, "7"},
		{"an int64 is the whole register", Int64, 1<<63 | 1, "-9223372036854775807"},
		{"an unsigned number has no sign", Uint, 1<<64 - 1, "18446744073709551615"},
		{"hex is the whole register", Hex, 0xdead_beef_0000_0001, "0xdeadbeef00000001"},
		{"a pointer is hex", Pointer, 0x7ffe_0000, "0x7ffe0000"},
		{"a descriptor ignores the upper half", FD, 0xffff_ffff_0000_0003, "3"},
		{"no descriptor is negative", FD, 1<<64 - 1, "-1"},
		{"the working directory has a name", DirFD, 0xffff_ff9c, "AT_FDCWD"},
		{"another directory is its number", DirFD, 5, "5"},
		{"a process may be a group", PID, 0xffff_ffff, "-1"},
		{"a user that stays is 4294967295", UID, 1<<64 - 1, "4294967295"},
		{"a group is 32 bits", GID, 1<<32 | 20, "20"},
		{"open flags without any are read only", OpenFlags, 0, "O_RDONLY"},
		{"open flags are joined by bars", OpenFlags, unix.O_WRONLY | unix.O_CREAT | unix.O_CLOEXEC, "O_WRONLY|O_CREAT|O_CLOEXEC"},
		{"read and write is one flag", OpenFlags, unix.O_RDWR, "O_RDWR"},
		{"resolve flags", ResolveFlags, unix.RESOLVE_BENEATH | unix.RESOLVE_IN_ROOT, "RESOLVE_BENEATH|RESOLVE_IN_ROOT"},
		{"at flags", AtFlags, unix.AT_EMPTY_PATH, "AT_EMPTY_PATH"},
		{"no at flags are nothing", AtFlags, 0, ""},
		{"unlink flags", UnlinkFlags, unix.AT_REMOVEDIR, "AT_REMOVEDIR"},
		{"rename flags", RenameFlags, unix.RENAME_EXCHANGE | unix.RENAME_NOREPLACE, "RENAME_NOREPLACE|RENAME_EXCHANGE"},
		{"memfd flags", MemfdFlags, unix.MFD_CLOEXEC, "MFD_CLOEXEC"},
		{"clone flags", CloneFlags, unix.CLONE_VM | unix.CLONE_NEWUSER, "CLONE_VM|CLONE_NEWUSER"},
		{"mount flags", MountFlags, unix.MS_BIND | unix.MS_REC, "MS_BIND|MS_REC"},
		{"umount flags", UmountFlags, unix.MNT_DETACH, "MNT_DETACH"},
		{"module flags", ModuleFlags, 3, "MODULE_INIT_IGNORE_MODVERSIONS|MODULE_INIT_IGNORE_VERMAGIC"},
		{"no protection has a name", ProtFlags, 0, "PROT_NONE"},
		{"protection", ProtFlags, unix.PROT_READ | unix.PROT_EXEC, "PROT_READ|PROT_EXEC"},
		{"no mode is 0", Mode, 0, "0"},
		{"a mode is its bits", Mode, 0o4755, "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"},
		{"a mode is 16 bits", Mode, 1<<16 | 0o400, "S_IRUSR"},
		{"a domain", Domain, unix.AF_INET6, "AF_INET6"},
		{"a domain without a name is its number", Domain, 4000, "4000"},
		{"a socket type is a kind and flags", SockType, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC, "SOCK_DGRAM|SOCK_CLOEXEC"},
		{"raw is no stream", SockType, unix.SOCK_RAW, "SOCK_RAW"},
		{"an fcntl command", FcntlCmd, unix.F_DUPFD_CLOEXEC, "F_DUPFD_CLOEXEC"},
		{"a prctl option", PrctlOption, unix.PR_SET_NAME, "PR_SET_NAME"},
		{"a ptrace request", PtraceRequest, unix.PTRACE_SEIZE, "PTRACE_SEIZE"},
		{"a bpf command", BPFCmd, unix.BPF_PROG_LOAD, "BPF_PROG_LOAD"},
		{"a seccomp operation", SeccompOp, 1, "SECCOMP_SET_MODE_FILTER"},
		{"a keyctl operation", KeyctlOp, unix.KEYCTL_READ, "KEYCTL_READ"},
		{"a signal", SignalNumber, 9, "SIGKILL"},
		{"no signal is 0", SignalNumber, 0, "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.typ.AppendWord(nil, tt.word)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEveryTypeOfTheTableHasText(t *testing.T) {
	for i := range Table {
		for _, p := range Table[i].Params {
			got := string(p.Type.AppendWord([]byte("<"), 1<<64-1))
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
		for _, s := range set.names {
			if seen[s.name] {
				t.Errorf("type %d: got %s twice, want once", typ, s.name)
			}
			seen[s.name] = true
			if set.bits && s.mask == 0 && s.value == 0 {
				t.Errorf("type %d: %s has no bits, so it is always there", typ, s.name)
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
		"\x10\x00":             "AF_NETLINK",
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
