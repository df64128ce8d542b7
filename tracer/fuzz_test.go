package tracer

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// fuzzed is a tracer that watches every row, and a page that calls may point into,
// with nothing behind it. What it reads is this process's own memory.
type fuzzed struct {
	*Tracer
	page []byte
}

func newFuzzed(f *testing.F) *fuzzed {
	var needs event.Needs
	for row := range needs.Rows {
		needs.Rows[row].Match = true
	}
	return &fuzzed{New(Config{Needs: &needs, Stops: seccomp.ByTrace}), pages(f)}
}

// point returns a word as an argument: every other one is an address in the page.
func (z *fuzzed) point(word uint64) uint64 {
	if word>>56&1 == 0 {
		return word
	}
	return addressOf(&z.page[word%pageSize])
}

// fill lays content at the end of the page, with the words that it has made addresses.
func (z *fuzzed) fill(content []byte) {
	clear(z.page)
	at := z.page[pageSize-min(len(content), pageSize):]
	copy(at, content)
	for ; len(at) >= 8; at = at[8:] {
		binary.NativeEndian.PutUint64(at, z.point(binary.NativeEndian.Uint64(at)))
	}
}

// args returns six arguments of the bytes that are there.
func (z *fuzzed) args(b []byte) (args [6]uint64) {
	var words [48]byte
	copy(words[:], b)
	for i := range args {
		args[i] = z.point(binary.NativeEndian.Uint64(words[8*i:]))
	}
	return args
}

// stringAt returns the string at an address in the page; ok is false for another address.
func (z *fuzzed) stringAt(addr uint64) (s []byte, whole, ok bool) {
	at := addr - addressOf(&z.page[0])
	if at >= pageSize {
		return nil, false, false
	}
	s, _, whole = bytes.Cut(z.page[at:], []byte{0})
	return s, whole, true
}

// pointing is a word that is made the address of an offset in the page.
func pointing(offset int) []byte {
	return binary.NativeEndian.AppendUint64(nil, 1<<56|uint64(offset))
}

// Whatever a call points to, its record is one, and its paths are what is in memory.
func FuzzBegin(f *testing.F) {
	z := newFuzzed(f)
	path := append([]byte("/etc/passwd\x00"), make([]byte, 8)...)
	f.Add(uint16(event.Lookup("openat")), false, append(make([]byte, 8), pointing(pageSize-len(path))...), path)
	f.Add(uint16(event.Lookup("openat")), false, append(make([]byte, 8), pointing(pageSize-4)...), []byte("path"))
	f.Add(uint16(event.Lookup("execve")), true, append(make([]byte, 8), pointing(pageSize-13)...), pointing(pageSize-8))
	f.Add(uint16(event.Lookup("connect")), false, append(append(make([]byte, 8), pointing(pageSize-16)...), 16), make([]byte, 16))
	f.Add(uint16(event.Lookup("sendmsg")), false, append(make([]byte, 8), pointing(pageSize-16)...), append(pointing(pageSize-16), 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, row uint16, is32 bool, args, content []byte) {
		z.fill(content)
		call := Call{Row: int(row) % len(event.Table), Args: z.args(args), Is32: is32}
		z.begin(&thread{tid: os.Getpid(), pid: os.Getpid()}, &call)
		ev, err := event.Parse(z.rec.Event())
		if err != nil {
			t.Fatalf("%s%v: %v", event.Table[call.Row].Name, call.Args, err)
		}
		for i, p := range ev.Row().Params {
			want, whole, ok := z.stringAt(call.Args[min(i, 5)])
			if !ok || p.In != nil || p.Type != event.Path {
				continue
			}
			got, readable := ev.Bytes(event.Part(i))
			if readable != (whole || len(want) > 0) || !bytes.Equal(got, want) || readable && ev.Cut(event.Part(i)) == whole {
				t.Errorf("%s: got %q cut %v, want %q whole %v", p.Name, got, ev.Cut(event.Part(i)), want, whole)
			}
		}
	})
}

// Whatever a notification or a stop says, what comes of it is a row that is watched, or nothing.
func FuzzCheckEntry(f *testing.F) {
	z := newFuzzed(f)
	f.Add(uint64(unix.SYS_OPENAT), uint32(unix.AUDIT_ARCH_X86_64), []byte{}, []byte{})
	f.Add(uint64(seccomp.Socketcall), uint32(unix.AUDIT_ARCH_I386), append([]byte{3, 0, 0, 0, 0, 0, 0, 0}, pointing(pageSize-24)...), []byte("arguments of a socketcall"))
	f.Add(uint64(seccomp.OldMmap), uint32(unix.AUDIT_ARCH_I386), pointing(pageSize-10), []byte("cut off"))
	f.Add(uint64(unix.SYS_CLONE3), uint32(unix.AUDIT_ARCH_X86_64), pointing(pageSize-4), []byte("four"))
	f.Fuzz(func(t *testing.T, number uint64, arch uint32, args, content []byte) {
		z.fill(content)
		s := Stop{TID: os.Getpid(), Call: Call{Args: z.args(args), Is32: is32(arch)}}
		_, listed := z.calls[event.Call{Number: uint32(number), Is32: s.Call.Is32}]
		multiplexed := s.Call.Is32 && number == seccomp.Socketcall
		switch what := z.checkEntry(&s, number); {
		case what != Entry && what != Nothing:
			t.Errorf("call %d of %#x: got %v, want an entry or nothing", number, arch, what)
		case !multiplexed && (what == Entry) != listed:
			t.Errorf("call %d of %#x: got %v, want an entry %v", number, arch, what, listed)
		}
		(&noticed{Tracer: z.Tracer}).makesProcess(&s)
	})
}
