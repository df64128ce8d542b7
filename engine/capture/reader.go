package capture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"tiercel/engine"
	"tiercel/engine/event"
)

// Reader reads a capture, and is the source of its events. It accepts arbitrary
// bytes. But for Offset, it is for one goroutine.
type Reader struct {
	r      io.Reader
	file   *os.File // what Close closes; nil for NewReader
	header Header
	block  bytes.Buffer
	rest   []byte       // of the block: the records that are still to come
	at     int64        // where the block starts
	offset atomic.Int64 // where it ends
	ended  bool         // by its account
	cut    bool

	counters event.Counters
}

var _ engine.Source = &Reader{}

// Open opens the capture at the path, "-" for standard input, and reads its header.
func Open(path string) (*Reader, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, fmt.Errorf("read capture: %w", err)
		}
	}
	r, err := NewReader(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.file = f
	return r, nil
}

// NewReader reads the header of a capture. Its error is ErrForeign, ErrVersion,
// ErrDamaged, or that of reading.
func NewReader(src io.Reader) (*Reader, error) {
	r := &Reader{r: bufio.NewReaderSize(src, 64<<10)}
	if err := r.start(); err != nil {
		return nil, fmt.Errorf("read capture: %w", err)
	}
	return r, nil
}

func (r *Reader) start() error {
	var start [len(magic)]byte
	_, err := io.ReadFull(r.r, start[:])
	switch found := start[:]; {
	case err != nil && endOf(err, false) != errCut: //nolint:errorlint // endOf returns it as it is
		return err
	case err != nil || !bytes.Equal(found[:versionAt], magic[:versionAt]):
		return fmt.Errorf("%w: it does not begin as one", ErrForeign)
	case start != magic:
		return fmt.Errorf("%w: in version %q of the format, this is %q", ErrVersion, found[versionAt], magic[versionAt])
	}
	r.offset.Store(int64(len(magic)))
	k, err := r.readBlock()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errCut):
		return fmt.Errorf("%w: it is cut off in its header", ErrForeign)
	case err != nil:
		return err
	case k != headerBlock:
		return r.damaged("block of kind %d, want the header", k)
	}
	if err := json.Unmarshal(r.block.Bytes(), &r.header); err != nil {
		return r.damaged("header: %v", err)
	}
	return r.header.check()
}

// readBlock reads the next block; an error of its bytes says where it starts.
func (r *Reader) readBlock() (kind, error) {
	r.at = r.offset.Load()
	k, err := readBlock(r.r, &r.block)
	if errors.Is(err, ErrDamaged) {
		return 0, fmt.Errorf("at byte %d: %w", r.at, err)
	}
	if err != nil {
		return 0, err
	}
	r.offset.Add(int64(blockHeader + r.block.Len()))
	return k, nil
}

func (r *Reader) damaged(format string, args ...any) error {
	return fmt.Errorf("at byte %d: %w: %s", r.at, ErrDamaged, fmt.Sprintf(format, args...))
}

// Header returns what the capture says before its events.
func (r *Reader) Header() *Header { return &r.header }

// Next returns the next event; it is valid until the next call. At the end of
// what can be read, be it the capture's end or not, the error is io.EOF.
func (r *Reader) Next() (event.Event, error) {
	for len(r.rest) == 0 {
		if err := r.nextBlock(); err != nil {
			return nil, err
		}
	}
	ev, err := event.Parse(r.rest)
	if err != nil {
		return nil, r.damaged("event %d: %v", r.counters.Seen+1, err)
	}
	if row := ev.RowIndex(); row >= len(r.header.Rows) || !r.header.Rows[row].Recorded {
		return nil, r.damaged("event %d is of %s, which was not recorded", r.counters.Seen+1, ev.Row().Name)
	}
	r.rest = r.rest[len(ev):]
	r.counters.Seen++
	switch ev.RowIndex() {
	case event.RowSpawn:
		r.counters.Processes++
	case event.RowLost:
		r.counters.Lose(ev.Loss())
	}
	return ev, nil
}

// nextBlock reads the next block of events. A capture that ends in a block, or
// without its account, is cut off.
func (r *Reader) nextBlock() error {
	k, err := r.readBlock()
	switch {
	case errors.Is(err, errCut) && r.ended:
		return r.damaged("more behind the end")
	case errors.Is(err, errCut), errors.Is(err, io.EOF) && !r.ended:
		r.cut = true
		return io.EOF
	case err != nil:
		return err
	case r.ended:
		return r.damaged("more behind the end")
	case k == endBlock:
		return r.end()
	case k != eventBlock:
		return r.damaged("block of kind %d, want events", k)
	}
	r.rest = r.block.Bytes()
	return nil
}

// end reads the account that ends a capture.
func (r *Reader) end() error {
	var a account
	if err := json.Unmarshal(r.block.Bytes(), &a); err != nil {
		return r.damaged("account: %v", err)
	}
	if a.Events != r.counters.Seen {
		return r.damaged("%d events, want %d", r.counters.Seen, a.Events)
	}
	r.ended, r.counters.Blind = true, a.Blind
	return nil
}

// Run puts the events into the ring, and closes it.
func (r *Reader) Run(ctx context.Context, ring *event.Ring) error {
	defer ring.Close()
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read capture: %w", err)
		}
		if err := ring.Put(ctx, ev); err != nil {
			return err
		}
	}
}

// Cut reports whether the capture ended before its recording was finished. It is
// known once Next has returned io.EOF.
func (r *Reader) Cut() bool { return r.cut }

// Counters returns what was read: all events count as seen and queued, and those
// that the run lost as seen and lost.
func (r *Reader) Counters() event.Counters {
	c := r.counters
	c.Queued = c.Seen
	c.Seen += c.Lost
	return c
}

// Offset returns how far the capture has been read, in bytes. It may be called at any time.
func (r *Reader) Offset() int64 { return r.offset.Load() }

// Size returns how long the capture is, in bytes, or 0 where that is not known.
func (r *Reader) Size() int64 {
	if r.file == nil {
		return 0
	}
	info, err := r.file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// Close closes what Open opened.
func (r *Reader) Close() {
	if r.file != nil {
		r.file.Close()
	}
}
