package keeper

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event/procfs"
	"tiercel/seccomp"
)

// socketPrefix begins the abstract name of a socket by which a keeper hands over
// (unix(7)). The rest is chance, so that nobody can take it before.
const socketPrefix = "@tiercel-keeper-"

// request is what a supervisor asks a keeper: to have the workload that these are of.
type request struct {
	Processes []int `json:"processes"`
}

// answer is a keeper's: why not, or which of the processes are none of its, or all
// that there is to know. The listener comes before it, with a blank.
type answer struct {
	Refused   string `json:"refused,omitempty"`
	Lacks     []int  `json:"lacks,omitempty"`
	PID       int    `json:"pid"`    // who answers
	Keeper    int    `json:"keeper"` // who has the calls run
	Since     uint64 `json:"since"`
	Processes []int  `json:"processes"`
	Note      string `json:"note"`
}

// offer is that of a keeper whose supervisor has died, to whoever takes over. To
// one at a time: that one has until its patience is over, then the next.
type offer struct {
	listener seccomp.Listener
	table    table
	note     string
	since    uint64   // as in Taken
	keeper   int      // the keeper's process
	answers  *os.File // what is written to it ends the keeper, whose end closes it
	taker    chan *net.UnixConn
}

// Keep is the process that offers a keeper's workload. Call it first thing in main: in any
// other process it returns at once, in that never.
func Keep() {
	if !strings.HasPrefix(os.Args[0], name) {
		return
	}
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	if made().stand() != nil {
		os.Exit(1) // the keeper tries again
	}
	os.Exit(0)
}

// stand has the offer stand until it was taken or the keeper has ended.
func (o *offer) stand() (err error) {
	if o.table, err = openTable(tableFD); err != nil {
		return err
	}
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: socketPrefix + rand.Text(), Net: "unix"})
	if err != nil {
		return err
	}
	go o.serve(socket)
	_, _ = o.answers.Read(make([]byte, 1)) // nothing is ever written: it is the end
	o.letRest()
	select {
	case conn := <-o.taker:
		_, _ = conn.Write([]byte{ready}) // no more calls are answered; if who took over has died, so does the watch
	default: // nothing is left of the workload
	}
	return nil
}

// ahead is how many numbers of calls are looked at behind the last that the keeper has noted: most
// are of calls that a signal had interrupted.
const ahead = 4096

// letRest lets the call run that a keeper has received and, killed, not answered. Who
// takes over receives none before we have told it to, or are gone. (Unless the workload has
// us stopped meanwhile, which can end us, and the keeper, as well.)
func (o *offer) letRest() {
	for i := range uint64(ahead) {
		_ = o.listener.Continue(o.table.received() + i) // most are none that waits
	}
}

func (o *offer) serve(socket *net.UnixListener) {
	for {
		conn, err := socket.AcceptUnix()
		if err != nil {
			return
		}
		if o.handOver(conn) {
			o.taker <- conn
			_, _ = o.answers.Write([]byte{dismissed}) // one that has ended by itself answers no more, either
			return
		}
		_ = conn.Close() // nothing was written that could be lost
	}
}

// tooLate is what a peer is told that has not taken over in time.
const tooLate = 'l'

// How long a peer has to ask, and to take over.
const (
	timeToAsk  = 5 * time.Second
	timeToTake = time.Minute
)

// handOver answers a peer, and reports whether it has taken over.
func (o *offer) handOver(conn *net.UnixConn) bool {
	_ = conn.SetDeadline(time.Now().Add(timeToAsk)) // fails on a closed one only
	a := answer{Refused: refusal(conn)}
	var asked request
	if a.Refused == "" {
		if json.NewDecoder(io.LimitReader(conn, maxRequest)).Decode(&asked) != nil {
			return false
		}
		a.Lacks = o.lacking(asked.Processes)
	}
	var rights []byte
	if a.Refused == "" && len(a.Lacks) == 0 {
		_ = conn.SetDeadline(time.Now().Add(timeToTake))
		rights = unix.UnixRights(int(o.listener))
		a.PID, a.Keeper, a.Since, a.Processes, a.Note = os.Getpid(), o.keeper, o.since, o.processes(), o.note
	}
	if _, _, err := conn.WriteMsgUnix([]byte{' '}, rights, nil); err != nil {
		return false
	}
	if json.NewEncoder(conn).Encode(a) != nil || rights == nil {
		return false
	}
	var b [1]byte
	_, err := io.ReadFull(conn, b[:])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		_ = conn.SetDeadline(time.Now().Add(timeToAsk))
		_, _ = conn.Write([]byte{tooLate}) // it is, whether it hears of it or not
	}
	return err == nil && b[0] == dismissed
}

// maxRequest is how long a request may be, in bytes.
const maxRequest = 1 << 16

// lacking returns which of the processes are not of the workload.
func (o *offer) lacking(pids []int) (lacks []int) {
	for _, pid := range pids {
		if !o.has(pid) {
			lacks = append(lacks, pid)
		}
	}
	return lacks
}

// has reports whether a process is of the workload: it, or one of its threads, or what it comes of is known.
func (o *offer) has(pid int) bool {
	return slices.ContainsFunc(procfs.Ancestors(pid), o.knows) || slices.ContainsFunc(procfs.Threads(pid), o.knows)
}

// knows reports whether a thread is in the table, by its number and not by chance:
// one that started later than it was noted has another's number.
func (o *offer) knows(tid int) bool {
	at := o.table.get(tid)
	start, alive := procfs.Start(tid)
	return at != 0 && alive && start <= at
}

// processes returns those that are known to be of the workload, makers before what they made.
func (o *offer) processes() []int {
	starts := map[int]uint64{}
	_ = o.table.each(tableFD, func(tid int, _ uint64) { // what it fails to find is found as another's child
		if pid, _ := procfs.Family(tid); o.knows(tid) {
			starts[pid], _ = procfs.Start(pid)
		}
	})
	return slices.SortedFunc(maps.Keys(starts), func(a, b int) int {
		if starts[a] != starts[b] {
			return int(int64(starts[a] - starts[b]))
		}
		return a - b
	})
}
