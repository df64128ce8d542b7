package kernel

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring reads a BPF ring buffer in place (Documentation/bpf/ringbuf.rst): a page
// with the reader's position, a page with the writers', and the data, which is
// mapped twice in a row so that a record never wraps.
type ring struct {
	consumer, producer *atomic.Uint64
	data               []byte // twice the size
	mask               uint64
	pages              [][]byte
}

// The marks in a record's header, and its size.
const (
	ringBusy    = 1 << 31
	ringDiscard = 1 << 30
	ringHeader  = 8
)

// openRing maps the ring of a map's descriptor; size is the map's, in bytes.
func openRing(fd int, size int) (*ring, error) {
	page := os.Getpagesize()
	own, err := unix.Mmap(fd, 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map ring: %w", err)
	}
	rest, err := unix.Mmap(fd, int64(page), page+2*size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map ring: %w", err), unix.Munmap(own))
	}
	return &ring{
		consumer: (*atomic.Uint64)(unsafe.Pointer(unsafe.SliceData(own))),
		producer: (*atomic.Uint64)(unsafe.Pointer(unsafe.SliceData(rest))),
		data:     rest[page:], mask: uint64(size - 1), pages: [][]byte{own, rest},
	}, nil
}

func (r *ring) close() error {
	var errs []error
	for _, p := range r.pages {
		errs = append(errs, unix.Munmap(p))
	}
	return errors.Join(errs...)
}

// next returns the bytes of the next record, none for what cannot be one, which are valid until release is
// called with what it returned; ok is false where there is none yet.
func (r *ring) next() (record []byte, words uint64, ok bool) {
	for {
		at := r.consumer.Load()
		if at >= r.producer.Load() {
			return nil, 0, false
		}
		start := at & r.mask
		header := (*atomic.Uint32)(unsafe.Pointer(&r.data[start])).Load()
		if header&ringBusy != 0 {
			return nil, 0, false
		}
		size := uint64(header &^ ringDiscard)
		if size > r.mask {
			return nil, r.producer.Load() - at, true // no kernel writes that: all that is there is given up
		}
		words := (ringHeader + size + 7) &^ 7
		if header&ringDiscard == 0 {
			return r.data[start+ringHeader : start+ringHeader+size], words, true
		}
		r.release(words)
	}
}

func (r *ring) release(words uint64) { r.consumer.Store(r.consumer.Load() + words) }
