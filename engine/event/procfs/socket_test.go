package procfs

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

func TestRolesAreTheListenersAndTheOthers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port // of those that the kernel gives
	end := func(port int) []byte { return rawIP(unix.AF_INET, []byte{127, 0, 0, 1}, port) }
	for _, tt := range []struct {
		name          string
		local, remote int
		want          event.Role
	}{
		{"who has the port of a listener serves", port, port - 1, event.RoleServer},
		{"who has another is a client", port - 1, port, event.RoleClient},
		{"a small port tells enough", port, 443, event.RoleUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := event.Socket{Domain: unix.AF_INET, Kind: unix.SOCK_STREAM, Local: end(tt.local), Remote: end(tt.remote)}
			if got := roleOf(os.Getpid(), &s); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWhichSocketsConnectAtOnce(t *testing.T) {
	const nonblocking = unix.SOCK_NONBLOCK
	r := New(&event.Builder{})
	for _, tt := range []struct {
		name                string
		domain, kind, proto int
		want                bool
	}{
		{"TCP", unix.AF_INET, unix.SOCK_STREAM, 0, false},
		{"TCP that does not block", unix.AF_INET, unix.SOCK_STREAM | nonblocking, 0, true},
		{"the same of IPv6", unix.AF_INET6, unix.SOCK_STREAM | nonblocking, 0, true},
		{"UDP", unix.AF_INET, unix.SOCK_DGRAM, 0, true},
		{"UNIX", unix.AF_UNIX, unix.SOCK_STREAM | nonblocking, 0, false},
		{"MPTCP", unix.AF_INET, unix.SOCK_STREAM | nonblocking, unix.IPPROTO_MPTCP, false},
		{"netlink", unix.AF_NETLINK, unix.SOCK_DGRAM, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fd, err := unix.Socket(tt.domain, tt.kind, tt.proto)
			if err != nil {
				t.Skipf("wants such a socket: %v", err)
			}
			defer unix.Close(fd)
			if got := r.ConnectsAtOnce(os.Getpid(), fd); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	require.False(t, r.ConnectsAtOnce(os.Getpid(), int(null.Fd())), "what is no socket")
	require.False(t, r.ConnectsAtOnce(os.Getpid(), -1), "no descriptor")
}
