package procfs

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// Reader adds to a record what /proc says.
type Reader struct {
	Boot           uint64 // when the machine was started, in nanoseconds since the epoch; 0 where that is not known
	NamespaceStart uint64 // when the first process of our PID namespace was, likewise

	rec  *event.Builder
	buf  []byte // of numbers, before they are added
	file []byte // what was read of a file, until the next is
	link []byte // the name of a link, with a NUL

	fields [][]byte // of such a file
	name   []byte   // of the thread whose stat was read

	mounts    mounts
	ourMounts int64  // our mount namespace, by its number; 0 where that may not be read
	ourGroup  string // what mountedGroup found there
	knowsOurs bool   // that it was looked for
}

// New returns a reader that adds to the builder's record.
func New(rec *event.Builder) *Reader {
	r := &Reader{Boot: bootTime(), rec: rec}
	var first event.State
	r.readStat(1, &first)
	r.NamespaceStart = uint64(first.Start)
	r.ourMounts = spaceOf(os.Getpid(), "mnt")
	return r
}

func bootTime() uint64 {
	var up unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &up) != nil {
		return 0
	}
	return event.Now() - uint64(up.Nano())
}

// tick is the unit of times in /proc/PID/stat: USER_HZ, 100 on every architecture.
const tick = uint64(time.Second / 100)

func procPath(tid int, name string) string { return "/proc/" + strconv.Itoa(tid) + "/" + name }

const fdFolder = "fd/"

func fdLink(fd int) string { return fdFolder + strconv.Itoa(fd) }

// AddBase adds the directory that a relative path starts from: what the
// descriptor names, or with AT_FDCWD the working directory.
func (r *Reader) AddBase(part event.Part, tid, fd int) {
	if fd == unix.AT_FDCWD {
		r.addLink(part, tid, "cwd")
		return
	}
	r.addFDLink(part, tid, fd)
}

// page is how much a file of /proc gives at once, at most, unless it is made in one piece.
const page = 4096

// read returns the contents of a file below /proc/TID that the kernel makes in one
// piece, valid until the next is read. It makes three system calls, where os.ReadFile
// makes eleven, and who has executed waits for them.
func (r *Reader) read(tid int, name string) ([]byte, error) {
	b, err := appendFile(r.file[:0], procPath(tid, name), true)
	r.file = b
	return b, err
}

// readFile returns the contents of any file below /proc/TID.
func readFile(tid int, name string) ([]byte, error) {
	return appendFile(make([]byte, 0, page), procPath(tid, name), false)
}

// appendFile reads a file to its end, or in one piece to where it gives less than there is room for.
func appendFile(b []byte, name string, piece bool) ([]byte, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return b, err
	}
	defer unix.Close(fd)
	for {
		b = slices.Grow(b, page)
		room := b[len(b):cap(b)]
		n, err := unix.Read(fd, room)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return b, err
		}
		if b = b[:len(b)+n]; n == 0 || piece && n < len(room) {
			return b, nil
		}
	}
}

// addLink adds what a link below /proc/TID points to. It allocates nothing, nor does addFDLink: calls with
// relative paths ask for one each.
func (r *Reader) addLink(part event.Part, tid int, name string) {
	r.nameLink(tid, name)
	r.readLink(part)
}

// addFDLink adds what a descriptor is of, as its link says.
func (r *Reader) addFDLink(part event.Part, tid, fd int) {
	r.nameFDLink(tid, fd)
	r.readLink(part)
}

func (r *Reader) nameLink(tid int, name string) {
	r.link = strconv.AppendInt(append(r.link[:0], "/proc/"...), int64(tid), 10)
	r.link = append(append(append(r.link, '/'), name...), 0)
}

func (r *Reader) nameFDLink(tid, fd int) {
	r.nameLink(tid, fdFolder)
	r.link = strconv.AppendInt(r.link[:len(r.link)-1], int64(fd), 10)
	r.link = append(r.link, 0)
}

func (r *Reader) readLink(part event.Part) {
	room := r.rec.Room()
	n, errno := readlink(r.link, room)
	if errno != 0 {
		r.rec.AddUnreadable(part)
		return
	}
	r.rec.Close(part, n, n == len(room))
}

// addFile adds the first MaxString bytes of a file below /proc/TID that the kernel copies from
// the process's memory: all that there is room for, unless it ends before.
func (r *Reader) addFile(part event.Part, tid int, name string) {
	fd, err := unix.Open(procPath(tid, name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		r.rec.AddUnreadable(part)
		return
	}
	defer unix.Close(fd)
	room := r.rec.Room()
	n, _ := unix.Read(fd, room) // of a process that is gone nothing
	r.rec.Close(part, max(n, 0), n == len(room))
}

func (r *Reader) addNumbers(part event.Part, numbers []int64) {
	r.buf = event.AppendNumbers(r.buf[:0], numbers...)
	r.rec.Add(part, r.buf)
}
