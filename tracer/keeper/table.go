package keeper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// table has a word for each number that a process can have: when it was added, or
// 0. The word of process 0, which there is not, is the number of the call that was
// received last. Two processes share it. Where nothing was written it takes no memory.
type table []byte

// word is the size of an entry in bytes.
const word = 8

// newTable returns an empty table, and the file that is to be handed on.
func newTable() (*os.File, table, error) {
	size, err := tableSize()
	if err != nil {
		return nil, nil, err
	}
	fd, err := unix.MemfdCreate("tiercel-processes", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "processes")
	if err := f.Truncate(size); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	t, err := openTable(fd)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, t, nil
}

// tableSize is the size for all processes, or as large as files may be (ulimit -f):
// who is beyond it is found as the child of another, or by its next call.
func tableSize() (int64, error) {
	b, err := os.ReadFile("/proc/sys/kernel/pid_max")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("read pid_max: %w", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return 0, os.NewSyscallError("getrlimit", err)
	}
	size := min(uint64(n)*word, limit.Cur)
	return int64(size - size%word), nil
}

// openTable maps the table of a file.
func openTable(fd int) (table, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Size == 0 {
		return nil, os.NewSyscallError("fstat", err)
	}
	b, err := unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return b, os.NewSyscallError("mmap", err)
}

// set notes when a process was added; 0 is for gone.
func (t table) set(pid int, when uint64) {
	if at := pid * word; at < len(t) { // pid_max may have been raised since
		binary.NativeEndian.PutUint64(t[at:], when)
	}
}

func (t table) get(pid int) uint64 {
	if at := pid * word; at < len(t) {
		return binary.NativeEndian.Uint64(t[at:])
	}
	return 0
}

func (t table) receive(id uint64) { t.set(0, id) }

// received returns the number of the call that was received last.
func (t table) received() uint64 { return t.get(0) }

// now is the time by the clock that tells when processes started.
func now() uint64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) // the kernel has this clock
	return uint64(ts.Nano())
}

// each calls f for the processes of the table, whose file fd is. It does not look
// where nothing was written, as that would take memory.
func (t table) each(fd int, f func(pid int, when uint64)) error {
	for end := int64(0); ; {
		start, err := unix.Seek(fd, end, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // no more of it
		}
		if err == nil {
			end, err = unix.Seek(fd, start, unix.SEEK_HOLE)
		}
		if err != nil {
			return os.NewSyscallError("lseek", err)
		}
		for pid := max(start/word, 1); pid < end/word; pid++ {
			if when := t.get(int(pid)); when != 0 {
				f(int(pid), when)
			}
		}
	}
}

func (t table) close() error {
	if t == nil {
		return nil
	}
	return os.NewSyscallError("munmap", unix.Munmap(t))
}
