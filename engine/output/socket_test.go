package output

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reader listens on a socket and takes the output that dials it.
type reader struct {
	listener net.Listener
	conn     net.Conn
}

func listen(t *testing.T, path string) *reader {
	t.Helper()
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return &reader{listener: listener}
}

func (r *reader) accept(t *testing.T) {
	t.Helper()
	conn, err := r.listener.Accept()
	require.NoError(t, err)
	r.conn = conn
	t.Cleanup(func() { _ = conn.Close() })
}

// leave closes the socket as a reader does that ends.
func (r *reader) leave(t *testing.T) {
	t.Helper()
	require.NoError(t, errors.Join(r.conn.Close(), r.listener.Close()))
}

func TestAReaderThatComesBackGetsAlertsAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first := listen(t, path)
	out := open1(t, "json=unix:"+path)
	first.accept(t)
	require.NoError(t, out.Write(alert("one")))
	first.leave(t)
	require.Error(t, out.Write(alert("lost")), "nobody reads")
	second := listen(t, path)
	if err := out.Write(alert("too soon")); !errors.Is(err, errGone) {
		t.Errorf("within the second: got %v, want %v", err, errGone)
	}
	time.Sleep(dialEach)
	require.NoError(t, out.Write(alert("two")))
	second.accept(t)
	require.NoError(t, out.Close())
	if got := strings.Join(rulesOf(t, second.conn), " "); got != "two" {
		t.Errorf("got %s, want two", got)
	}
}

func TestAnAlertThatMeetsAClosedSocketGoesToTheNextReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	r := listen(t, path)
	out := open1(t, "json=unix:"+path)
	r.accept(t)
	require.NoError(t, r.conn.Close())
	require.NoError(t, out.Write(alert("one")))
	r.accept(t)
	require.NoError(t, out.Close())
	if got := strings.Join(rulesOf(t, r.conn), " "); got != "one" {
		t.Errorf("got %s, want one", got)
	}
}

func TestAReaderThatStallsHoldsNobodyUpForEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	r := listen(t, path)
	out := open1(t, "json=unix:"+path)
	r.accept(t)
	a := alert("one")
	a.Message = strings.Repeat("x", 1<<20) // more than a socket has room for
	begin := time.Now()
	err := out.Write(a)
	if took := time.Since(begin); !errors.Is(err, os.ErrDeadlineExceeded) || took < patience || took > 2*patience {
		t.Errorf("got %v after %v, want %v after %v", err, took, os.ErrDeadlineExceeded, patience)
	}
	require.NoError(t, out.Write(alert("two")), "to the same listener, by another connection")
}
