package event

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// symbolSet is how the words of one type are named: as one of several values,
// or as a sum of bits. A name's order is the order in which it is printed.
type symbolSet struct {
	names []symbol
	bits  bool
	none  string // what a sum of no bits is called
}

type symbol struct {
	name  string
	value uint64
	mask  uint64 // bits: which bits to look at; zero means value itself
}

func (s *symbolSet) append(b []byte, word uint64) []byte {
	if !s.bits {
		return s.appendOne(b, word)
	}
	start := len(b)
	for i := range s.names {
		n := &s.names[i]
		mask := n.mask
		if mask == 0 {
			mask = n.value
		}
		if word&mask != n.value {
			continue
		}
		if len(b) > start {
			b = append(b, '|')
		}
		b = append(b, n.name...)
	}
	if len(b) == start {
		b = append(b, s.none...)
	}
	return b
}

func (s *symbolSet) appendOne(b []byte, word uint64) []byte {
	for i := range s.names {
		if s.names[i].value == word {
			return append(b, s.names[i].name...)
		}
	}
	return strconv.AppendUint(b, word, 10)
}

func oneOf(names ...symbol) *symbolSet { return &symbolSet{names: names} }

func bitsOf(none string, names ...symbol) *symbolSet {
	return &symbolSet{names: names, bits: true, none: none}
}

// symbols has the names of every type that has any. The names are those of the
// kernel's headers, as Falco prints them.
var symbols = [...]*symbolSet{
	OpenFlags: bitsOf("",
		symbol{"O_RDONLY", unix.O_RDONLY, unix.O_ACCMODE}, symbol{"O_WRONLY", unix.O_WRONLY, unix.O_ACCMODE}, symbol{"O_RDWR", unix.O_RDWR, unix.O_ACCMODE},
		symbol{"O_CREAT", unix.O_CREAT, 0}, symbol{"O_APPEND", unix.O_APPEND, 0}, symbol{"O_DSYNC", unix.O_DSYNC, 0}, symbol{"O_EXCL", unix.O_EXCL, 0},
		symbol{"O_NONBLOCK", unix.O_NONBLOCK, 0}, symbol{"O_SYNC", unix.O_SYNC, 0}, symbol{"O_TRUNC", unix.O_TRUNC, 0}, symbol{"O_DIRECT", unix.O_DIRECT, 0},
		symbol{"O_DIRECTORY", unix.O_DIRECTORY, 0}, symbol{"O_LARGEFILE", 0x8000, 0}, symbol{"O_CLOEXEC", unix.O_CLOEXEC, 0},
		symbol{"O_TMPFILE", unix.O_TMPFILE, 0}, symbol{"O_NOFOLLOW", unix.O_NOFOLLOW, 0}, symbol{"O_NOATIME", unix.O_NOATIME, 0}, symbol{"O_PATH", unix.O_PATH, 0}),
	ResolveFlags: bitsOf("", symbol{"RESOLVE_BENEATH", unix.RESOLVE_BENEATH, 0}, symbol{"RESOLVE_IN_ROOT", unix.RESOLVE_IN_ROOT, 0},
		symbol{"RESOLVE_NO_MAGICLINKS", unix.RESOLVE_NO_MAGICLINKS, 0}, symbol{"RESOLVE_NO_SYMLINKS", unix.RESOLVE_NO_SYMLINKS, 0},
		symbol{"RESOLVE_NO_XDEV", unix.RESOLVE_NO_XDEV, 0}, symbol{"RESOLVE_CACHED", 0x20, 0}),
	AtFlags: bitsOf("", symbol{"AT_SYMLINK_FOLLOW", unix.AT_SYMLINK_FOLLOW, 0}, symbol{"AT_SYMLINK_NOFOLLOW", unix.AT_SYMLINK_NOFOLLOW, 0},
		symbol{"AT_EMPTY_PATH", unix.AT_EMPTY_PATH, 0}, symbol{"AT_NO_AUTOMOUNT", unix.AT_NO_AUTOMOUNT, 0}, symbol{"AT_RECURSIVE", unix.AT_RECURSIVE, 0}),
	UnlinkFlags: bitsOf("", symbol{"AT_REMOVEDIR", unix.AT_REMOVEDIR, 0}),
	RenameFlags: bitsOf("", symbol{"RENAME_NOREPLACE", unix.RENAME_NOREPLACE, 0}, symbol{"RENAME_EXCHANGE", unix.RENAME_EXCHANGE, 0},
		symbol{"RENAME_WHITEOUT", unix.RENAME_WHITEOUT, 0}),
	MemfdFlags: bitsOf("", symbol{"MFD_CLOEXEC", unix.MFD_CLOEXEC, 0}, symbol{"MFD_ALLOW_SEALING", unix.MFD_ALLOW_SEALING, 0},
		symbol{"MFD_HUGETLB", unix.MFD_HUGETLB, 0}, symbol{"MFD_NOEXEC_SEAL", 8, 0}, symbol{"MFD_EXEC", 16, 0}),
	CloneFlags: bitsOf("", symbol{"CLONE_FILES", unix.CLONE_FILES, 0}, symbol{"CLONE_FS", unix.CLONE_FS, 0}, symbol{"CLONE_IO", unix.CLONE_IO, 0},
		symbol{"CLONE_NEWIPC", unix.CLONE_NEWIPC, 0}, symbol{"CLONE_NEWNET", unix.CLONE_NEWNET, 0}, symbol{"CLONE_NEWNS", unix.CLONE_NEWNS, 0},
		symbol{"CLONE_NEWPID", unix.CLONE_NEWPID, 0}, symbol{"CLONE_NEWUTS", unix.CLONE_NEWUTS, 0}, symbol{"CLONE_PARENT", unix.CLONE_PARENT, 0},
		symbol{"CLONE_PARENT_SETTID", unix.CLONE_PARENT_SETTID, 0}, symbol{"CLONE_PTRACE", unix.CLONE_PTRACE, 0}, symbol{"CLONE_SIGHAND", unix.CLONE_SIGHAND, 0},
		symbol{"CLONE_SYSVSEM", unix.CLONE_SYSVSEM, 0}, symbol{"CLONE_THREAD", unix.CLONE_THREAD, 0}, symbol{"CLONE_UNTRACED", unix.CLONE_UNTRACED, 0},
		symbol{"CLONE_VM", unix.CLONE_VM, 0}, symbol{"CLONE_NEWUSER", unix.CLONE_NEWUSER, 0}, symbol{"CLONE_CHILD_CLEARTID", unix.CLONE_CHILD_CLEARTID, 0},
		symbol{"CLONE_CHILD_SETTID", unix.CLONE_CHILD_SETTID, 0}, symbol{"CLONE_SETTLS", unix.CLONE_SETTLS, 0}, symbol{"CLONE_VFORK", unix.CLONE_VFORK, 0},
		symbol{"CLONE_NEWCGROUP", unix.CLONE_NEWCGROUP, 0}),
	MountFlags: bitsOf("", symbol{"MS_RDONLY", unix.MS_RDONLY, 0}, symbol{"MS_NOSUID", unix.MS_NOSUID, 0}, symbol{"MS_NODEV", unix.MS_NODEV, 0},
		symbol{"MS_NOEXEC", unix.MS_NOEXEC, 0}, symbol{"MS_SYNCHRONOUS", unix.MS_SYNCHRONOUS, 0}, symbol{"MS_REMOUNT", unix.MS_REMOUNT, 0},
		symbol{"MS_NOATIME", unix.MS_NOATIME, 0}, symbol{"MS_BIND", unix.MS_BIND, 0}, symbol{"MS_MOVE", unix.MS_MOVE, 0}, symbol{"MS_REC", unix.MS_REC, 0},
		symbol{"MS_SILENT", unix.MS_SILENT, 0}, symbol{"MS_PRIVATE", unix.MS_PRIVATE, 0}, symbol{"MS_SLAVE", unix.MS_SLAVE, 0}, symbol{"MS_SHARED", unix.MS_SHARED, 0},
		symbol{"MS_RELATIME", unix.MS_RELATIME, 0}, symbol{"MS_STRICTATIME", unix.MS_STRICTATIME, 0}),
	UmountFlags: bitsOf("", symbol{"MNT_FORCE", unix.MNT_FORCE, 0}, symbol{"MNT_DETACH", unix.MNT_DETACH, 0},
		symbol{"MNT_EXPIRE", unix.MNT_EXPIRE, 0}, symbol{"UMOUNT_NOFOLLOW", unix.UMOUNT_NOFOLLOW, 0}),
	ModuleFlags: bitsOf("", symbol{"MODULE_INIT_IGNORE_MODVERSIONS", unix.MODULE_INIT_IGNORE_MODVERSIONS, 0},
		symbol{"MODULE_INIT_IGNORE_VERMAGIC", unix.MODULE_INIT_IGNORE_VERMAGIC, 0}, symbol{"MODULE_INIT_COMPRESSED_FILE", 4, 0}),
	ProtFlags: bitsOf("PROT_NONE", symbol{"PROT_READ", unix.PROT_READ, 0}, symbol{"PROT_WRITE", unix.PROT_WRITE, 0}, symbol{"PROT_EXEC", unix.PROT_EXEC, 0}),
	Mode: bitsOf("0", symbol{"S_IXOTH", 0o1, 0}, symbol{"S_IWOTH", 0o2, 0}, symbol{"S_IROTH", 0o4, 0}, symbol{"S_IXGRP", 0o10, 0}, symbol{"S_IWGRP", 0o20, 0},
		symbol{"S_IRGRP", 0o40, 0}, symbol{"S_IXUSR", 0o100, 0}, symbol{"S_IWUSR", 0o200, 0}, symbol{"S_IRUSR", 0o400, 0},
		symbol{"S_ISVTX", 0o1000, 0}, symbol{"S_ISGID", 0o2000, 0}, symbol{"S_ISUID", 0o4000, 0}),
	Domain: oneOf(symbol{"AF_UNSPEC", unix.AF_UNSPEC, 0}, symbol{"AF_UNIX", unix.AF_UNIX, 0}, symbol{"AF_INET", unix.AF_INET, 0}, symbol{"AF_AX25", unix.AF_AX25, 0},
		symbol{"AF_INET6", unix.AF_INET6, 0}, symbol{"AF_KEY", unix.AF_KEY, 0}, symbol{"AF_NETLINK", unix.AF_NETLINK, 0}, symbol{"AF_PACKET", unix.AF_PACKET, 0},
		symbol{"AF_RDS", unix.AF_RDS, 0}, symbol{"AF_PPPOX", unix.AF_PPPOX, 0}, symbol{"AF_LLC", unix.AF_LLC, 0}, symbol{"AF_CAN", unix.AF_CAN, 0},
		symbol{"AF_TIPC", unix.AF_TIPC, 0}, symbol{"AF_BLUETOOTH", unix.AF_BLUETOOTH, 0}, symbol{"AF_RXRPC", unix.AF_RXRPC, 0}, symbol{"AF_ALG", unix.AF_ALG, 0},
		symbol{"AF_NFC", unix.AF_NFC, 0}, symbol{"AF_VSOCK", unix.AF_VSOCK, 0}, symbol{"AF_XDP", unix.AF_XDP, 0}),
	SockType: bitsOf("0", symbol{"SOCK_STREAM", unix.SOCK_STREAM, 0xf}, symbol{"SOCK_DGRAM", unix.SOCK_DGRAM, 0xf}, symbol{"SOCK_RAW", unix.SOCK_RAW, 0xf},
		symbol{"SOCK_SEQPACKET", unix.SOCK_SEQPACKET, 0xf}, symbol{"SOCK_PACKET", unix.SOCK_PACKET, 0xf},
		symbol{"SOCK_NONBLOCK", unix.SOCK_NONBLOCK, 0}, symbol{"SOCK_CLOEXEC", unix.SOCK_CLOEXEC, 0}),
	FcntlCmd: oneOf(symbol{"F_DUPFD", unix.F_DUPFD, 0}, symbol{"F_GETFD", unix.F_GETFD, 0}, symbol{"F_SETFD", unix.F_SETFD, 0}, symbol{"F_GETFL", unix.F_GETFL, 0},
		symbol{"F_SETFL", unix.F_SETFL, 0}, symbol{"F_GETLK", unix.F_GETLK, 0}, symbol{"F_SETLK", unix.F_SETLK, 0}, symbol{"F_SETLKW", unix.F_SETLKW, 0},
		symbol{"F_SETOWN", unix.F_SETOWN, 0}, symbol{"F_GETOWN", unix.F_GETOWN, 0}, symbol{"F_DUPFD_CLOEXEC", unix.F_DUPFD_CLOEXEC, 0},
		symbol{"F_SETPIPE_SZ", unix.F_SETPIPE_SZ, 0}, symbol{"F_GETPIPE_SZ", unix.F_GETPIPE_SZ, 0}, symbol{"F_ADD_SEALS", unix.F_ADD_SEALS, 0}),
	PrctlOption: oneOf(symbol{"PR_SET_PDEATHSIG", unix.PR_SET_PDEATHSIG, 0}, symbol{"PR_GET_DUMPABLE", unix.PR_GET_DUMPABLE, 0}, symbol{"PR_SET_DUMPABLE", unix.PR_SET_DUMPABLE, 0},
		symbol{"PR_SET_KEEPCAPS", unix.PR_SET_KEEPCAPS, 0}, symbol{"PR_SET_NAME", unix.PR_SET_NAME, 0}, symbol{"PR_GET_NAME", unix.PR_GET_NAME, 0},
		symbol{"PR_SET_SECCOMP", unix.PR_SET_SECCOMP, 0}, symbol{"PR_CAPBSET_READ", unix.PR_CAPBSET_READ, 0}, symbol{"PR_CAPBSET_DROP", unix.PR_CAPBSET_DROP, 0},
		symbol{"PR_SET_SECUREBITS", unix.PR_SET_SECUREBITS, 0}, symbol{"PR_SET_MM", unix.PR_SET_MM, 0}, symbol{"PR_SET_CHILD_SUBREAPER", unix.PR_SET_CHILD_SUBREAPER, 0},
		symbol{"PR_SET_NO_NEW_PRIVS", unix.PR_SET_NO_NEW_PRIVS, 0}, symbol{"PR_CAP_AMBIENT", unix.PR_CAP_AMBIENT, 0},
		symbol{"PR_SET_PTRACER", unix.PR_SET_PTRACER, 0}, symbol{"PR_SET_VMA", unix.PR_SET_VMA, 0}),
	PtraceRequest: oneOf(symbol{"PTRACE_TRACEME", unix.PTRACE_TRACEME, 0}, symbol{"PTRACE_PEEKTEXT", unix.PTRACE_PEEKTEXT, 0}, symbol{"PTRACE_PEEKDATA", unix.PTRACE_PEEKDATA, 0},
		symbol{"PTRACE_PEEKUSR", 3, 0}, symbol{"PTRACE_POKETEXT", unix.PTRACE_POKETEXT, 0}, symbol{"PTRACE_POKEDATA", unix.PTRACE_POKEDATA, 0},
		symbol{"PTRACE_POKEUSR", 6, 0}, symbol{"PTRACE_CONT", unix.PTRACE_CONT, 0}, symbol{"PTRACE_KILL", unix.PTRACE_KILL, 0}, symbol{"PTRACE_SINGLESTEP", unix.PTRACE_SINGLESTEP, 0},
		symbol{"PTRACE_GETREGS", 12, 0}, symbol{"PTRACE_SETREGS", 13, 0}, symbol{"PTRACE_ATTACH", unix.PTRACE_ATTACH, 0}, symbol{"PTRACE_DETACH", unix.PTRACE_DETACH, 0},
		symbol{"PTRACE_SYSCALL", unix.PTRACE_SYSCALL, 0}, symbol{"PTRACE_SETOPTIONS", unix.PTRACE_SETOPTIONS, 0}, symbol{"PTRACE_GETREGSET", unix.PTRACE_GETREGSET, 0},
		symbol{"PTRACE_SETREGSET", unix.PTRACE_SETREGSET, 0}, symbol{"PTRACE_SEIZE", unix.PTRACE_SEIZE, 0}, symbol{"PTRACE_INTERRUPT", unix.PTRACE_INTERRUPT, 0},
		symbol{"PTRACE_LISTEN", unix.PTRACE_LISTEN, 0}),
	BPFCmd: oneOf(symbol{"BPF_MAP_CREATE", unix.BPF_MAP_CREATE, 0}, symbol{"BPF_MAP_LOOKUP_ELEM", unix.BPF_MAP_LOOKUP_ELEM, 0}, symbol{"BPF_MAP_UPDATE_ELEM", unix.BPF_MAP_UPDATE_ELEM, 0},
		symbol{"BPF_MAP_DELETE_ELEM", unix.BPF_MAP_DELETE_ELEM, 0}, symbol{"BPF_MAP_GET_NEXT_KEY", unix.BPF_MAP_GET_NEXT_KEY, 0}, symbol{"BPF_PROG_LOAD", unix.BPF_PROG_LOAD, 0},
		symbol{"BPF_OBJ_PIN", unix.BPF_OBJ_PIN, 0}, symbol{"BPF_OBJ_GET", unix.BPF_OBJ_GET, 0}, symbol{"BPF_PROG_ATTACH", unix.BPF_PROG_ATTACH, 0},
		symbol{"BPF_PROG_DETACH", unix.BPF_PROG_DETACH, 0}, symbol{"BPF_PROG_TEST_RUN", unix.BPF_PROG_TEST_RUN, 0}, symbol{"BPF_PROG_QUERY", unix.BPF_PROG_QUERY, 0},
		symbol{"BPF_RAW_TRACEPOINT_OPEN", unix.BPF_RAW_TRACEPOINT_OPEN, 0}, symbol{"BPF_BTF_LOAD", unix.BPF_BTF_LOAD, 0}, symbol{"BPF_LINK_CREATE", unix.BPF_LINK_CREATE, 0}),
	SeccompOp: oneOf(symbol{"SECCOMP_SET_MODE_STRICT", 0, 0}, symbol{"SECCOMP_SET_MODE_FILTER", 1, 0},
		symbol{"SECCOMP_GET_ACTION_AVAIL", 2, 0}, symbol{"SECCOMP_GET_NOTIF_SIZES", 3, 0}),
	KeyctlOp: oneOf(symbol{"KEYCTL_GET_KEYRING_ID", unix.KEYCTL_GET_KEYRING_ID, 0}, symbol{"KEYCTL_JOIN_SESSION_KEYRING", unix.KEYCTL_JOIN_SESSION_KEYRING, 0},
		symbol{"KEYCTL_UPDATE", unix.KEYCTL_UPDATE, 0}, symbol{"KEYCTL_REVOKE", unix.KEYCTL_REVOKE, 0}, symbol{"KEYCTL_CHOWN", unix.KEYCTL_CHOWN, 0},
		symbol{"KEYCTL_SETPERM", unix.KEYCTL_SETPERM, 0}, symbol{"KEYCTL_DESCRIBE", unix.KEYCTL_DESCRIBE, 0}, symbol{"KEYCTL_CLEAR", unix.KEYCTL_CLEAR, 0},
		symbol{"KEYCTL_LINK", unix.KEYCTL_LINK, 0}, symbol{"KEYCTL_UNLINK", unix.KEYCTL_UNLINK, 0}, symbol{"KEYCTL_SEARCH", unix.KEYCTL_SEARCH, 0},
		symbol{"KEYCTL_READ", unix.KEYCTL_READ, 0}, symbol{"KEYCTL_INSTANTIATE", unix.KEYCTL_INSTANTIATE, 0}),
	SignalNumber: signalNames(),
}

// signalNames takes the names from x/sys, which generates them from the kernel's headers.
func signalNames() *symbolSet {
	set := oneOf()
	for n := range unix.Signal(65) {
		if name := unix.SignalName(n); name != "" {
			set.names = append(set.names, symbol{name, uint64(n), 0})
		}
	}
	return set
}
