package event

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// edit changes a record that is being built by hand.
type edit func(*Builder)

// at is the time of every record that is built by hand: 2001-09-09 01:46:40 UTC.
const at = 1_000_000_000_000_000_000

func record(row string, edits ...edit) Event {
	var b Builder
	b.Begin(Lookup(row), Origin{PID: 11, TID: 11}, at)
	for _, e := range edits {
		e(&b)
	}
	return slices.Clone(b.Event())
}

func arg(i int, word uint64) edit {
	return func(b *Builder) { binary.LittleEndian.PutUint64(b.buf[offArgs+8*i:], word) }
}

func ret(n int64) edit                  { return func(b *Builder) { b.SetRet(n) } }
func part(p Part, s string) edit        { return func(b *Builder) { b.AddString(p, s) } }
func wordPart(p Part, word uint64) edit { return func(b *Builder) { b.AddWord(p, word) } }
func lost(p Part) edit                  { return func(b *Builder) { b.AddUnreadable(p) } }

func sock(s Socket) edit { return part(FactSocket, string(s.Append(nil))) }

// ip is a struct sockaddr_in or _in6.
func ip(address string) string {
	ap := netip.MustParseAddrPort(address)
	port := []byte{byte(ap.Port() >> 8), byte(ap.Port())}
	if ap.Addr().Is4() {
		return string(slices.Concat([]byte{unix.AF_INET, 0}, port, ap.Addr().AsSlice(), make([]byte, 8)))
	}
	return string(slices.Concat([]byte{unix.AF_INET6, 0}, port, make([]byte, 4), ap.Addr().AsSlice(), make([]byte, 4)))
}

func unixAddr(path string) string { return "\x01\x00" + path }

// The texts of values that are not known.
const (
	absent  = "ABSENT"
	unknown = "UNKNOWN"
)

// read returns the field's value as text; the name may have an argument in brackets.
func read(t testing.TB, v *View, name string) string {
	t.Helper()
	f, a := field(t, name)
	typ, _ := f.ValueType(a)
	return textOf(typ, f.Get(v, a))
}

func field(t testing.TB, name string) (*Field, *Arg) {
	t.Helper()
	base, inner, _ := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	f, dotted, ok := LookupField(base)
	if !ok {
		t.Fatalf("no field %q", name)
	}
	return f, NewArg(dotted + inner)
}

func textOf(t FieldType, val Value) string {
	switch val.Status {
	case Absent:
		return absent
	case Unknown:
		return unknown
	}
	return string(t.AppendText(nil, val))
}
