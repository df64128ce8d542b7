package event

import (
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Type says what a parameter's word means: how it is read from the tracee and how it is printed.
type Type uint8

// The types. The first group is the word itself, the second points into the
// tracee's memory, the third is the word itself with symbolic names (see symbols).
const (
	Int      Type = iota // 32 bits, signed
	Int64                // 64 bits, signed
	Uint                 // 64 bits, unsigned
	Uint32               // 32 bits, unsigned
	Hex                  // 64 bits, printed in base 16
	Hex32                // 32 bits, printed in base 16
	OpenMode             // permissions for a file that is made, printed in base 8; 0 where none is made
	Pointer              // an address that nothing is read from, and that rules do not see
	Buffer               // the same of data, which rules see as bytes that are never there
	FD                   // a descriptor, 32 bits, signed; as a result, or an error
	DirFD                // a descriptor, or AT_FDCWD, that the path after it starts from
	PID                  // a process or thread, as the workload's own PID namespace numbers it
	UID                  // a user, 32 bits; 4294967295 means unchanged
	GID                  // a group, 32 bits; 4294967295 means unchanged
	Errno                // a result: 0 or more, or a negative errno
	AbsTime              // nanoseconds since the epoch
	Tuple                // both ends of a connection

	Path     // a NUL-terminated path, relative to the DirFD before it or else to the working directory
	String   // a NUL-terminated string that is no path
	Strings  // a NULL-terminated array of NUL-terminated strings, recorded with a NUL after each
	SockAddr // a socket address whose length is the next argument
	MsgName  // the socket address in a struct msghdr

	OpenFlags
	FileFlags // those of OpenFlags that calls take which open no path
	ResolveFlags
	AtFlags
	StatFlags
	UnlinkFlags
	RenameFlags
	MemfdFlags
	MountFlags
	UmountFlags
	Mode
	AccessMode
	FlockOp
	Whence
	FcntlCmd
	SpliceFlags
	CloseRangeFlags
	EpollFlags
	FsconfigCmd
	QuotaCmd
	Domain
	ShutdownHow
	SockLevel
	SockOption
	CloneFlags
	ModuleFlags
	UnloadFlags
	ProtFlags
	MapFlags
	LockFlags
	LockAllFlags
	PidfdFlags
	PrctlOption
	PtraceRequest
	BPFCmd
	KeyctlOp
	Resource
	FutexOp
	SemgetFlags
	SemctlCmd
	RingFlags
	RingEnterFlags
	RingOp
	ImageFlags // how a process's image came to be
	SignalNumber
)

// InMemory reports whether the word is an address that the parameter's bytes are read from.
func (t Type) InMemory() bool { return t >= Path && t <= MsgName }

// Width returns how many bits of the argument's register belong to the
// parameter; the kernel ignores the others, so a comparison must too.
func (t Type) Width() int {
	switch t {
	case Int64, Uint, Hex, Pointer, Buffer, CloneFlags, MountFlags, MapFlags, PtraceRequest, ProtFlags, ResolveFlags, Path, String, Strings, SockAddr, MsgName, Errno, AbsTime:
		return 64
	case Mode, OpenMode:
		return 16
	}
	return 32
}

// Number returns the word as the number that the type makes of it.
func (t Type) Number(word uint64) int64 {
	switch t {
	case Int, FD, DirFD, PID:
		return int64(int32(uint32(word)))
	}
	if w := t.Width(); w < 64 {
		return int64(word & (1<<w - 1))
	}
	return int64(word)
}

// falco returns a number of the type as Falco numbers it.
func (t Type) falco(n int64) int64 {
	if int(t) < len(symbols) && symbols[t] != nil {
		return int64(symbols[t].number(uint64(n)))
	}
	return n
}

// appendNumber appends a number of the type as Falco prints it.
func (t Type) appendNumber(b []byte, n int64) []byte {
	switch n = t.falco(n); t {
	case Hex, Hex32, Pointer:
		return appendHex(b, uint64(n))
	case Mode, OpenMode:
		if n == 0 {
			return append(b, '0')
		}
		return strconv.AppendUint(append(b, '0'), uint64(n), 8)
	case UID, GID:
		if n == unchanged {
			n = -1
		}
	case AbsTime:
		return time.Unix(0, n).AppendFormat(b, "2006-01-02 15:04:05.000000000 -0700")
	case Uint:
		return strconv.AppendUint(b, uint64(n), 10)
	}
	return strconv.AppendInt(b, n, 10)
}

func appendHex(b []byte, n uint64) []byte {
	start := len(b)
	b = strconv.AppendUint(b, n, 16)
	for i := start; i < len(b); i++ {
		if b[i] >= 'a' {
			b[i] -= 'a' - 'A'
		}
	}
	return b
}

// unchanged is the user or group that says that none is set.
const unchanged = 1<<32 - 1

// appendName appends what a number of the type is called; nothing where it has no name.
func (t Type) appendName(b []byte, n int64) []byte {
	switch {
	case int(t) < len(symbols) && symbols[t] != nil:
		return symbols[t].append(b, uint64(n))
	case t == UID || t == GID:
		if n == unchanged {
			return append(b, "<NONE>"...)
		}
	case t == Errno || t == FD || t == DirFD:
		if n == unix.AT_FDCWD && t != Errno {
			return append(b, "AT_FDCWD"...)
		}
		if n < 0 && n >= -maxErrno {
			return append(b, unix.ErrnoName(unix.Errno(-n))...)
		}
	}
	return b
}

// maxErrno is the largest error number; a result below its negative is an address (linux/err.h).
const maxErrno = 4095

// Sock is what a socket address in memory says.
type Sock struct {
	Family uint16
	Addr   netip.AddrPort // of AF_INET and AF_INET6
	Path   string         // of AF_UNIX; an abstract name starts with '@'
}

// ParseSock reads a struct sockaddr as the kernel defines it (uapi/linux/in.h,
// in6.h, un.h). It reports false where the bytes are too few for their family;
// of another family only the number is known.
func ParseSock(b string) (Sock, bool) {
	if len(b) < 2 {
		return Sock{}, false
	}
	s := Sock{Family: uint16(b[0]) | uint16(b[1])<<8}
	switch s.Family {
	case unix.AF_INET:
		if len(b) < 8 {
			return s, false
		}
		s.Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{b[4], b[5], b[6], b[7]}), bigEndian16(b[2:]))
	case unix.AF_INET6:
		if len(b) < 24 {
			return s, false
		}
		var a [16]byte
		copy(a[:], b[8:24])
		s.Addr = netip.AddrPortFrom(netip.AddrFrom16(a).Unmap(), bigEndian16(b[2:]))
	case unix.AF_UNIX:
		s.Path = unixPath(b[2:])
	}
	return s, true
}

func bigEndian16(b string) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }

func unixPath(b string) string {
	if len(b) > 0 && b[0] == 0 {
		return "@" + b[1:]
	}
	return untilNUL(b)
}

func untilNUL(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			return s[:i]
		}
	}
	return s
}
