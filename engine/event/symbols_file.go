package event

import "golang.org/x/sys/unix"

// The names of what calls on files and mounts take, each set in the order in which Falco prints it.

// oLargefile is O_LARGEFILE as the kernel has it; libraries for 64 bits say 0.
const oLargefile = 0o100000

var openFlagsNames = symbolSet{mask: unix.O_ACCMODE, bits: []symbol{
	{"O_LARGEFILE", oLargefile, 2048}, {"O_DIRECTORY", unix.O_DIRECTORY, 1024}, {"O_DIRECT", unix.O_DIRECT, 512}, {"O_TRUNC", unix.O_TRUNC, 256},
	{"O_SYNC", unix.O_SYNC, 128}, {"O_NONBLOCK", unix.O_NONBLOCK, 64}, {"O_EXCL", unix.O_EXCL, 32}, {"O_DSYNC", unix.O_DSYNC, 16},
	{"O_APPEND", unix.O_APPEND, 8}, {"O_CREAT", unix.O_CREAT, 4}, {"O_RDWR", unix.O_RDWR, 3}, {"O_WRONLY", unix.O_WRONLY, 2},
	{"O_RDONLY", unix.O_RDONLY, 1}, {"O_CLOEXEC", unix.O_CLOEXEC, 4096}, {"O_TMPFILE", unix.O_TMPFILE, 8192},
}}

var fileFlagsNames = symbolSet{bits: []symbol{
	{"O_DIRECT", unix.O_DIRECT, 512}, {"O_NONBLOCK", unix.O_NONBLOCK, 64}, {"O_CLOEXEC", unix.O_CLOEXEC, 4096},
}}

var resolveFlagsNames = symbolSet{bits: []symbol{
	{"RESOLVE_BENEATH", unix.RESOLVE_BENEATH, 1}, {"RESOLVE_IN_ROOT", unix.RESOLVE_IN_ROOT, 2}, {"RESOLVE_NO_MAGICLINKS", unix.RESOLVE_NO_MAGICLINKS, 4},
	{"RESOLVE_NO_SYMLINKS", unix.RESOLVE_NO_SYMLINKS, 8}, {"RESOLVE_NO_XDEV", unix.RESOLVE_NO_XDEV, 16}, {"RESOLVE_CACHED", 0x20, 32},
}}

var atFlagsNames = symbolSet{bits: []symbol{
	{"AT_SYMLINK_FOLLOW", unix.AT_SYMLINK_FOLLOW, 0}, {"AT_SYMLINK_NOFOLLOW", unix.AT_SYMLINK_NOFOLLOW, 0}, {"AT_EMPTY_PATH", unix.AT_EMPTY_PATH, 0},
	{"AT_NO_AUTOMOUNT", unix.AT_NO_AUTOMOUNT, 0}, {"AT_RECURSIVE", unix.AT_RECURSIVE, 0},
}}

var statFlagsNames = symbolSet{bits: []symbol{
	{"AT_EMPTY_PATH", unix.AT_EMPTY_PATH, 0}, {"AT_NO_AUTOMOUNT", unix.AT_NO_AUTOMOUNT, 0}, {"AT_SYMLINK_NOFOLLOW", unix.AT_SYMLINK_NOFOLLOW, 0},
}}

var unlinkFlagsNames = symbolSet{bits: []symbol{
	{"AT_REMOVEDIR", unix.AT_REMOVEDIR, 0},
}}

var renameFlagsNames = symbolSet{bits: []symbol{
	{"RENAME_NOREPLACE", unix.RENAME_NOREPLACE, 0}, {"RENAME_EXCHANGE", unix.RENAME_EXCHANGE, 0}, {"RENAME_WHITEOUT", unix.RENAME_WHITEOUT, 0},
}}

var memfdFlagsNames = symbolSet{bits: []symbol{
	{"MFD_CLOEXEC", unix.MFD_CLOEXEC, 0}, {"MFD_ALLOW_SEALING", unix.MFD_ALLOW_SEALING, 0}, {"MFD_HUGETLB", unix.MFD_HUGETLB, 0},
}}

var mountFlagsNames = symbolSet{bits: []symbol{
	{"RDONLY", unix.MS_RDONLY, 0}, {"NOSUID", unix.MS_NOSUID, 0}, {"NODEV", unix.MS_NODEV, 0}, {"NOEXEC", unix.MS_NOEXEC, 0},
	{"SYNCHRONOUS", unix.MS_SYNCHRONOUS, 0}, {"REMOUNT", unix.MS_REMOUNT, 0}, {"MANDLOCK", unix.MS_MANDLOCK, 0}, {"DIRSYNC", unix.MS_DIRSYNC, 0},
	{"NOATIME", unix.MS_NOATIME, 0}, {"NODIRATIME", unix.MS_NODIRATIME, 0}, {"BIND", unix.MS_BIND, 0}, {"MOVE", unix.MS_MOVE, 0}, {"REC", unix.MS_REC, 0},
	{"SILENT", unix.MS_SILENT, 0}, {"POSIXACL", unix.MS_POSIXACL, 0}, {"UNBINDABLE", unix.MS_UNBINDABLE, 0}, {"PRIVATE", unix.MS_PRIVATE, 0},
	{"SLAVE", unix.MS_SLAVE, 0}, {"SHARED", unix.MS_SHARED, 0}, {"RELATIME", unix.MS_RELATIME, 0}, {"KERNMOUNT", unix.MS_KERNMOUNT, 0},
	{"I_VERSION", unix.MS_I_VERSION, 0}, {"STRICTATIME", unix.MS_STRICTATIME, 0}, {"LAZYTIME", unix.MS_LAZYTIME, 0}, {"NOSEC", unix.MS_NOSEC, 0},
	{"BORN", unix.MS_BORN, 0}, {"ACTIVE", unix.MS_ACTIVE, 0}, {"NOUSER", unix.MS_NOUSER, 0},
}}

var umountFlagsNames = symbolSet{bits: []symbol{
	{"FORCE", unix.MNT_FORCE, 0}, {"DETACH", unix.MNT_DETACH, 0}, {"EXPIRE", unix.MNT_EXPIRE, 0}, {"NOFOLLOW", unix.UMOUNT_NOFOLLOW, 0},
}}

var modeNames = symbolSet{bits: []symbol{
	{"S_IXOTH", 0o1, 0}, {"S_IWOTH", 0o2, 0}, {"S_IROTH", 0o4, 0}, {"S_IXGRP", 0o10, 0}, {"S_IWGRP", 0o20, 0}, {"S_IRGRP", 0o40, 0}, {"S_IXUSR", 0o100, 0},
	{"S_IWUSR", 0o200, 0}, {"S_IRUSR", 0o400, 0}, {"S_ISVTX", 0o1000, 0}, {"S_ISGID", 0o2000, 0}, {"S_ISUID", 0o4000, 0},
}}

var accessModeNames = symbolSet{none: "F_OK", bits: []symbol{
	{"R_OK", unix.R_OK, 0}, {"W_OK", unix.W_OK, 0}, {"X_OK", unix.X_OK, 0},
}}

var flockOpNames = symbolSet{none: "LOCK_NONE", bits: []symbol{
	{"LOCK_SH", unix.LOCK_SH, 1}, {"LOCK_EX", unix.LOCK_EX, 2}, {"LOCK_NB", unix.LOCK_NB, 4}, {"LOCK_UN", unix.LOCK_UN, 8},
}}

var whenceNames = symbolSet{enum: []symbol{
	{"SEEK_END", unix.SEEK_END, 0}, {"SEEK_CUR", unix.SEEK_CUR, 0}, {"SEEK_SET", unix.SEEK_SET, 0},
}}

var fcntlCmdNames = symbolSet{other: symbol{name: "UNKNOWN"}, enum: []symbol{
	{"F_GETPIPE_SZ", unix.F_GETPIPE_SZ, 29}, {"F_SETPIPE_SZ", unix.F_SETPIPE_SZ, 28}, {"F_NOTIFY", unix.F_NOTIFY, 27},
	{"F_DUPFD_CLOEXEC", unix.F_DUPFD_CLOEXEC, 26}, {"F_CANCELLK", 1029, 25}, {"F_GETLEASE", unix.F_GETLEASE, 24}, {"F_SETLEASE", unix.F_SETLEASE, 23},
	{"F_GETOWN_EX", unix.F_GETOWN_EX, 22}, {"F_SETOWN_EX", unix.F_SETOWN_EX, 21}, {"F_GETSIG", unix.F_GETSIG, 15}, {"F_SETSIG", unix.F_SETSIG, 13},
	{"F_GETOWN", unix.F_GETOWN, 12}, {"F_SETOWN", unix.F_SETOWN, 10}, {"F_SETLKW", unix.F_SETLKW, 9}, {"F_SETLK", unix.F_SETLK, 8},
	{"F_GETLK", unix.F_GETLK, 6}, {"F_SETFL", unix.F_SETFL, 5}, {"F_GETFL", unix.F_GETFL, 4}, {"F_SETFD", unix.F_SETFD, 3}, {"F_GETFD", unix.F_GETFD, 2},
	{"F_DUPFD", unix.F_DUPFD, 1}, {"F_OFD_GETLK", unix.F_OFD_GETLK, 30}, {"F_OFD_SETLK", unix.F_OFD_SETLK, 31}, {"F_OFD_SETLKW", unix.F_OFD_SETLKW, 32},
}}

var spliceFlagsNames = symbolSet{bits: []symbol{
	{"SPLICE_F_MOVE", 1, 0}, {"SPLICE_F_NONBLOCK", 2, 0}, {"SPLICE_F_MORE", 4, 0}, {"SPLICE_F_GIFT", 8, 0},
}}

var closeRangeFlagsNames = symbolSet{bits: []symbol{
	{"CLOSE_RANGE_UNSHARE", unix.CLOSE_RANGE_UNSHARE, 0}, {"CLOSE_RANGE_CLOEXEC", unix.CLOSE_RANGE_CLOEXEC, 0},
}}

var epollFlagsNames = symbolSet{bits: []symbol{
	{"EPOLL_CLOEXEC", unix.EPOLL_CLOEXEC, 1},
}}

var fsconfigCmdNames = symbolSet{enum: []symbol{
	{"FSCONFIG_SET_FLAG", unix.FSCONFIG_SET_FLAG, 0}, {"FSCONFIG_SET_STRING", unix.FSCONFIG_SET_STRING, 0},
	{"FSCONFIG_SET_BINARY", unix.FSCONFIG_SET_BINARY, 0}, {"FSCONFIG_SET_PATH", unix.FSCONFIG_SET_PATH, 0},
	{"FSCONFIG_SET_PATH_EMPTY", unix.FSCONFIG_SET_PATH_EMPTY, 0}, {"FSCONFIG_SET_FD", unix.FSCONFIG_SET_FD, 0},
	{"FSCONFIG_CMD_CREATE", unix.FSCONFIG_CMD_CREATE, 0}, {"FSCONFIG_CMD_RECONFIGURE", unix.FSCONFIG_CMD_RECONFIGURE, 0},
}}

var quotaCmdNames = symbolSet{shift: 8, enum: []symbol{
	{"Q_QUOTAON", 0x800002, 1}, {"Q_QUOTAOFF", 0x800003, 2}, {"Q_GETFMT", 0x800004, 4}, {"Q_GETINFO", 0x800005, 8}, {"Q_SETINFO", 0x800006, 16},
	{"Q_GETQUOTA", 0x800007, 32}, {"Q_SETQUOTA", 0x800008, 64}, {"Q_SYNC", 0x800001, 128}, {"Q_XQUOTAON", 0x5801, 256}, {"Q_XQUOTAOFF", 0x5802, 512},
	{"Q_XGETQUOTA", 0x5803, 1024}, {"Q_XSETQLIM", 0x5804, 2048}, {"Q_XGETQSTAT", 0x5805, 4096}, {"Q_XQUOTARM", 0x5806, 8192},
	{"Q_XQUOTASYNC", 0x5807, 16384},
}}
