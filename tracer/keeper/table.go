package keeper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// table has the number of the call that was received last, and then a byte for
// each number that a process can have: whether it is of the workload. Two
// processes share it. Where nothing was written it takes no memory.
type table []byte

// header is how long the part before the processes is.
const header = 8

// newTable returns an empty table, and the file that is to be handed on.
func newTable() (*os.File, table, error) {
	b, err := os.ReadFile("/proc/sys/kernel/pid_max")
	if err != nil {
		return nil, nil, err
	}
	size, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, nil, fmt.Errorf("read pid_max: %w", err)
	}
	fd, err := unix.MemfdCreate("tiercel-processes", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "processes")
	if err := f.Truncate(int64(header + size)); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	t, err := openTable(fd)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, t, nil
}

// openTable maps the table of a file.
func openTable(fd int) (table, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, os.NewSyscallError("fstat", err)
	}
	b, err := unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return b, os.NewSyscallError("mmap", err)
}

func (t table) set(pid int, to byte) {
	if pid < len(t)-header { // pid_max may have been raised since
		t[header+pid] = to
	}
}

func (t table) receive(id uint64) { binary.NativeEndian.PutUint64(t, id) }
func (t table) received() uint64  { return binary.NativeEndian.Uint64(t) }

// each calls f for the processes of the table.
func (t table) each(f func(pid int)) {
	for pid, in := range t[header:] {
		if in != 0 {
			f(pid)
		}
	}
}

func (t table) close() error { return os.NewSyscallError("munmap", unix.Munmap(t)) }

// deaf has this process ignore what asks programs to end.
func deaf() { signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT) }
