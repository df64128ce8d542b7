package capture

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine"
	"tiercel/engine/event"
)

// flushEach is how long an event may wait before it is written.
const flushEach = 250 * time.Millisecond

// Writer writes a capture. Record fills one block while a goroutine writes the
// one before: the engine waits only where the disk is slower for longer than
// that. After an error nothing more is written; what was written can be read.
type Writer struct {
	// OnError is told of the first error, once, when it happens; it may be set
	// before the first Record.
	OnError func(error)

	w    io.WriteCloser
	wake chan struct{} // there is something to write
	full chan struct{} // and it must not wait: the block is full, or the last
	done chan struct{} // closed when the writing goroutine has ended

	mu     sync.Mutex // guards what follows
	room   sync.Cond  // the block has been taken
	block  []byte     // being filled; its header comes first
	spare  []byte     // being written
	events uint64
	closed bool
	err    error
}

var _ engine.Tap = &Writer{}

// account is what the last block of a capture says.
type account struct {
	Events uint64        `json:"events"`
	Blind  []event.Blind `json:"blind"`
}

// Create makes a capture at the path, in place of what is there. Only its owner
// may read it: the arguments and environments of programs are in it.
func Create(path string, h *Header) (*Writer, error) {
	// Not blocking: a FIFO that nobody reads is an error, not a wait for ever.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create capture: %w", err)
	}
	if err := keepToOwner(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("create capture: %w", err)
	}
	w, err := NewWriter(f, h)
	if err != nil {
		f.Close()
	}
	return w, err
}

// keepToOwner takes the rights of others from a file that was there before.
func keepToOwner(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	return f.Chmod(0o600)
}

// NewWriter starts a capture, and writes its header. The writer closes w.
func NewWriter(w io.WriteCloser, h *Header) (*Writer, error) {
	head, err := encode(headerBlock, h)
	if err == nil {
		_, err = w.Write(append(magic[:], head...))
	}
	if err != nil {
		return nil, fmt.Errorf("write capture: %w", err)
	}
	c := &Writer{
		w: w, wake: make(chan struct{}, 1), full: make(chan struct{}, 1), done: make(chan struct{}),
		block: newBlock(), spare: newBlock(),
	}
	c.room.L = &c.mu
	go c.write()
	return c, nil
}

func newBlock() []byte { return make([]byte, blockHeader, blockHeader+fullBlock) }

func encode(k kind, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	block := append(make([]byte, blockHeader), body...)
	seal(block, k)
	return block, nil
}

// Record takes an event down. It waits where a block is full and the one before
// is not written yet. What comes after Finish or Close is lost.
func (c *Writer) Record(ev event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && !c.closed && len(c.block)+len(ev) > cap(c.block) {
		signal(c.full)
		c.room.Wait()
	}
	if c.err != nil || c.closed {
		return
	}
	if len(c.block) == blockHeader {
		signal(c.wake)
	}
	c.block = append(c.block, ev...)
	c.events++
}

// write writes what there is, each time that there is some for a while or a
// block of it, to the end or an error.
func (c *Writer) write() {
	defer close(c.done)
	for range c.wake {
		select {
		case <-c.full:
		case <-time.After(flushEach):
		}
		if closed, err := c.flush(); closed || err != nil {
			return
		}
	}
}

// flush takes the block that is being filled, and writes it.
func (c *Writer) flush() (closed bool, err error) {
	c.mu.Lock()
	c.block, c.spare = c.spare[:blockHeader], c.block
	closed = c.closed
	c.room.Broadcast()
	c.mu.Unlock()
	if len(c.spare) > blockHeader {
		seal(c.spare, eventBlock)
		if _, err = c.w.Write(c.spare); err != nil {
			c.fail(fmt.Errorf("write capture: %w", err))
		}
	}
	return closed, err
}

// fail ends the recording: whoever waits for room, and records later, goes on without.
func (c *Writer) fail(err error) {
	c.mu.Lock()
	c.err = err
	c.room.Broadcast()
	c.mu.Unlock()
	if c.OnError != nil {
		c.OnError(err)
	}
}

// Finish ends a capture well: a run that was recorded to its end. blind is when
// its source could not watch. The error is that of the whole recording.
func (c *Writer) Finish(blind []event.Blind) error {
	c.stop()
	if c.err == nil {
		end, err := encode(endBlock, account{c.events, blind})
		if err == nil {
			_, err = c.w.Write(end)
		}
		if err != nil {
			c.fail(fmt.Errorf("write capture: %w", err))
		}
	}
	return c.close()
}

// Close writes what there is and closes the file, without the block that says
// that the run was recorded to its end.
func (c *Writer) Close() error {
	c.stop()
	return c.close()
}

// stop has what is left written, and waits for that.
func (c *Writer) stop() {
	c.mu.Lock()
	c.closed = true
	c.room.Broadcast()
	c.mu.Unlock()
	signal(c.full)
	signal(c.wake)
	<-c.done
}

func (c *Writer) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.w.Close(); err != nil && c.err == nil {
		c.err = fmt.Errorf("close capture: %w", err)
	}
	return c.err
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
