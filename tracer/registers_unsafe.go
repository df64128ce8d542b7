package tracer

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readRegisters reads the registers of a stopped thread, and reports whether it could: it may be gone.
func readRegisters(tid int, r *registers) (ok bool) {
	iov := unix.Iovec{Base: &r.b[0]}
	iov.SetLen(len(r.b))
	errno := ptrace(unix.PTRACE_GETREGSET, tid, unix.NT_PRSTATUS, uintptr(unsafe.Pointer(&iov)))
	r.n = int(iov.Len)
	return errno == 0
}

// writeRegisters writes what was read and changed. That the thread is gone is no error.
func writeRegisters(tid int, r *registers) {
	iov := unix.Iovec{Base: &r.b[0]}
	iov.SetLen(r.n)
	ptrace(unix.PTRACE_SETREGSET, tid, unix.NT_PRSTATUS, uintptr(unsafe.Pointer(&iov)))
}

func (r *registers) word(i int) uint64 { return word(r.b[:], r.place(i), r.is32()) }

func (r *registers) arg(i int) uint64 { return r.word(i) }

// number is the number of the call that the thread is in; none where it is not in one.
func (r *registers) number() int32 { return int32(r.word(placeNumber)) }

func (r *registers) result() int64 {
	if r.is32() {
		return int64(int32(r.word(placeResult)))
	}
	return int64(r.word(placeResult))
}

func (r *registers) setResult(to int64) {
	if at := r.place(placeResult); r.is32() {
		binary.NativeEndian.PutUint32(r.b[4*at:], uint32(to))
	} else {
		binary.NativeEndian.PutUint64(r.b[8*at:], uint64(to))
	}
}
