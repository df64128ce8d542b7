package output

import (
	"errors"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a reader may take to make room for an alert, and
// dialEach how often one that has gone is looked for.
const (
	patience = 5 * time.Second
	dialEach = time.Second
)

var errGone = errors.New("the reader has gone")

// socket is a Unix socket that somebody listens on: another one, perhaps, after
// the first has closed it.
type socket struct {
	path string
	conn net.Conn  // nil while there is no reader
	next time.Time // not dialled before
}

func dial(path string) (*socket, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	return &socket{path: path, conn: conn}, nil
}

// Write writes all of a line. Of a reader that has closed the socket it is kept for the next.
func (s *socket) Write(line []byte) (int, error) {
	n, err := s.write(line)
	if errors.Is(err, unix.EPIPE) {
		n, err = s.write(line)
	}
	return n, err
}

func (s *socket) write(line []byte) (int, error) {
	if err := s.redial(); err != nil {
		return 0, err
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(patience))
	n := 0
	if err == nil {
		n, err = s.conn.Write(line)
	}
	if err != nil {
		_ = s.Close() // what was written in part must not be gone on with
	}
	return n, err
}

// redial looks for a reader where there is none.
func (s *socket) redial() error {
	if s.conn != nil {
		return nil
	}
	now := time.Now()
	if now.Before(s.next) {
		return errGone
	}
	s.next = now.Add(dialEach)
	conn, err := net.Dial("unix", s.path)
	if err == nil { // else it would be an interface with a nil in it
		s.conn = conn
	}
	return err
}

// Close closes the connection, if there is one.
func (s *socket) Close() error {
	if s.conn == nil {
		return nil
	}
	conn := s.conn
	s.conn = nil
	return conn.Close()
}
