package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// The layout of a record, in bytes, little-endian: the header, then parts, each
// a part header (identity, flags, length) and its bytes, padded to eight.
//
//	 0  size of the whole record   uint32
//	 4  row                        uint16
//	 6  flags                      uint16
//	 8  pid, tid                   int32 each
//	16  time, ns since the epoch   uint64
//	24  result                     int64
//	32  arguments                  6 x uint64
const (
	offSize, offRow, offFlags        = 0, 4, 6
	offPID, offTID                   = 8, 12
	offTime, offRet, offArgs         = 16, 24, 32
	headerSize                       = offArgs + 6*8
	partHeader                       = 4
	MaxSize                          = 32 << 10 // of a record, bytes; what does not fit is left out
	MaxString                        = 4096     // of one string or array that is read from a workload, bytes; what is longer is cut and marked
	flagComplete              uint16 = 1 << 0   // the result is known
	flag32                    uint16 = 1 << 1   // the call came by a 32-bit entry
	flagBare                  uint16 = 1 << 2   // nothing is known of the call's arguments: no source writes such a record
)

// Part names a variable-length part of a record. Part(i) below Facts is parameter
// i; Base+i is the directory that path parameter i starts from; the others are
// facts that the source read from the kernel while the event was at hand.
type Part uint8

// The parts.
const (
	Base       Part = 16 // + i: what the path of parameter i is relative to
	FactObject Part = 32 // what the event's descriptor names, as /proc/PID/fd has it
	FactSocket Part = 33 // the descriptor's socket (see Socket)
	FactCwd    Part = 34 // the working directory
	FactExe    Part = 35 // the image's path
	FactName   Part = 36 // the thread's name (comm)
	FactArgs   Part = 37 // argv, NUL after each
	FactEnv    Part = 38 // the environment, NUL after each
	FactGroup  Part = 39 // the control group's path
	FactState  Part = 40 // numbers of the process (see State)
	FactStdio  Part = 41 // descriptors 0, 1 and 2: what tells the type (see typeOf), blank and what it names, NUL after each

	FactUsage       Part = 42 // numbers of the thread's and the process's use of the machine (see UsageVTID)
	FactLimits      Part = 43 // numbers of the process's descriptors (see LimitOpen)
	FactInode       Part = 44 // numbers of the file that the event's descriptor is of (see InodeDevice)
	FactDescriptors Part = 45 // the process's descriptors: number, blank and what tells the type, NUL after each (see typeOf)
	FactSpaces      Part = 46 // the inode numbers of the process's namespaces (see Spaces)
	FactFolder      Part = 47 // one number: 1 where the event's descriptor is of a folder, else 0; of what has a path
)

// Part flags: why a part is not the whole truth.
const (
	cut        = 1 << 0 // longer than MaxString
	unreadable = 1 << 1 // the memory could not be read
)

// Event is one record. See the package comment for how long it is valid.
type Event []byte

// ErrRecord is what Parse returns for bytes that are no record.
var ErrRecord = errors.New("malformed event record")

// Parse checks that b starts with a whole record, and returns it.
// It accepts arbitrary bytes: after it, no method of Event panics.
func Parse(b []byte) (Event, error) {
	if len(b) < headerSize {
		return nil, fmt.Errorf("%w: %d bytes, want at least %d", ErrRecord, len(b), headerSize)
	}
	size := int(binary.LittleEndian.Uint32(b))
	if size < headerSize || size > MaxSize || size > len(b) {
		return nil, fmt.Errorf("%w: size %d of %d bytes", ErrRecord, size, len(b))
	}
	ev := Event(b[:size])
	if ev.RowIndex() >= len(Table) {
		return nil, fmt.Errorf("%w: row %d of %d", ErrRecord, ev.RowIndex(), len(Table))
	}
	for at := headerSize; at < size; {
		if at+partHeader > size {
			return nil, fmt.Errorf("%w: part header cut at %d", ErrRecord, at)
		}
		n := int(binary.LittleEndian.Uint16(b[at+2:]))
		if at+partHeader+n > size {
			return nil, fmt.Errorf("%w: part of %d bytes at %d", ErrRecord, n, at)
		}
		at += partSize(n)
	}
	return ev, nil
}

func partSize(n int) int { return (partHeader + n + 7) &^ 7 }

// RowIndex returns the index of the event's row in Table.
func (e Event) RowIndex() int { return int(binary.LittleEndian.Uint16(e[offRow:])) }

// Row returns the event's line of the table.
func (e Event) Row() *Row { return &Table[e.RowIndex()] }

// PID returns the process, in the source's PID namespace.
func (e Event) PID() int { return int(int32(binary.LittleEndian.Uint32(e[offPID:]))) }

// TID returns the thread, in the source's PID namespace.
func (e Event) TID() int { return int(int32(binary.LittleEndian.Uint32(e[offTID:]))) }

// Time returns when the call was entered, in nanoseconds since the epoch.
func (e Event) Time() uint64 { return binary.LittleEndian.Uint64(e[offTime:]) }

// Ret returns the call's result: a value, or a negative errno. ok is false while it is not known.
func (e Event) Ret() (ret int64, ok bool) {
	return int64(binary.LittleEndian.Uint64(e[offRet:])), e.flags()&flagComplete != 0
}

// Is32 reports whether the call came by a 32-bit entry.
func (e Event) Is32() bool { return e.flags()&flag32 != 0 }

func (e Event) flags() uint16 { return binary.LittleEndian.Uint16(e[offFlags:]) }

// Word returns the word of the row's i-th parameter; ok is false where it could not be read.
func (e Event) Word(i int) (word uint64, ok bool) {
	if e.Row().Params[i].In == nil {
		if i >= 6 || e.flags()&flagBare != 0 {
			return 0, false
		}
		return e.Arg(i), true
	}
	b, ok := e.Bytes(Part(i))
	if !ok || len(b) != 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b), true
}

// Arg returns the call's i-th argument, 0 to 5, as it was in its register.
func (e Event) Arg(i int) uint64 { return binary.LittleEndian.Uint64(e[offArgs+8*i:]) }

// SameCall reports whether another record, of which this one's parts are the
// first, is of the same call: the same row, arguments and what these point to.
func (e Event) SameCall(other Event) bool {
	return len(other) >= len(e) && e.RowIndex() == other.RowIndex() && bytes.Equal(e[offArgs:], other[offArgs:len(e)])
}

// Bytes returns a part; ok is false where the record has none or it could not be read.
func (e Event) Bytes(p Part) (b []byte, ok bool) {
	at := e.find(p)
	if at == 0 || e[at+1]&unreadable != 0 {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(e[at+2:]))
	return e[at+partHeader : at+partHeader+n], true
}

// Has reports whether the record has the part, be it unreadable or not.
func (e Event) Has(p Part) bool { return e.find(p) != 0 }

// Cut reports whether the part was longer than MaxString.
func (e Event) Cut(p Part) bool {
	at := e.find(p)
	return at != 0 && e[at+1]&cut != 0
}

func (e Event) find(p Part) int {
	for at := headerSize; at+partHeader <= len(e); at += partSize(int(binary.LittleEndian.Uint16(e[at+2:]))) {
		if Part(e[at]) == p {
			return at
		}
	}
	return 0
}

// Now returns the time as records have it: in nanoseconds since the epoch.
func Now() uint64 { return uint64(time.Now().UnixNano()) }

// Builder writes one record into a buffer of its own. The zero value is ready
// for Begin, which starts the next record and drops the one before.
type Builder struct {
	n   int
	buf [MaxSize]byte
}

// Origin is whom a call comes from, and how.
type Origin struct {
	PID, TID int
	Is32     bool
}

// Begin starts a record of the row at the time (ns since the epoch).
func (b *Builder) Begin(row int, from Origin, time uint64) {
	b.n = headerSize
	clear(b.buf[:headerSize])
	binary.LittleEndian.PutUint16(b.buf[offRow:], uint16(row))
	binary.LittleEndian.PutUint32(b.buf[offPID:], uint32(from.PID))
	binary.LittleEndian.PutUint32(b.buf[offTID:], uint32(from.TID))
	binary.LittleEndian.PutUint64(b.buf[offTime:], time)
	if from.Is32 {
		b.setFlag(flag32)
	}
	b.seal()
}

// Load starts from a finished record, to add to it. It panics if ev is no record.
func (b *Builder) Load(ev Event) {
	n := copy(b.buf[:], ev)
	b.n = min((n+7)&^7, MaxSize) // the last part may lack its padding
	clear(b.buf[n:b.n])
	b.seal()
}

// SetArgs sets the six arguments.
func (b *Builder) SetArgs(args *[6]uint64) {
	for i, a := range args {
		binary.LittleEndian.PutUint64(b.buf[offArgs+8*i:], a)
	}
}

// SetRet sets the result, and marks the event complete.
func (b *Builder) SetRet(ret int64) {
	binary.LittleEndian.PutUint64(b.buf[offRet:], uint64(ret))
	b.setFlag(flagComplete)
}

func (b *Builder) setFlag(f uint16) {
	binary.LittleEndian.PutUint16(b.buf[offFlags:], b.Event().flags()|f)
}

// Add appends a part. What does not fit is cut and marked so.
func (b *Builder) Add(p Part, data []byte) {
	room := b.Room()
	copy(room, data)
	b.Close(p, min(len(data), len(room)), len(data) > len(room))
}

// AddString is Add for a string.
func (b *Builder) AddString(p Part, data string) {
	room := b.Room()
	copy(room, data)
	b.Close(p, min(len(data), len(room)), len(data) > len(room))
}

// AddWord appends a part that is one 64-bit word.
func (b *Builder) AddWord(p Part, word uint64) {
	var w [8]byte
	binary.LittleEndian.PutUint64(w[:], word)
	b.Add(p, w[:])
}

// AddUnreadable says that the part could not be read.
func (b *Builder) AddUnreadable(p Part) {
	if len(b.Room()) == 0 {
		return
	}
	b.Close(p, 0, false)
	b.buf[b.n-partSize(0)+1] |= unreadable
}

// Room returns where the next part's bytes may be read into, MaxString at the
// most and none where the record is full. Close ends the part.
func (b *Builder) Room() []byte {
	start := b.n + partHeader
	end := min(start+MaxString, MaxSize-8)
	if start >= end {
		return nil
	}
	return b.buf[start:end]
}

// Close ends the part of n bytes that was written into Room.
func (b *Builder) Close(p Part, n int, isCut bool) {
	if b.n+partSize(n) > MaxSize-8 {
		return
	}
	h := b.buf[b.n:]
	h[0], h[1] = byte(p), 0
	if isCut {
		h[1] = cut
	}
	binary.LittleEndian.PutUint16(h[2:], uint16(n))
	clear(h[partHeader+n : partSize(n)])
	b.n += partSize(n)
	b.seal()
}

func (b *Builder) seal() { binary.LittleEndian.PutUint32(b.buf[offSize:], uint32(b.n)) }

// Event returns the record so far. It is valid until the next change.
func (b *Builder) Event() Event { return Event(b.buf[:b.n]) }
