package procfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

// isListened reports whether a TCP socket listens at an address in the thread's
// network namespace. Of our own the kernel is asked for that one
// socket; only of another's are all read, which takes milliseconds, as the kernel
// walks its whole table of connections for it.
func isListened(tid int, at netip.AddrPort) bool {
	if spaceOf(tid, "net") == spaceOf(unix.Gettid(), "net") {
		if yes, ok := askListener(at); ok {
			return yes
		}
	}
	for _, tab := range []string{"net/tcp", "net/tcp6"} {
		if b, err := readFile(tid, tab); err == nil && listens(b, at.Port()) {
			return true
		}
	}
	return false
}

// listens reports whether one of a table's sockets is in state 0A (TCP_LISTEN) at the port.
func listens(tab []byte, port uint16) bool {
	end := fmt.Sprintf(":%04X", port)
	for line := range bytes.Lines(tab) {
		fields := strings.Fields(string(line)) // number, local, remote, state
		if len(fields) > 3 && fields[3] == "0A" && strings.HasSuffix(fields[1], end) {
			return true
		}
	}
	return false
}

// askListener looks up the socket that a stranger who calls the address would
// reach (sock_diag(7)); ok is false where the kernel does not answer that.
func askListener(at netip.AddrPort) (yes, ok bool) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return false, false
	}
	defer unix.Close(fd)
	if unix.Sendto(fd, listenerRequest(at), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return false, false
	}
	var answer [512]byte // a struct nlmsghdr and a socket, or an error
	n, _, err := unix.Recvfrom(fd, answer[:], unix.MSG_DONTWAIT)
	if err != nil || n < unix.NLMSG_HDRLEN+4 {
		return false, false
	}
	if binary.NativeEndian.Uint16(answer[4:]) == unix.SOCK_DIAG_BY_FAMILY {
		return true, true
	}
	errno := -int32(binary.NativeEndian.Uint32(answer[unix.NLMSG_HDRLEN:]))
	return false, unix.Errno(errno) == unix.ENOENT
}

// listenerRequest is a struct nlmsghdr and a struct inet_diag_req_v2 whose other
// end is nobody's, so that it finds no connection. As IPv4 a mapped address also
// finds the listeners of both families.
func listenerRequest(at netip.AddrPort) []byte {
	const size = unix.NLMSG_HDRLEN + 56
	ip, family := at.Addr().Unmap(), byte(unix.AF_INET6)
	if ip.Is4() {
		family = unix.AF_INET
	}
	b := binary.NativeEndian.AppendUint32(nil, size)
	b = binary.NativeEndian.AppendUint16(b, unix.SOCK_DIAG_BY_FAMILY)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST)
	b = append(b, make([]byte, 8)...) // sequence and sender: there is one answer
	b = append(b, family, unix.IPPROTO_TCP, 0, 0)
	b = append(b, 0, 0, 0, 0) // states, which count in a dump only
	b = append(binary.BigEndian.AppendUint16(b, at.Port()), 0, 0)
	b = append(b, ip.AsSlice()...)
	b = append(b, make([]byte, size-8-len(b))...)
	return append(b, bytes.Repeat([]byte{0xff}, 8)...) // INET_DIAG_NOCOOKIE, twice
}
