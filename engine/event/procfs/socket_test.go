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
