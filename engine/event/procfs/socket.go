package procfs

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// socketPrefix is how the link of a socket's descriptor in /proc begins; its inode follows.
const socketPrefix = "socket:["

// readSocket returns what the kernel knows of a process's socket: from a duplicate
// of the descriptor (pidfd_getfd, Linux 5.6), or where that is refused, as
// container profiles do, from the tables in /proc/TID/net.
func readSocket(tid, pid, fd int, inode string) (event.Socket, bool) {
	s, ok := socketByDuplicate(pid, fd)
	if !ok {
		s, ok = socketByTable(tid, inode)
	}
	return s, ok
}

// roleOf finds out which end of a connection a socket is where both ports are
// such as the kernel gives to clients (ip(7), ip_local_port_range): a server has
// its port from a socket that listens.
func roleOf(tid int, s *event.Socket) event.Role {
	l, local := event.ParseSock(string(s.Local))
	r, remote := event.ParseSock(string(s.Remote))
	const first = 32768
	if s.Kind != unix.SOCK_STREAM || !local || !remote || l.Addr.Port() < first || r.Addr.Port() < first {
		return event.RoleUnknown
	}
	if isListened(tid, l.Addr) {
		return event.RoleServer
	}
	return event.RoleClient
}

// ConnectsAtOnce reports whether connect(2) of a process's socket waits for nobody: that of UDP, and of TCP
// where the socket is not to block. It says no where that cannot be found out.
func (r *Reader) ConnectsAtOnce(pid, fd int) bool {
	if !r.isSocket(pid, fd) {
		return false
	}
	s, err := duplicate(pid, fd)
	if err != nil {
		return false
	}
	defer unix.Close(s)
	if domain := option(s, unix.SO_DOMAIN); domain != unix.AF_INET && domain != unix.AF_INET6 {
		return false
	}
	switch option(s, unix.SO_PROTOCOL) {
	case unix.IPPROTO_UDP:
		return true
	case unix.IPPROTO_TCP:
		flags, err := unix.FcntlInt(uintptr(s), unix.F_GETFL, 0)
		return err == nil && flags&unix.O_NONBLOCK != 0
	}
	return false
}

// isSocket is asked before a descriptor is duplicated: to close one of another file may wait for whoever serves that.
func (r *Reader) isSocket(pid, fd int) bool {
	var room [len(socketPrefix)]byte
	r.nameFDLink(pid, fd)
	n, errno := readlink(r.link, room[:])
	return errno == 0 && string(room[:n]) == socketPrefix
}

func duplicate(pid, fd int) (dup int, err error) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(pidfd)
	return unix.PidfdGetfd(pidfd, fd, 0)
}

func socketByDuplicate(pid, fd int) (s event.Socket, ok bool) {
	dup, err := duplicate(pid, fd)
	if err != nil {
		return s, false
	}
	defer unix.Close(dup)
	s.Domain = option(dup, unix.SO_DOMAIN)
	s.Kind = option(dup, unix.SO_TYPE)
	s.Proto = option(dup, unix.SO_PROTOCOL)
	if sa, err := unix.Getsockname(dup); err == nil {
		s.Local = rawAddr(sa)
	}
	if sa, err := unix.Getpeername(dup); err == nil {
		s.Remote = rawAddr(sa)
	}
	return s, true
}

func option(fd, name int) uint16 {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, name)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// rawAddr returns an address as the kernel's struct sockaddr has it.
func rawAddr(sa unix.Sockaddr) []byte {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return rawIP(unix.AF_INET, sa.Addr[:], sa.Port)
	case *unix.SockaddrInet6:
		return rawIP(unix.AF_INET6, sa.Addr[:], sa.Port)
	case *unix.SockaddrUnix:
		name := sa.Name
		if name == "@" {
			name = "" // not bound: an abstract name is never empty
		} else if strings.HasPrefix(name, "@") {
			name = "\x00" + name[1:]
		}
		return append(binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX), name...)
	}
	return nil
}

// rawIP returns nothing for an end that has neither address nor port: it is not bound.
func rawIP(family uint16, ip []byte, port int) []byte {
	if port == 0 && len(bytes.Trim(ip, "\x00")) == 0 {
		return nil
	}
	b := binary.NativeEndian.AppendUint16(nil, family)
	b = binary.BigEndian.AppendUint16(b, uint16(port))
	if family == unix.AF_INET6 {
		b = append(b, 0, 0, 0, 0) // flow information
	}
	return append(b, ip...)
}

// table is a file in /proc/TID/net, and what the sockets in it are.
type table struct {
	name                string
	domain, kind, proto uint16
}

var tables = []table{
	{"tcp", unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_TCP}, {"tcp6", unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP},
	{"udp", unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDP}, {"udp6", unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP},
	{"raw", unix.AF_INET, unix.SOCK_RAW, 0}, {"icmp", unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP},
	{"packet", unix.AF_PACKET, unix.SOCK_RAW, 0}, {"netlink", unix.AF_NETLINK, unix.SOCK_RAW, 0}, {"unix", unix.AF_UNIX, unix.SOCK_STREAM, 0},
}

func socketByTable(tid int, inode string) (event.Socket, bool) {
	for _, tab := range tables {
		b, err := readFile(tid, "net/"+tab.name)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(b) {
			if s, ok := tab.socket(strings.Fields(string(line)), inode); ok {
				return s, true
			}
		}
	}
	return event.Socket{}, false
}

// socket returns the socket of a table's line, if it is the one with the inode.
func (tab *table) socket(fields []string, inode string) (event.Socket, bool) {
	s := event.Socket{Domain: tab.domain, Kind: tab.kind, Proto: tab.proto}
	switch tab.domain {
	case unix.AF_INET, unix.AF_INET6:
		if len(fields) < 10 || fields[9] != inode {
			return s, false
		}
		s.Local, s.Remote = tableAddr(tab.domain, fields[1]), tableAddr(tab.domain, fields[2])
		return s, true
	case unix.AF_UNIX: // Num RefCount Protocol Flags Type St Inode [Path]
		if len(fields) < 7 || fields[6] != inode {
			return s, false
		}
		if len(fields) > 7 {
			s.Local = rawAddr(&unix.SockaddrUnix{Name: fields[7]})
		}
		return s, true
	}
	return s, len(fields) > 0 && fields[len(fields)-1] == inode
}

// tableAddr reads ADDRESS:PORT in hexadecimal, the address in 32-bit words of
// the machine's byte order. An address of an end that is not connected has port 0.
func tableAddr(family uint16, s string) []byte {
	hexAddr, hexPort, _ := strings.Cut(s, ":")
	port, err := strconv.ParseUint(hexPort, 16, 16)
	if err != nil || port == 0 {
		return nil
	}
	var ip []byte
	for ; len(hexAddr) >= 8; hexAddr = hexAddr[8:] {
		w, err := strconv.ParseUint(hexAddr[:8], 16, 32)
		if err != nil {
			return nil
		}
		ip = binary.NativeEndian.AppendUint32(ip, uint32(w))
	}
	return rawIP(family, ip, int(port))
}
