package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestRecordRoundTrip(t *testing.T) {
	var b Builder
	b.Begin(Lookup("openat"), Origin{PID: 7, TID: -8, Is32: true}, math.MaxUint64)
	b.SetArgs(&[6]uint64{1, 2, 3, 4, 5, 1<<64 - 1})
	b.SetRet(-2)
	b.AddString(1, "/etc/passwd")
	b.AddWord(4, 42)
	ev, err := Parse(b.Event())
	if err != nil {
		t.Fatal(err)
	}
	number, known := ev.Ret()
	got := fmt.Sprint(ev.Row().Name, ev.PID(), ev.TID(), ev.Is32(), ev.Time(), number, known, ev.Arg(0), ev.Arg(5))
	if want := fmt.Sprint("openat", 7, -8, true, uint64(math.MaxUint64), -2, true, 1, uint64(math.MaxUint64)); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if path, ok := ev.Bytes(1); string(path) != "/etc/passwd" || !ok {
		t.Errorf("got %q, %v, want /etc/passwd", path, ok)
	}
}

func TestRecordBeforeItsEnd(t *testing.T) {
	ev := record("openat", part(1, "/x"))
	if _, known := ev.Ret(); known {
		t.Error("got a result before there was one, want none")
	}
	if ev.Is32() {
		t.Error("got a 32-bit entry, want the native one")
	}
}

func TestBeginDropsTheRecordBefore(t *testing.T) {
	var b Builder
	b.Begin(Lookup("openat"), Origin{PID: 1, Is32: true}, 1)
	b.SetArgs(&[6]uint64{9, 9, 9, 9, 9, 9})
	b.SetRet(9)
	b.AddString(1, "old")
	b.Begin(Lookup("close"), Origin{}, 0)
	want := record("close")
	binary.LittleEndian.PutUint64(want[offTime:], 0)
	binary.LittleEndian.PutUint64(want[offPID:], 0)
	if got := b.Event(); !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPartMarks(t *testing.T) {
	long := strings.Repeat("x", MaxString+1)
	tests := []struct {
		name          string
		edit          edit
		has, ok, cut  bool
		wantedBytes   int
		wantedContent string
	}{
		{"a part that is not there", func(*Builder) {}, false, false, false, 0, ""},
		{"a part", part(1, "abc"), true, true, false, 3, "abc"},
		{"an empty part", part(1, ""), true, true, false, 0, ""},
		{"a part that could not be read", lost(1), true, false, false, 0, ""},
		{"a part as long as may be", part(1, long[1:]), true, true, false, MaxString, long[1:]},
		{"a part that is longer is cut", part(1, long), true, true, true, MaxString, long[1:]},
		{"the first of two counts", func(b *Builder) { b.AddString(1, "one"); b.AddString(1, "two") }, true, true, false, 3, "one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := record("openat", part(0, "before"), tt.edit, part(2, "behind"))
			got, ok := ev.Bytes(1)
			if string(got) != tt.wantedContent || len(got) != tt.wantedBytes || ok != tt.ok {
				t.Errorf("got %d bytes, %v, want %d, %v", len(got), ok, tt.wantedBytes, tt.ok)
			}
			if ev.Has(1) != tt.has || ev.Cut(1) != tt.cut {
				t.Errorf("got has %v, cut %v, want %v, %v", ev.Has(1), ev.Cut(1), tt.has, tt.cut)
			}
			if behind, _ := ev.Bytes(2); string(behind) != "behind" {
				t.Errorf("got %q behind it, want behind", behind)
			}
		})
	}
}

func TestPartsOfEveryLengthArePadded(t *testing.T) {
	for n := range 40 {
		ev := record("openat", part(1, strings.Repeat("a", n)), part(2, strings.Repeat("b", n)))
		if len(ev)%8 != 0 {
			t.Errorf("length %d: got a record of %d bytes, want a multiple of 8", n, len(ev))
		}
		if got, _ := ev.Bytes(2); string(got) != strings.Repeat("b", n) {
			t.Errorf("length %d: got %q, want as many b", n, got)
		}
	}
}

func TestFullRecordStaysWhole(t *testing.T) {
	var b Builder
	b.Begin(Lookup("execve"), Origin{}, at)
	for i := range 2 * MaxSize / MaxString {
		b.AddString(Part(i), strings.Repeat("x", MaxString+i))
		b.AddUnreadable(Part(i + 100))
		b.AddWord(Part(i+200), 1)
	}
	ev, err := Parse(b.Event())
	if err != nil {
		t.Fatal(err)
	}
	if len(ev) > MaxSize || len(ev) < MaxSize-64 {
		t.Errorf("got %d bytes, want a full record of %d", len(ev), MaxSize)
	}
	if room := b.Room(); len(room) != 0 {
		t.Errorf("got room for %d bytes, want none", len(room))
	}
	if got, _ := ev.Bytes(0); len(got) != MaxString {
		t.Errorf("got a first part of %d bytes, want %d", len(got), MaxString)
	}
}

func TestLargestExecFits(t *testing.T) {
	var s State
	long := strings.Repeat("x", MaxString+1)
	edits := []edit{part(FactName, "sixteen bytes xx"), part(FactGroup, long[:1024])}
	for _, p := range []Part{0, 1, Base, FactExe, FactArgs, FactCwd} {
		edits = append(edits, part(p, long))
	}
	ev := record("execve", append(edits, part(FactState, string(s.Append(nil, true))))...)
	if state, ok := ev.Bytes(FactState); !ok || len(state) != 8*len(s.numbers()) || ev.Cut(FactState) {
		t.Errorf("got a state of %d bytes, want %d: the others leave no room", len(state), 8*len(s.numbers()))
	}
}

func TestLoadGoesOnWithARecord(t *testing.T) {
	var b Builder
	b.Load(record("openat", part(1, "name")))
	b.SetRet(3)
	b.AddString(Base+1, "/srv")
	want := record("openat", part(1, "name"), ret(3), part(Base+1, "/srv"))
	if got := b.Event(); !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A record whose last part lacks its padding is one that Parse takes.
func TestLoadGoesOnWithARecordThatEndsUnpadded(t *testing.T) {
	short := record("openat", part(1, "12345"))
	short = short[:len(short)-7]
	binary.LittleEndian.PutUint32(short, uint32(len(short)))
	ev, err := Parse(short)
	if err != nil {
		t.Skipf("such records are refused: %v", err)
	}
	var b Builder
	b.Load(ev)
	b.AddString(2, "behind")
	if got, ok := b.Event().Bytes(2); string(got) != "behind" {
		t.Errorf("got %q, %v, want behind", got, ok)
	}
}

func TestWordsOfStructs(t *testing.T) {
	ev := record("openat2", arg(0, 5), arg(3, 24), wordPart(4, 0o100), lost(5), part(6, "short"))
	tests := []struct {
		name  string
		param string
		want  uint64
		ok    bool
	}{
		{"an argument is in its register", "size", 24, true},
		{"a word of a struct is a part", "flags", 0o100, true},
		{"a word that could not be read", "mode", 0, false},
		{"a word of the wrong length", "resolve", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ev.Word(ev.Row().Param(tt.param))
			if got != tt.want || ok != tt.ok {
				t.Errorf("got %d, %v, want %d, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	set := func(offset int, b ...byte) func(Event) Event {
		return func(ev Event) Event { copy(ev[offset:], b); return ev }
	}
	tests := []struct {
		name   string
		change func(Event) Event
	}{
		{"nothing", func(Event) Event { return nil }},
		{"less than a header", func(ev Event) Event { return ev[:headerSize-1] }},
		{"a size below the header's", set(offSize, headerSize-1, 0)},
		{"a size above what is there", set(offSize, 0, 1)},
		{"a size above the bound", func(ev Event) Event {
			return append(set(offSize, 0, 0, 1)(ev), make([]byte, 1<<16)...)
		}},
		{"a row that is not in the table", set(offRow, byte(len(Table)&0xff), byte(len(Table)>>8))},
		{"a part that is longer than the record", set(headerSize+2, 200)},
		{"a part whose header is cut", set(offSize, headerSize+3)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := Parse(tt.change(record("openat", part(1, "/etc/passwd"))))
			if !errors.Is(err, ErrRecord) || ev != nil {
				t.Errorf("got %v, %v, want %v", ev, err, ErrRecord)
			}
		})
	}
}

func TestParseLeavesWhatFollowsTheRecord(t *testing.T) {
	one := record("close", arg(0, 3))
	ev, err := Parse(slices.Concat(one, []byte("the next one")))
	if err != nil || !bytes.Equal(ev, one) {
		t.Errorf("got %v, %v, want the first record alone", ev, err)
	}
}

func TestBuilderAllocatesNothing(t *testing.T) {
	b, path, state := new(Builder), []byte("/etc/passwd"), family().Append(nil, true)
	got := testing.AllocsPerRun(100, func() {
		b.Begin(Lookup("openat"), Origin{PID: 1, TID: 1}, at)
		b.SetArgs(&[6]uint64{1})
		b.Add(1, path)
		b.AddString(Base+1, "/srv")
		b.AddWord(2, 7)
		b.Add(FactState, state)
		b.SetRet(1)
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// FuzzParseRecord reads everything there is to read of whatever Parse accepts.
func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte(record("openat", part(1, "a/../b"), part(Base+1, "/srv"), ret(3), part(FactObject, "/srv/b"))))
	f.Add([]byte(record("connect", arg(0, 3), part(1, ip("192.0.2.7:443")), sock(Socket{Domain: 2, Kind: 1, Local: []byte(ip("10.0.0.1:999"))}))))
	f.Add([]byte(record("execve", part(0, "/bin/sh"), part(1, "sh\x00-c\x00"), part(FactState, string(family().Append(nil, true))), ret(0))))
	f.Add([]byte(record("openat2", wordPart(4, 1), lost(5), part(1, ""), part(FactStdio, "pipe pipe:[1]\x00"))))
	f.Add([]byte(record("procexit", arg(0, 9))))
	f.Fuzz(func(t *testing.T, b []byte) {
		ev, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(ev)
		if err != nil || !bytes.Equal(again, ev) {
			t.Fatalf("got %v, %v, want the same record again", again, err)
		}
		readRecord(ev)
		readFields(ev)
	})
}

func readRecord(ev Event) {
	ev.Descriptor()
	for i := range 256 {
		p := Part(i)
		ev.Bytes(p)
		ev.Cut(p)
		ev.Has(p)
	}
	for i := range ev.Row().Params {
		ev.Word(i)
		ev.NeedsBase(i)
	}
}

// keys are arguments that fields are read with.
var keys = []string{"", "flags", "fd", "res", "name", "0", "1", "7", "HOME", "exe", "args", "uid"}

func readFields(ev Event) {
	never := func(Value) bool { return false }
	all := readings()
	for _, proc := range []*Process{nil, {}, family()} {
		for _, stage := range []Stage{AtEntry, Whole} {
			var v View
			v.Begin(ev, proc, stage)
			for _, r := range all {
				r.text(&v)
				r.Any(&v, r.arg, never)
			}
		}
	}
}
