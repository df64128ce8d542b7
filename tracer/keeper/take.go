package keeper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event/procfs"
	"tiercel/seccomp"
)

// ErrNone is that no keeper of a dead supervisor has a process.
var ErrNone = errors.New("no keeper has it")

// ErrRefused is that a keeper does not hand over to this process.
var ErrRefused = errors.New("its keeper refuses")

// Taken is a workload as its keeper hands it over. Until Confirm that one goes on
// answering its calls; a keeper of one's own is to have the listener just before.
type Taken struct {
	Listener  seccomp.Listener
	Processes []int  // those that are known, makers before what they made
	Note      string // the last that a supervisor has left
	Since     uint64 // when that had died, in nanoseconds since the epoch
	from      []from
}

// from is a keeper that hands over.
type from struct {
	conn  *net.UnixConn // with the process that offers
	pidfd int           // the keeper's own
}

// timeToOffer is how long a keeper is looked for whose supervisor may have died a moment ago.
const timeToOffer = 3 * time.Second

// Take asks the keepers of supervisors that have died for the workload that all of the processes are of.
func Take(pids []int) (*Taken, error) {
	for until := time.Now().Add(timeToOffer); ; time.Sleep(20 * time.Millisecond) {
		t, err := takeNow(pids)
		if !errors.Is(err, ErrNone) || time.Now().After(until) || !anyKeeper() {
			return t, err
		}
	}
}

// anyKeeper reports whether there is a keeper at all.
func anyKeeper() bool {
	pids, _ := procfs.Processes() // of none nothing is to be had
	return slices.ContainsFunc(pids, func(pid int) bool {
		b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline") // gone with the process
		return bytes.HasPrefix(b, []byte(name))
	})
}

// none is no descriptor.
const none = -1

func takeNow(pids []int) (*Taken, error) {
	t := &Taken{Listener: none}
	why := ErrNone
	for _, name := range offers() {
		if err := t.ask(name, pids); err != nil && !errors.Is(err, ErrNone) {
			why = err
		}
	}
	if len(t.from) == 0 {
		return nil, why
	}
	return t, nil
}

// offers returns the names of the sockets that keepers listen at, proc_net_unix(5).
func offers() (names []string) {
	const flags, name, listening = 3, 7, "00010000"
	b, _ := os.ReadFile("/proc/net/unix") // without it there are none
	for line := range bytes.Lines(b) {
		if f := strings.Fields(string(line)); len(f) > name && f[flags] == listening && strings.HasPrefix(f[name], socketPrefix) {
			names = append(names, f[name])
		}
	}
	return names
}

// ask asks one keeper. That another has handed over, too, means that a supervisor died
// while it told the one before, in Confirm, that it has its own: then both go on, and
// both are to end. What the older one tells is all.
func (t *Taken) ask(name string, pids []int) error {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return ErrNone // it has ended
	}
	l, a, err := offered(conn, pids)
	keeper := none
	if err == nil {
		keeper, err = unix.PidfdOpen(a.Keeper, 0)
	}
	if errors.Is(err, unix.ESRCH) {
		err = ErrNone // it has ended
	}
	if err != nil {
		closeListener(l)
		_ = conn.Close() // nothing was written that could be lost
		return err
	}
	t.from = append(t.from, from{conn, keeper})
	if t.Listener != none && a.Since > t.Since {
		closeListener(l)
		return nil
	}
	closeListener(t.Listener)
	t.Listener, t.Processes, t.Note, t.Since = l, a.Processes, a.Note, a.Since
	return nil
}

func closeListener(l seccomp.Listener) {
	if l != none {
		_ = l.Close() // a duplicate
	}
}

// offered asks at a keeper's socket, and returns what that hands over.
func offered(conn *net.UnixConn, pids []int) (l seccomp.Listener, a answer, err error) {
	pidfd, peer, err := peerOf(conn)
	if err != nil {
		return none, a, ErrNone
	}
	closePeer(pidfd)
	if isOfAWorkload(int(peer.Pid)) {
		return none, a, ErrNone
	}
	if owner, _ := procfs.User(pids[0]); peer.Uid != 0 && int(peer.Uid) != owner && int(peer.Uid) != os.Geteuid() {
		return none, a, ErrNone // it cannot have that one, whatever it says
	}
	_ = conn.SetDeadline(time.Now().Add(timeToAsk)) // fails on a closed one only
	if l, a, err = exchange(conn, request{pids}); err != nil {
		return l, a, err
	}
	_ = conn.SetDeadline(time.Now().Add(timeToTake))
	switch {
	case a.Refused != "":
		return l, a, fmt.Errorf("%w: %s", ErrRefused, a.Refused)
	case len(a.Lacks) == len(pids):
		return l, a, ErrNone
	case len(a.Lacks) > 0:
		return l, a, fmt.Errorf("process %d is not of the workload that the others are of", a.Lacks[0])
	case a.PID != int(peer.Pid):
		return l, a, errors.New("its keeper is in another PID namespace")
	case !l.Is():
		return l, a, ErrNone // it is no keeper
	}
	a.Processes = slices.DeleteFunc(a.Processes, func(pid int) bool { return !mayBeOf(pid, int(peer.Uid)) })
	return l, a, nil
}

// isOfAWorkload reports whether a process is under more filters than we are: it is no keeper, whatever it says.
func isOfAWorkload(pid int) bool {
	theirs, known := procfs.Filters(pid)
	ours, _ := procfs.Filters(os.Getpid())
	return !known || theirs > ours
}

// maxAnswer is how long an answer may be, in bytes: with all processes that there can be.
const maxAnswer = 1 << 26

// exchange sends the request, and receives the answer with the listener, if that comes with it.
func exchange(conn *net.UnixConn, r request) (l seccomp.Listener, a answer, err error) {
	if err := json.NewEncoder(conn).Encode(r); err != nil && !errors.Is(err, unix.EPIPE) { // who is refused is not asked
		return none, a, err
	}
	l = none
	blank, rights := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := conn.ReadMsgUnix(blank, rights)
	if err != nil {
		return l, a, unlessEnded(err)
	}
	if messages, err := unix.ParseSocketControlMessage(rights[:n]); err == nil && len(messages) == 1 {
		if fds, err := unix.ParseUnixRights(&messages[0]); err == nil {
			l = seccomp.Listener(fds[0])
		}
	}
	if err = json.NewDecoder(io.LimitReader(conn, maxAnswer)).Decode(&a); err != nil {
		err = unlessEnded(err)
	}
	return l, a, err
}

// unlessEnded is what an error of a keeper's answer means: of one that has handed
// over to another meanwhile, or ended, that it has nothing.
func unlessEnded(err error) error {
	if isEnd(err) {
		return ErrNone
	}
	return fmt.Errorf("ask keeper: %w", err)
}

// mayBeOf reports whether a process can be of the workload of a user's keeper: what
// somebody who is no keeper says must not have root end what is others'.
func mayBeOf(pid, uid int) bool {
	theirs, _ := procfs.Filters(pid)
	ours, _ := procfs.Filters(os.Getpid())
	owner, ok := procfs.User(pid)
	return ok && theirs > ours && (uid == 0 || owner == uid)
}

// Confirm ends the keepers, and returns once no call will be answered by them any
// more. That one has ended by itself, as nothing is left of the workload, is as good.
func (t *Taken) Confirm() error {
	for _, f := range t.from {
		b := []byte{dismissed}
		_, err := f.conn.Write(b)
		if err == nil {
			_, err = io.ReadFull(f.conn, b)
		}
		if err == nil && b[0] == tooLate {
			err = fmt.Errorf("it has waited for %v, and goes on", timeToTake)
		} else if isEnd(err) {
			err = f.awaitEnd()
		}
		if err != nil {
			return fmt.Errorf("take over from keeper: %w", err)
		}
	}
	return nil
}

// isEnd reports whether an error is that the other end of a connection is closed.
func isEnd(err error) bool {
	return slices.ContainsFunc([]error{io.EOF, io.ErrUnexpectedEOF, unix.ECONNRESET, unix.EPIPE}, func(end error) bool { return errors.Is(err, end) })
}

// awaitEnd waits for the end of a keeper of which the process that offers has ended, which it may have outlived.
func (f *from) awaitEnd() error {
	fds := []unix.PollFd{{Fd: int32(f.pidfd), Events: unix.POLLIN}}
	for end := time.Now().Add(timeToEnd); time.Now().Before(end); {
		if n, _ := unix.Poll(fds, lookAgain); n == 1 { // interrupted: it is asked again
			return nil
		}
	}
	return errors.New("what it answers by has ended, and it goes on")
}

// timeToEnd is how long the end of a keeper takes at most, once nobody offers for it any more.
const timeToEnd = time.Second

// Close ends the talk with the keepers: without Confirm they go on. The listener is its user's.
func (t *Taken) Close() {
	for _, f := range t.from {
		_ = f.conn.Close() // nothing was written that could be lost
		unix.Close(f.pidfd)
	}
}
