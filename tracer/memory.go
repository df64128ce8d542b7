package tracer

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// memory reads a tracee's memory: by process_vm_readv, or where that is refused
// (some container profiles) by /proc/TID/mem. If both are, as for a process that
// is not dumpable, nothing can be read without privilege.
type memory struct {
	byFile  bool // process_vm_readv was refused, /proc/TID/mem was not
	refused bool // both were refused; whoever looks at it resets it
}

// chunk is how much of a string is read at once: more than most paths, less than a page.
const chunk = 256

const pageSize = 4096

// read fills b from the address, and reports whether it could.
func (m *memory) read(tid int, addr uint64, b []byte) bool {
	n, ok := m.readSome(tid, addr, b)
	return ok && n == len(b)
}

func (m *memory) readSome(tid int, addr uint64, b []byte) (int, bool) {
	if !m.byFile {
		n, errno := readMemory(tid, addr, b)
		if errno == 0 {
			return n, true
		}
		if errno != unix.EPERM && errno != unix.ENOSYS {
			return 0, false
		}
	}
	n, err := readFile(tid, addr, b)
	if err == nil {
		m.byFile = true
	}
	m.refused = m.refused || errors.Is(err, fs.ErrPermission)
	return n, err == nil
}

func readFile(tid int, addr uint64, b []byte) (int, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(tid) + "/mem")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, err := f.ReadAt(b, int64(addr))
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// readString reads up to a NUL into room, page by page as the next one may not
// be mapped. n is the length without the NUL; whole is false where room or the
// memory ended before it; ok is false where nothing could be read at all.
func (m *memory) readString(tid int, addr uint64, room []byte) (n int, whole, ok bool) {
	for n < len(room) {
		at := addr + uint64(n)
		size := min(chunk, pageSize-int(at%pageSize), len(room)-n)
		got, good := m.readSome(tid, at, room[n:n+size])
		if !good {
			return n, false, n > 0
		}
		if i := bytes.IndexByte(room[n:n+got], 0); i >= 0 {
			return n + i, true, true
		}
		n += got
		if got < size {
			return n, false, n > 0
		}
	}
	return n, false, true
}

// readStrings reads a NULL-terminated array of strings into room, a NUL after each.
func (m *memory) readStrings(tid int, addr uint64, is32 bool, room []byte) (n int, whole, ok bool) {
	var pointers [32 * 8]byte
	size := 8
	if is32 {
		size = 4
	}
	for ; ; addr += uint64(len(pointers)) {
		rest := max(size, pageSize-int(addr%pageSize)) // a pointer may lie across the page's end
		got, good := m.readSome(tid, addr, pointers[:min(len(pointers), rest)])
		if !good {
			return n, false, n > 0
		}
		for i := range got / size {
			p := word(pointers[:], i, is32)
			if p == 0 {
				return n, true, true
			}
			used, _, good := m.readString(tid, p, room[n:])
			if n+used >= len(room) || !good {
				return n, false, n > 0
			}
			room[n+used] = 0
			n += used + 1
		}
		addr -= uint64(len(pointers) - got/size*size)
		if got < size {
			return n, false, n > 0
		}
	}
}

// ProbeMemory returns why process_vm_readv does not work here, or nil. Without
// it memory is read by way of /proc/PID/mem, which is slower.
func ProbeMemory() error {
	var b [1]byte
	_, errno := readMemory(os.Getpid(), addressOf(&b[0]), b[:])
	if errno != 0 {
		return os.NewSyscallError("process_vm_readv", errno)
	}
	return nil
}
