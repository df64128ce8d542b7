package procfs

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhereASocketListens(t *testing.T) {
	for _, tt := range []struct {
		name, network, listen    string
		four, other, six, mapped bool // is 127.0.0.1, 127.0.0.2, ::1, ::ffff:127.0.0.1 listened at
	}{
		{"at one address", "tcp4", "127.0.0.1:0", true, false, false, true},
		{"at all addresses", "tcp4", "0.0.0.0:0", true, true, false, true},
		{"at one of IPv6", "tcp6", "[::1]:0", false, false, true, false},
		{"at all of both families", "tcp", "[::]:0", true, true, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen(tt.network, tt.listen)
			if err != nil {
				t.Skipf("no such address here: %v", err)
			}
			defer l.Close()
			port := uint16(l.Addr().(*net.TCPAddr).Port)
			for ip, want := range map[string]bool{"127.0.0.1": tt.four, "127.0.0.2": tt.other, "::1": tt.six, "::ffff:127.0.0.1": tt.mapped} {
				if got, ok := askListener(netip.AddrPortFrom(netip.MustParseAddr(ip), port)); !ok || got != want {
					t.Errorf("%s: got %v, answered %v, want %v", ip, got, ok, want)
				}
			}
			require.NoError(t, l.Close())
			if got, ok := askListener(netip.AddrPortFrom(netip.IPv6Loopback(), port)); got || !ok {
				t.Errorf("once it is closed: got %v, answered %v, want false", got, ok)
			}
		})
	}
}

// A connection is not taken for the listener that it came from.
func TestAConnectionDoesNotListen(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	client, err := net.Dial("tcp4", l.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := l.Accept()
	require.NoError(t, err)
	defer server.Close()
	require.NoError(t, l.Close())
	for _, conn := range []net.Conn{client, server} {
		if isListened(os.Getpid(), conn.LocalAddr().(*net.TCPAddr).AddrPort()) {
			t.Errorf("%v: got a listener, want none", conn.LocalAddr())
		}
	}
}

// What another network namespace's sockets are is read from the kernel's tables.
func TestTablesTellWhereASocketListens(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	table, err := os.ReadFile("/proc/self/net/tcp")
	require.NoError(t, err)
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	if !listens(table, port) {
		t.Errorf("got no listener at %s, want one in\n%s", strconv.Itoa(int(port)), bytes.TrimSpace(table))
	}
	if listens(table, 1) {
		t.Error("got a listener at port 1, want none")
	}
}

func BenchmarkIsListened(b *testing.B) {
	at := netip.MustParseAddrPort("127.0.0.1:40000")
	for b.Loop() {
		isListened(os.Getpid(), at)
	}
}
