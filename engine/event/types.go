package event

import (
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Type says what a parameter's word means: how it is read from the tracee and how it is printed.
type Type uint8

// The types. The first group is the word itself, the second points into the
// tracee's memory, the third is the word itself with symbolic names (see symbols).
const (
	Int     Type = iota // 32 bits, signed
	Int64               // 64 bits, signed
	Uint                // 64 bits, unsigned
	Hex                 // 64 bits, printed in base 16
	Pointer             // an address that nothing is read from
	FD                  // a descriptor, 32 bits, signed
	DirFD               // a descriptor, or AT_FDCWD, that the path after it starts from
	PID                 // a process or thread, as the workload's own PID namespace numbers it
	UID                 // a user, 32 bits; 4294967295 means unchanged
	GID                 // a group, 32 bits; 4294967295 means unchanged

	Path     // a NUL-terminated path, relative to the DirFD before it or else to the working directory
	String   // a NUL-terminated string that is no path
	Strings  // a NULL-terminated array of NUL-terminated strings, recorded with a NUL after each
	SockAddr // a socket address whose length is the next argument
	MsgName  // the socket address in a struct msghdr

	OpenFlags
	ResolveFlags
	AtFlags
	UnlinkFlags
	RenameFlags
	MemfdFlags
	CloneFlags
	MountFlags
	UmountFlags
	ModuleFlags
	ProtFlags
	Mode
	Domain
	SockType
	FcntlCmd
	PrctlOption
	PtraceRequest
	BPFCmd
	SeccompOp
	KeyctlOp
	SignalNumber
)

// InMemory reports whether the word is an address that the parameter's bytes are read from.
func (t Type) InMemory() bool { return t >= Path && t <= MsgName }

// Width returns how many bits of the argument's register belong to the
// parameter; the kernel ignores the others, so a comparison must too.
func (t Type) Width() int {
	switch t {
	case Int64, Uint, Hex, Pointer, CloneFlags, MountFlags, PtraceRequest, ProtFlags, ResolveFlags, Path, String, Strings, SockAddr, MsgName:
		return 64
	case Mode:
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

// AppendWord appends the text of a word of this type, with symbolic names where there are any.
func (t Type) AppendWord(b []byte, word uint64) []byte {
	n := t.Number(word)
	if set := symbols[t]; set != nil {
		return set.append(b, uint64(n))
	}
	switch t {
	case Hex, Pointer:
		return strconv.AppendUint(append(b, "0x"...), word, 16)
	case Uint:
		return strconv.AppendUint(b, word, 10)
	case DirFD:
		if n == unix.AT_FDCWD {
			return append(b, "AT_FDCWD"...)
		}
	}
	return strconv.AppendInt(b, n, 10)
}

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
