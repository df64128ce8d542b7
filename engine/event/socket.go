package event

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Role is an end of a connection.
type Role uint16

// The roles.
const (
	RoleUnknown Role = iota
	RoleClient
	RoleServer
)

// Role is which end the caller of the row's call is taken for, whatever its socket says: RoleUnknown where that decides.
func (r *Row) Role() Role {
	switch r.Name {
	case "accept", "accept4", "listen", "bind":
		return RoleServer
	case "connect", "sendto", "sendmsg", "sendmmsg":
		return RoleClient
	}
	return RoleUnknown
}

// Socket is what the kernel knows of a socket, as FactSocket carries it.
type Socket struct {
	Domain, Kind, Proto uint16
	Local, Remote       []byte // each a struct sockaddr; empty where there is none
	Role                Role
}

// Append appends the socket as FactSocket has it.
func (s *Socket) Append(b []byte) []byte {
	for _, n := range []uint16{s.Domain, s.Kind, s.Proto, uint16(s.Role), uint16(len(s.Local))} {
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	return append(append(b, s.Local...), s.Remote...)
}

// socketInfo is a Socket as fields read it.
type socketInfo struct {
	domain, kind, proto uint16
	role                Role
	ends                [2]Sock // local, remote
}

func parseSocket(b string) (socketInfo, bool) {
	const header = 10
	if len(b) < header {
		return socketInfo{}, false
	}
	word := func(i int) uint16 { return uint16(b[2*i]) | uint16(b[2*i+1])<<8 }
	info := socketInfo{domain: word(0), kind: word(1), proto: word(2), role: Role(word(3))}
	n := int(word(4))
	if header+n > len(b) {
		return socketInfo{}, false
	}
	info.ends[local], _ = ParseSock(b[header : header+n])
	info.ends[remote], _ = ParseSock(b[header+n:])
	return info, true
}

// knownSocket is what is known of an event's socket, once it was read.
type knownSocket struct {
	socketInfo
	status Status
	read   bool
}

// socket returns what is known of the socket that the event is about. It is valid until the next Begin.
func (v *View) socket() (*socketInfo, Status) {
	if !v.sock.read {
		v.sock.socketInfo, v.sock.status = v.readSocket()
		v.sock.read = true
	}
	return &v.sock.socketInfo, v.sock.status
}

// readSocket reads the fact of the socket, with the address that the call names where it has no remote end yet.
// A call that opens a path never gives one.
func (v *View) readSocket() (socketInfo, Status) {
	if v.Row.Class != Net && !v.Row.hasDescriptor() || v.Row.opensPath() {
		return socketInfo{}, Absent
	}
	fact := v.fact(FactSocket)
	info, ok := parseSocket(fact.Text)
	if fact.Status == Unknown {
		return info, Unknown
	}
	named, has := v.namedAddr()
	if !ok && !has {
		return info, Absent
	}
	if has && !info.ends[remote].isSpecified() {
		info.ends[remote] = named
	}
	if info.domain == 0 {
		info.domain = named.Family
	}
	return info, Known
}

// namedAddr returns the address that a call names as its peer.
func (v *View) namedAddr() (Sock, bool) {
	i := v.Row.first(0, func(t Type) bool { return t == SockAddr || t == MsgName })
	if i < 0 || v.Row.Name == "bind" {
		return Sock{}, false
	}
	raw := v.fact(Part(i))
	if raw.Status != Known {
		return Sock{}, false
	}
	return ParseSock(raw.Text)
}

// An end of a connection.
type side int

const (
	local side = iota
	remote
	client
	server
)

// end returns which address an end is, and the address.
func (v *View) end(s side) (netip.AddrPort, Status) {
	info, st := v.socket()
	if st != Known {
		return netip.AddrPort{}, st
	}
	if s >= client {
		s = info.sideOf(s, v.Row)
	}
	if !info.ends[s].Addr.IsValid() {
		return netip.AddrPort{}, Absent
	}
	return info.ends[s].Addr, Known
}

// sideOf tells client and server apart: by the call, or what the source knows, or
// else the smaller port is taken for the server's.
func (info *socketInfo) sideOf(s side, row *Row) side {
	if (s == server) == info.isServer(row) {
		return local
	}
	return remote
}

func (info *socketInfo) isServer(row *Row) bool {
	if role := cmp.Or(row.Role(), info.role); role != RoleUnknown {
		return role == RoleServer
	}
	l, r := info.ends[local].Addr, info.ends[remote].Addr
	return l.IsValid() && (!r.IsValid() || l.Port() < r.Port())
}

// isSpecified reports whether the address is one that the kernel takes as it is.
func (s Sock) isSpecified() bool {
	return s.Path != "" || s.Addr.IsValid() && !s.Addr.Addr().IsUnspecified()
}

// append writes an address as messages show it.
func (s Sock) append(b []byte) []byte {
	switch {
	case s.Addr.IsValid():
		b = s.Addr.Addr().AppendTo(b)
		return strconv.AppendUint(append(b, ':'), uint64(s.Addr.Port()), 10)
	case s.Family == unix.AF_UNIX:
		return append(b, s.Path...)
	}
	return strconv.AppendUint(append(b, "family "...), uint64(s.Family), 10)
}

func appendAddr(b []byte, raw string) []byte {
	a, ok := netip.AddrFromSlice([]byte(raw))
	if !ok {
		return append(b, "<NA>"...)
	}
	return a.AppendTo(b)
}
