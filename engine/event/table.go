package event

// Row is one line of the table: all that tiercel knows of a system call.
//
// The index of a row is its identity in filters, BPF maps and recorded events.
// So lines are only ever appended, and a line keeps its parameters' order; the
// only change permitted to a line is a further parameter at its end.
type Row struct {
	Name   string // the kernel's name, as libseccomp and evt.type know it
	Class  Class
	When   When
	Params Params // in the order of the call's arguments
	Effect Effect // on the state of the process
}

// Params are a call's parameters, under the names that Falco gives them.
type Params []Param

// Param is one parameter of a call. Without In it is the argument at its own
// position; with In it is a 64-bit word of the struct that an argument points to.
type Param struct {
	Name string
	Type Type
	In   *Word
}

// Word names a 64-bit word: the Index-th of the struct that argument Arg points to.
type Word struct{ Arg, Index int }

// Class is the kind of a call (Falco's evt.category).
type Class uint8

// The classes.
const (
	Other Class = iota
	File
	Net
	Memory
	Proc
	User
	Signals
	System
	IPC
)

var classNames = [...]string{
	Other: "other", File: "file", Net: "net", Memory: "memory", Proc: "process",
	User: "user", Signals: "signal", System: "system", IPC: "IPC",
}

func (c Class) String() string { return classNames[c] }

// When says where a call's event is complete.
type When uint8

// A call whose result matters is complete at its exit, one that does not return at its entry.
// A pseudo row is no system call: the source itself raises it.
const (
	Exit When = iota
	Entry
	Pseudo
)

// Effect is what a successful call changes in the process, as bits.
type Effect uint16

// The effects. A source reads the new state from the kernel after the call; it never computes it.
const (
	OpensFD  Effect = 1 << iota // the result is a descriptor of the object that the path names
	Executes                    // another program image
	Spawns                      // a new process or thread
	Ends                        // the process is gone
	SetsIDs                     // user, group or capability sets
	SetsJob                     // session or process group
	SetsName                    // the thread's name
)

// Table has one row per system call. See Row for what may be changed here.
var Table = [...]Row{
	// Pseudo rows: what a source says of processes by itself.
	0: {"procinfo", Proc, Pseudo, nil, 0},
	1: {"spawn", Proc, Pseudo, Params{{Name: "child", Type: PID}}, Spawns},
	2: {"procexit", Proc, Pseudo, Params{{Name: "status", Type: Int}}, Ends},

	// Files: opening.
	3: {"open", File, Exit, Params{{"name", Path, nil}, {"flags", OpenFlags, nil}, {"mode", Mode, nil}}, OpensFD},
	4: {"openat", File, Exit, Params{{"dirfd", DirFD, nil}, {"name", Path, nil}, {"flags", OpenFlags, nil}, {"mode", Mode, nil}}, OpensFD},
	5: {"openat2", File, Exit, Params{{"dirfd", DirFD, nil}, {"name", Path, nil}, {"how", Pointer, nil}, {"size", Uint, nil},
		{"flags", OpenFlags, &Word{2, 0}}, {"mode", Mode, &Word{2, 1}}, {"resolve", ResolveFlags, &Word{2, 2}}}, OpensFD},
	6:  {"creat", File, Exit, Params{{"name", Path, nil}, {"mode", Mode, nil}}, OpensFD},
	7:  {"open_by_handle_at", File, Exit, Params{{"mountfd", FD, nil}, {"handle", Pointer, nil}, {"flags", OpenFlags, nil}}, OpensFD},
	8:  {"name_to_handle_at", File, Exit, Params{{"dirfd", DirFD, nil}, {"name", Path, nil}, {"handle", Pointer, nil}, {"mountid", Pointer, nil}, {"flags", AtFlags, nil}}, 0},
	9:  {"memfd_create", File, Exit, Params{{"name", String, nil}, {"flags", MemfdFlags, nil}}, OpensFD},
	10: {"memfd_secret", Memory, Exit, Params{{"flags", Hex, nil}}, OpensFD},

	// Files: names and links.
	11: {"link", File, Exit, Params{{"oldpath", Path, nil}, {"newpath", Path, nil}}, 0},
	12: {"linkat", File, Exit, Params{{"olddir", DirFD, nil}, {"oldpath", Path, nil}, {"newdir", DirFD, nil}, {"newpath", Path, nil}, {"flags", AtFlags, nil}}, 0},
	13: {"symlink", File, Exit, Params{{"target", String, nil}, {"linkpath", Path, nil}}, 0},
	14: {"symlinkat", File, Exit, Params{{"target", String, nil}, {"linkdirfd", DirFD, nil}, {"linkpath", Path, nil}}, 0},
	15: {"unlink", File, Exit, Params{{"path", Path, nil}}, 0},
	16: {"unlinkat", File, Exit, Params{{"dirfd", DirFD, nil}, {"name", Path, nil}, {"flags", UnlinkFlags, nil}}, 0},
	17: {"rename", File, Exit, Params{{"oldpath", Path, nil}, {"newpath", Path, nil}}, 0},
	18: {"renameat", File, Exit, Params{{"olddirfd", DirFD, nil}, {"oldpath", Path, nil}, {"newdirfd", DirFD, nil}, {"newpath", Path, nil}}, 0},
	19: {"renameat2", File, Exit, Params{{"olddirfd", DirFD, nil}, {"oldpath", Path, nil}, {"newdirfd", DirFD, nil}, {"newpath", Path, nil}, {"flags", RenameFlags, nil}}, 0},
	20: {"mkdir", File, Exit, Params{{"path", Path, nil}, {"mode", Mode, nil}}, 0},
	21: {"mkdirat", File, Exit, Params{{"dirfd", DirFD, nil}, {"path", Path, nil}, {"mode", Mode, nil}}, 0},
	22: {"rmdir", File, Exit, Params{{"path", Path, nil}}, 0},
	23: {"mknod", File, Exit, Params{{"path", Path, nil}, {"mode", Mode, nil}, {"dev", Hex, nil}}, 0},
	24: {"mknodat", File, Exit, Params{{"dirfd", DirFD, nil}, {"path", Path, nil}, {"mode", Mode, nil}, {"dev", Hex, nil}}, 0},
	25: {"truncate", File, Exit, Params{{"path", Path, nil}, {"length", Int64, nil}}, 0},
	26: {"ftruncate", File, Exit, Params{{"fd", FD, nil}, {"length", Int64, nil}}, 0},

	// Files: permissions, owners, attributes.
	27: {"chmod", File, Exit, Params{{"filename", Path, nil}, {"mode", Mode, nil}}, 0},
	28: {"fchmod", File, Exit, Params{{"fd", FD, nil}, {"mode", Mode, nil}}, 0},
	29: {"fchmodat", File, Exit, Params{{"dirfd", DirFD, nil}, {"filename", Path, nil}, {"mode", Mode, nil}}, 0},
	30: {"fchmodat2", File, Exit, Params{{"dirfd", DirFD, nil}, {"filename", Path, nil}, {"mode", Mode, nil}, {"flags", AtFlags, nil}}, 0},
	31: {"chown", File, Exit, Params{{"path", Path, nil}, {"uid", UID, nil}, {"gid", GID, nil}}, 0},
	32: {"lchown", File, Exit, Params{{"path", Path, nil}, {"uid", UID, nil}, {"gid", GID, nil}}, 0},
	33: {"fchown", File, Exit, Params{{"fd", FD, nil}, {"uid", UID, nil}, {"gid", GID, nil}}, 0},
	34: {"fchownat", File, Exit, Params{{"dirfd", DirFD, nil}, {"pathname", Path, nil}, {"uid", UID, nil}, {"gid", GID, nil}, {"flags", AtFlags, nil}}, 0},
	35: {"setxattr", File, Exit, Params{{"path", Path, nil}, {"name", String, nil}, {"value", Pointer, nil}, {"size", Uint, nil}, {"flags", Hex, nil}}, 0},
	36: {"lsetxattr", File, Exit, Params{{"path", Path, nil}, {"name", String, nil}, {"value", Pointer, nil}, {"size", Uint, nil}, {"flags", Hex, nil}}, 0},
	37: {"fsetxattr", File, Exit, Params{{"fd", FD, nil}, {"name", String, nil}, {"value", Pointer, nil}, {"size", Uint, nil}, {"flags", Hex, nil}}, 0},
	38: {"removexattr", File, Exit, Params{{"path", Path, nil}, {"name", String, nil}}, 0},
	39: {"utimensat", File, Exit, Params{{"dirfd", DirFD, nil}, {"path", Path, nil}, {"times", Pointer, nil}, {"flags", AtFlags, nil}}, 0},

	// Directories and mounts.
	40: {"chdir", File, Exit, Params{{"path", Path, nil}}, 0},
	41: {"fchdir", File, Exit, Params{{"fd", FD, nil}}, 0},
	42: {"chroot", File, Exit, Params{{"path", Path, nil}}, 0},
	43: {"pivot_root", System, Exit, Params{{"newroot", Path, nil}, {"putold", Path, nil}}, 0},
	44: {"mount", File, Exit, Params{{"dev", String, nil}, {"dir", Path, nil}, {"type", String, nil}, {"flags", MountFlags, nil}}, 0},
	45: {"umount2", File, Exit, Params{{"name", Path, nil}, {"flags", UmountFlags, nil}}, 0},
	46: {"move_mount", System, Exit, Params{{"fromdirfd", DirFD, nil}, {"frompath", Path, nil}, {"todirfd", DirFD, nil}, {"topath", Path, nil}, {"flags", Hex, nil}}, 0},
	47: {"open_tree", System, Exit, Params{{"dirfd", DirFD, nil}, {"path", Path, nil}, {"flags", Hex, nil}}, OpensFD},
	48: {"fsopen", System, Exit, Params{{"name", String, nil}, {"flags", Hex, nil}}, 0},
	49: {"fsconfig", System, Exit, Params{{"fd", FD, nil}, {"cmd", Uint, nil}, {"key", String, nil}}, 0},
	50: {"fsmount", System, Exit, Params{{"fd", FD, nil}, {"flags", Hex, nil}, {"attr", Hex, nil}}, 0},
	51: {"fspick", System, Exit, Params{{"dirfd", DirFD, nil}, {"path", Path, nil}, {"flags", Hex, nil}}, 0},
	52: {"mount_setattr", System, Exit, Params{{"dirfd", DirFD, nil}, {"path", Path, nil}, {"flags", AtFlags, nil}}, 0},
	53: {"swapon", System, Exit, Params{{"path", Path, nil}, {"flags", Hex, nil}}, 0},
	54: {"swapoff", System, Exit, Params{{"path", Path, nil}}, 0},
	55: {"acct", System, Exit, Params{{"path", Path, nil}}, 0},
	56: {"quotactl", System, Exit, Params{{"cmd", Hex, nil}, {"special", String, nil}, {"id", Uint, nil}}, 0},

	// Descriptors and data.
	57: {"dup", File, Exit, Params{{"oldfd", FD, nil}}, 0},
	58: {"dup2", File, Exit, Params{{"oldfd", FD, nil}, {"newfd", FD, nil}}, 0},
	59: {"dup3", File, Exit, Params{{"oldfd", FD, nil}, {"newfd", FD, nil}, {"flags", OpenFlags, nil}}, 0},
	60: {"fcntl", File, Exit, Params{{"fd", FD, nil}, {"cmd", FcntlCmd, nil}, {"arg", Hex, nil}}, 0},
	61: {"close", File, Exit, Params{{"fd", FD, nil}}, 0},
	62: {"ioctl", File, Exit, Params{{"fd", FD, nil}, {"request", Hex, nil}, {"argument", Hex, nil}}, 0},
	63: {"sendfile", File, Exit, Params{{"out_fd", FD, nil}, {"in_fd", FD, nil}, {"offset", Pointer, nil}, {"size", Uint, nil}}, 0},
	64: {"splice", File, Exit, Params{{"fd_in", FD, nil}, {"off_in", Pointer, nil}, {"fd_out", FD, nil}, {"off_out", Pointer, nil}, {"size", Uint, nil}, {"flags", Hex, nil}}, 0},
	65: {"copy_file_range", File, Exit, Params{{"fdin", FD, nil}, {"offin", Pointer, nil}, {"fdout", FD, nil}, {"offout", Pointer, nil}, {"len", Uint, nil}}, 0},

	// Sockets.
	66: {"socket", Net, Exit, Params{{"domain", Domain, nil}, {"type", SockType, nil}, {"proto", Uint, nil}}, OpensFD},
	67: {"socketpair", Net, Exit, Params{{"domain", Domain, nil}, {"type", SockType, nil}, {"proto", Uint, nil}}, 0},
	68: {"bind", Net, Exit, Params{{"fd", FD, nil}, {"addr", SockAddr, nil}, {"addrlen", Uint, nil}}, 0},
	69: {"connect", Net, Exit, Params{{"fd", FD, nil}, {"addr", SockAddr, nil}, {"addrlen", Uint, nil}}, 0},
	70: {"listen", Net, Exit, Params{{"fd", FD, nil}, {"backlog", Int, nil}}, 0},
	71: {"accept", Net, Exit, Params{{"listenfd", FD, nil}}, OpensFD},
	72: {"accept4", Net, Exit, Params{{"listenfd", FD, nil}, {"addr", Pointer, nil}, {"addrlen", Pointer, nil}, {"flags", SockType, nil}}, OpensFD},
	73: {"sendto", Net, Exit, Params{{"fd", FD, nil}, {"data", Pointer, nil}, {"size", Uint, nil}, {"flags", Hex, nil}, {"addr", SockAddr, nil}, {"addrlen", Uint, nil}}, 0},
	74: {"sendmsg", Net, Exit, Params{{"fd", FD, nil}, {"msg", MsgName, nil}, {"flags", Hex, nil}}, 0},
	75: {"sendmmsg", Net, Exit, Params{{"fd", FD, nil}, {"msg", MsgName, nil}, {"vlen", Uint, nil}, {"flags", Hex, nil}}, 0},
	76: {"recvfrom", Net, Exit, Params{{"fd", FD, nil}, {"data", Pointer, nil}, {"size", Uint, nil}, {"flags", Hex, nil}}, 0},
	77: {"recvmsg", Net, Exit, Params{{"fd", FD, nil}, {"msg", Pointer, nil}, {"flags", Hex, nil}}, 0},
	78: {"setsockopt", Net, Exit, Params{{"fd", FD, nil}, {"level", Int, nil}, {"optname", Int, nil}}, 0},
	79: {"shutdown", Net, Exit, Params{{"fd", FD, nil}, {"how", Int, nil}}, 0},

	// Processes.
	80: {"execve", Proc, Exit, Params{{"filename", Path, nil}, {"argv", Strings, nil}, {"envp", Pointer, nil}}, Executes},
	81: {"execveat", Proc, Exit, Params{{"dirfd", DirFD, nil}, {"filename", Path, nil}, {"argv", Strings, nil}, {"envp", Pointer, nil}, {"execflags", AtFlags, nil}}, Executes},
	82: {"fork", Proc, Exit, nil, Spawns},
	83: {"vfork", Proc, Exit, nil, Spawns},
	84: {"clone", Proc, Exit, Params{{"flags", CloneFlags, nil}}, Spawns},
	85: {"clone3", Proc, Exit, Params{{"args", Pointer, nil}, {"size", Uint, nil}, {"flags", CloneFlags, &Word{0, 0}}}, Spawns},
	86: {"exit_group", Proc, Entry, Params{{"status", Int, nil}}, 0},
	87: {"setsid", Proc, Exit, nil, SetsJob},
	88: {"setpgid", Proc, Exit, Params{{"pid", PID, nil}, {"pgid", PID, nil}}, SetsJob},
	89: {"prctl", Proc, Exit, Params{{"option", PrctlOption, nil}, {"arg2", Hex, nil}, {"arg3", Hex, nil}}, SetsName},
	90: {"arch_prctl", Proc, Exit, Params{{"code", Hex, nil}, {"addr", Hex, nil}}, 0},
	91: {"personality", Proc, Exit, Params{{"persona", Hex, nil}}, 0},
	92: {"ptrace", Proc, Exit, Params{{"request", PtraceRequest, nil}, {"pid", PID, nil}, {"addr", Hex, nil}, {"data", Hex, nil}}, 0},
	93: {"process_vm_readv", Proc, Exit, Params{{"pid", PID, nil}}, 0},
	94: {"process_vm_writev", Proc, Exit, Params{{"pid", PID, nil}}, 0},
	95: {"process_madvise", Proc, Exit, Params{{"pidfd", FD, nil}}, 0},
	96: {"kcmp", Proc, Exit, Params{{"pid1", PID, nil}, {"pid2", PID, nil}, {"type", Uint, nil}}, 0},
	97: {"pidfd_open", Proc, Exit, Params{{"pid", PID, nil}, {"flags", Hex, nil}}, 0},
	98: {"pidfd_getfd", Proc, Exit, Params{{"pid_fd", FD, nil}, {"target_fd", Int, nil}, {"flags", Hex, nil}}, 0},
	99: {"prlimit64", Proc, Exit, Params{{"pid", PID, nil}, {"resource", Uint, nil}}, 0},

	// Signals.
	100: {"kill", Signals, Exit, Params{{"pid", PID, nil}, {"sig", SignalNumber, nil}}, 0},
	101: {"tkill", Signals, Exit, Params{{"tid", PID, nil}, {"sig", SignalNumber, nil}}, 0},
	102: {"tgkill", Signals, Exit, Params{{"pid", PID, nil}, {"tid", PID, nil}, {"sig", SignalNumber, nil}}, 0},
	103: {"pidfd_send_signal", Signals, Exit, Params{{"pidfd", FD, nil}, {"sig", SignalNumber, nil}}, 0},

	// Credentials.
	104: {"setuid", User, Exit, Params{{"uid", UID, nil}}, SetsIDs},
	105: {"setgid", User, Exit, Params{{"gid", GID, nil}}, SetsIDs},
	106: {"setreuid", User, Exit, Params{{"ruid", UID, nil}, {"euid", UID, nil}}, SetsIDs},
	107: {"setregid", User, Exit, Params{{"rgid", GID, nil}, {"egid", GID, nil}}, SetsIDs},
	108: {"setresuid", User, Exit, Params{{"ruid", UID, nil}, {"euid", UID, nil}, {"suid", UID, nil}}, SetsIDs},
	109: {"setresgid", User, Exit, Params{{"rgid", GID, nil}, {"egid", GID, nil}, {"sgid", GID, nil}}, SetsIDs},
	110: {"setfsuid", User, Exit, Params{{"uid", UID, nil}}, 0},
	111: {"setfsgid", User, Exit, Params{{"gid", GID, nil}}, 0},
	112: {"setgroups", User, Exit, Params{{"size", Uint, nil}}, 0},
	113: {"capset", User, Exit, Params{{"header", Pointer, nil}, {"data", Pointer, nil}}, SetsIDs},

	// Namespaces, modules, kernel interfaces.
	114: {"unshare", Proc, Exit, Params{{"flags", CloneFlags, nil}}, SetsIDs},
	115: {"setns", Proc, Exit, Params{{"fd", FD, nil}, {"nstype", CloneFlags, nil}}, SetsIDs},
	116: {"init_module", System, Exit, Params{{"img", Pointer, nil}, {"length", Uint, nil}, {"uargs", String, nil}}, 0},
	117: {"finit_module", System, Exit, Params{{"fd", FD, nil}, {"uargs", String, nil}, {"flags", ModuleFlags, nil}}, 0},
	118: {"delete_module", System, Exit, Params{{"name", String, nil}, {"flags", OpenFlags, nil}}, 0},
	119: {"kexec_load", System, Exit, Params{{"entry", Hex, nil}, {"nr_segments", Uint, nil}, {"segments", Pointer, nil}, {"flags", Hex, nil}}, 0},
	120: {"kexec_file_load", System, Exit, Params{{"kernel_fd", FD, nil}, {"initrd_fd", FD, nil}, {"cmdline_len", Uint, nil}, {"cmdline", String, nil}, {"flags", Hex, nil}}, 0},
	121: {"bpf", System, Exit, Params{{"cmd", BPFCmd, nil}, {"attr", Pointer, nil}, {"size", Uint, nil}}, 0},
	122: {"perf_event_open", System, Exit, Params{{"attr", Pointer, nil}, {"pid", PID, nil}, {"cpu", Int, nil}, {"group_fd", FD, nil}, {"flags", Hex, nil}}, 0},
	123: {"userfaultfd", System, Exit, Params{{"flags", OpenFlags, nil}}, 0},
	124: {"seccomp", System, Exit, Params{{"op", SeccompOp, nil}, {"flags", Hex, nil}, {"args", Pointer, nil}}, 0},
	125: {"io_uring_setup", System, Exit, Params{{"entries", Uint, nil}, {"params", Pointer, nil}}, 0},
	126: {"io_uring_enter", System, Exit, Params{{"fd", FD, nil}, {"to_submit", Uint, nil}, {"min_complete", Uint, nil}, {"flags", Hex, nil}}, 0},
	127: {"io_uring_register", System, Exit, Params{{"fd", FD, nil}, {"opcode", Uint, nil}, {"arg", Pointer, nil}, {"nr_args", Uint, nil}}, 0},
	128: {"add_key", System, Exit, Params{{"type", String, nil}, {"description", String, nil}}, 0},
	129: {"request_key", System, Exit, Params{{"type", String, nil}, {"description", String, nil}}, 0},
	130: {"keyctl", System, Exit, Params{{"operation", KeyctlOp, nil}, {"arg2", Hex, nil}, {"arg3", Hex, nil}, {"arg4", Hex, nil}, {"arg5", Hex, nil}}, 0},
	131: {"iopl", System, Exit, Params{{"level", Uint, nil}}, 0},
	132: {"ioperm", System, Exit, Params{{"from", Hex, nil}, {"num", Uint, nil}, {"turn_on", Int, nil}}, 0},
	133: {"reboot", System, Entry, Params{{"magic", Hex, nil}, {"magic2", Hex, nil}, {"cmd", Hex, nil}}, 0},
	134: {"sethostname", System, Exit, Params{{"name", String, nil}, {"len", Uint, nil}}, 0},
	135: {"settimeofday", System, Exit, Params{{"tv", Pointer, nil}, {"tz", Pointer, nil}}, 0},
	136: {"clock_settime", System, Exit, Params{{"clockid", Int, nil}, {"tp", Pointer, nil}}, 0},
	137: {"syslog", System, Exit, Params{{"type", Int, nil}, {"buf", Pointer, nil}, {"len", Int, nil}}, 0},
	138: {"fanotify_init", System, Exit, Params{{"flags", Hex, nil}, {"event_f_flags", OpenFlags, nil}}, 0},

	// Memory.
	139: {"mmap", Memory, Exit, Params{{"addr", Hex, nil}, {"length", Uint, nil}, {"prot", ProtFlags, nil}, {"flags", Hex, nil}, {"fd", FD, nil}, {"offset", Hex, nil}}, 0},
	140: {"mprotect", Memory, Exit, Params{{"addr", Hex, nil}, {"length", Uint, nil}, {"prot", ProtFlags, nil}}, 0},
	141: {"remap_file_pages", Memory, Exit, Params{{"addr", Hex, nil}, {"size", Uint, nil}, {"prot", ProtFlags, nil}}, 0},
}

// compat has the names under which 32-bit x86 knows calls a second time, with the same arguments.
var compat = map[string]string{
	"chown": "chown32", "lchown": "lchown32", "fchown": "fchown32",
	"setuid": "setuid32", "setgid": "setgid32", "setreuid": "setreuid32", "setregid": "setregid32",
	"setresuid": "setresuid32", "setresgid": "setresgid32", "setfsuid": "setfsuid32", "setfsgid": "setfsgid32",
	"setgroups": "setgroups32", "fcntl": "fcntl64", "sendfile": "sendfile64", "mmap": "mmap2",
	"umount2": "umount", "clock_settime": "clock_settime64", "truncate": "truncate64", "ftruncate": "ftruncate64",
}

// Names returns every kernel name that the row stands for: none for a pseudo row.
func (r *Row) Names() []string {
	if r.When == Pseudo {
		return nil
	}
	if other, ok := compat[r.Name]; ok {
		return []string{r.Name, other}
	}
	return []string{r.Name}
}

// Param returns the index of the named parameter, or -1.
func (r *Row) Param(name string) int {
	for i := range r.Params {
		if r.Params[i].Name == name {
			return i
		}
	}
	return -1
}

// Lookup returns the index in Table of the row with that name (evt.type), or -1.
func Lookup(name string) int {
	for i := range Table {
		if Table[i].Name == name {
			return i
		}
	}
	return -1
}

// The rows that a source raises by itself.
const (
	RowProcInfo = 0
	RowSpawn    = 1
	RowProcExit = 2
)
