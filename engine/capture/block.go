package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// magic starts every capture. Its last byte but one is the version of the format.
var magic = [8]byte{'t', 'i', 'e', 'r', 'c', 'a', '1', '\n'}

const versionAt = 6 // in magic

// kind is what a block holds.
type kind uint32

// The kinds.
const (
	headerBlock kind = 1 + iota // a Header, as JSON
	eventBlock                  // event records
	endBlock                    // an account, as JSON
)

// Sizes in bytes.
const (
	blockHeader = 16
	fullBlock   = 64 << 10 // of records; more than one record's MaxSize
	maxBlock    = 16 << 20 // of any block: a machine may have many accounts
)

var (
	// ErrForeign is for a file that is no capture.
	ErrForeign = errors.New("no tiercel capture")
	// ErrDamaged is for a capture whose bytes are not those that were written.
	ErrDamaged = errors.New("damaged")
	// errCut is for a file that ends before a block does.
	errCut = errors.New("cut off")
)

// checksum is what a block is known by. (Its table is made when it is first wanted.)
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// seal fills in the header of a block: its first blockHeader bytes.
func seal(block []byte, k kind) {
	body := block[blockHeader:]
	binary.LittleEndian.PutUint32(block[0:], uint32(len(body)))
	binary.LittleEndian.PutUint32(block[4:], uint32(k))
	binary.LittleEndian.PutUint32(block[8:], checksum(body))
	binary.LittleEndian.PutUint32(block[12:], checksum(block[:12]))
}

// readBlock reads a block into buf. At the end of r it returns io.EOF, within a
// block errCut. It allocates no more than there is to read.
func readBlock(r io.Reader, buf *bytes.Buffer) (kind, error) {
	var h [blockHeader]byte
	if n, err := io.ReadFull(r, h[:]); err != nil {
		return 0, endOf(err, n == 0)
	}
	if binary.LittleEndian.Uint32(h[12:]) != checksum(h[:12]) {
		return 0, fmt.Errorf("%w: checksum of a block's header does not match", ErrDamaged)
	}
	size := binary.LittleEndian.Uint32(h[0:])
	if size > maxBlock {
		return 0, fmt.Errorf("%w: block of %d bytes, want at most %d", ErrDamaged, size, maxBlock)
	}
	buf.Reset()
	if _, err := io.CopyN(buf, r, int64(size)); err != nil {
		return 0, endOf(err, false)
	}
	if binary.LittleEndian.Uint32(h[8:]) != checksum(buf.Bytes()) {
		return 0, fmt.Errorf("%w: checksum of a block does not match", ErrDamaged)
	}
	return kind(binary.LittleEndian.Uint32(h[4:])), nil
}

// endOf says what an error of reading means: whole, that the file may end there.
func endOf(err error, whole bool) error {
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case whole:
		return io.EOF
	}
	return errCut
}
