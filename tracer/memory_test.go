package tracer

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// pages maps two pages that 32 bits can address, unmaps the second, and returns the first.
func pages(t testing.TB) []byte {
	t.Helper()
	p, err := unix.MmapPtr(-1, 0, nil, 2*pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_32BIT)
	require.NoError(t, err)
	require.NoError(t, unix.MunmapPtr(unsafe.Add(p, pageSize), pageSize))
	t.Cleanup(func() { require.NoError(t, unix.MunmapPtr(p, pageSize)) })
	return unsafe.Slice((*byte)(p), pageSize)
}

func TestReadString(t *testing.T) {
	page := pages(t)
	for _, c := range []struct {
		name      string
		at, room  int
		content   string
		want      int
		whole, ok bool
	}{
		{"a short one", 0, 4096, "short\x00", 5, true, true},
		{"an empty one", 0, 4096, "\x00", 0, true, true},
		{"one that crosses a chunk", 10, 4096, strings.Repeat("x", chunk+20) + "\x00", chunk + 20, true, true},
		{"one that ends with the page", pageSize - 6, 4096, "short\x00", 5, true, true},
		{"one that runs into memory that is gone", pageSize - 5, 4096, "short", 5, false, true},
		{"one that is longer than the room", 0, 16, strings.Repeat("x", 100) + "\x00", 16, false, true},
	} {
		for _, m := range []memory{{}, {byFile: true}} {
			clear(page)
			copy(page[c.at:], c.content)
			n, whole, ok := m.readString(os.Getpid(), addressOf(&page[c.at]), make([]byte, c.room))
			if n != c.want || whole != c.whole || ok != c.ok {
				t.Errorf("%s, by file %v: got %d %v %v, want %d %v %v", c.name, m.byFile, n, whole, ok, c.want, c.whole, c.ok)
			}
		}
	}
}

func TestReadStringFromNowhere(t *testing.T) {
	var m memory
	if n, _, ok := m.readString(os.Getpid(), 8, make([]byte, 16)); n != 0 || ok {
		t.Errorf("got %d %v, want nothing", n, ok)
	}
}

func TestReadStrings(t *testing.T) {
	page := pages(t)
	low, err := unix.Mmap(-1, 0, pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_32BIT)
	require.NoError(t, err)
	defer func() { require.NoError(t, unix.Munmap(low)) }()
	copy(low, "one\x00two\x00\x00last\x00")
	offsets := []uint64{0, 4, 8, 9}
	for _, c := range []struct {
		name string
		at   int
		is32 bool
	}{{"of 64 bits", 0, false}, {"of 32 bits", 0, true}, {"that ends with the page", pageSize - 5*8, false}} {
		clear(page)
		for i, o := range offsets {
			if p := addressOf(&low[0]) + o; c.is32 {
				binary.NativeEndian.PutUint32(page[c.at+4*i:], uint32(p))
			} else {
				binary.NativeEndian.PutUint64(page[c.at+8*i:], p)
			}
		}
		var m memory
		room := make([]byte, 4096)
		n, whole, ok := m.readStrings(os.Getpid(), addressOf(&page[c.at]), c.is32, room)
		if got, want := string(room[:n]), "one\x00two\x00\x00last\x00"; got != want || !whole || !ok {
			t.Errorf("an array %s: got %q %v %v, want %q", c.name, got, whole, ok, want)
		}
	}
}

// The kernel takes an array of pointers wherever it lies.
func TestReadStringsOfAnArrayAcrossPages(t *testing.T) {
	p, err := unix.Mmap(-1, 0, 2*pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	defer func() { require.NoError(t, unix.Munmap(p)) }()
	copy(p, "first\x00second\x00")
	for before := range 2 * 8 {
		array := p[pageSize-before:]
		clear(array[:24])
		binary.NativeEndian.PutUint64(array, addressOf(&p[0]))
		binary.NativeEndian.PutUint64(array[8:], addressOf(&p[6]))
		var m memory
		room := make([]byte, 4096)
		n, whole, ok := m.readStrings(os.Getpid(), addressOf(&array[0]), false, room)
		if got, want := string(room[:n]), "first\x00second\x00"; got != want || !whole || !ok {
			t.Errorf("%d bytes before the end of the page: got %q %v %v, want %q", before, got, whole, ok, want)
		}
		clear(p[pageSize-16 : pageSize])
	}
}

func TestReadStringsIsBounded(t *testing.T) {
	page := pages(t)
	copy(page, "endless\x00")
	array := page[64:]
	for i := range 400 {
		binary.NativeEndian.PutUint64(array[8*i:], addressOf(&page[0]))
	}
	var m memory
	room := make([]byte, 100)
	if n, whole, _ := m.readStrings(os.Getpid(), addressOf(&array[0]), false, room); whole || n > len(room) {
		t.Errorf("got %d whole %v, want at most %d and cut", n, whole, len(room))
	}
}
