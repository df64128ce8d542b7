package event

import (
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// What a field says early must be what it says in the end: else a rule is left
// out of a row's index, or a call is let go on, although its event would match.

// pick returns one of the values.
func pick[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// entryOf is a random event of the row as it is at the call's entry.
func entryOf(random *rand.Rand, row int) *Builder {
	b := new(Builder)
	b.Begin(row, Origin{PID: 11, TID: 11}, at)
	var args [6]uint64
	for i := range args {
		args[i] = pick(random, 0, 1, 3, 0x41, 0x10000, 1<<64-100, random.Uint64())
	}
	b.SetArgs(&args)
	for i, p := range Table[row].Params {
		addParam(random, b, Part(i), p)
	}
	return b
}

func addParam(random *rand.Rand, b *Builder, p Part, param Param) {
	switch {
	case param.In == nil && !param.Type.InMemory():
	case random.IntN(8) == 0:
		b.AddUnreadable(p)
	case param.In != nil:
		b.AddWord(p, random.Uint64N(1<<20))
	case param.Type == Path:
		b.AddString(p, pick(random, "/etc/passwd", "a/../b", "", "/x/./y"))
	case param.Type == SockAddr || param.Type == MsgName:
		b.AddString(p, pick(random, ip("192.0.2.7:443"), ip("[2001:db8::1]:80"), unixAddr("/run/x"), "\x10\x00", ""))
	default:
		b.AddString(p, pick(random, "", "tmpfs", "a\x00b\x00"))
	}
}

// finish adds what is known at the end: results, bases and facts.
func finish(random *rand.Rand, b *Builder) {
	for i, p := range Table[b.Event().RowIndex()].Params {
		if p.Type == Path && b.Event().NeedsBase(i) {
			b.AddString(Base+Part(i), "/srv")
		}
	}
	if b.Event().Row().When == Exit {
		b.SetRet(pick(random, int64(0), 3, -2, -5000))
	}
	b.AddString(FactCwd, "/srv")
	b.AddString(FactStdio, "file /dev/null\x00pipe pipe:[1]\x00")
	b.Add(FactUsage, AppendNumbers(nil, 4, 1, 2, 3, 5, 6000, 700, 8))
	b.Add(FactLimits, AppendNumbers(nil, 5, 1024))
	b.Add(FactInode, AppendNumbers(nil, 0x801, 99, pick(random, int64(0), LayerUpper, LayerLower)))
	b.AddString(FactDescriptors, "0 file\x001 pipe\x007 file\x00")
	b.AddString(FactObject, pick(random, "/etc/passwd", "socket:[1]", "pipe:[1]"))
	b.Add(FactFolder, AppendNumbers(nil, pick(random, int64(0), 1)))
	if random.IntN(2) == 0 {
		return
	}
	s := Socket{Domain: unix.AF_INET, Kind: 1, Local: []byte(ip("10.0.0.1:5000"))}
	if addr, ok := b.Event().Bytes(1); ok && b.Event().Row().Name == "connect" {
		s.Remote = slices.Clone(addr)
	}
	b.Add(FactSocket, s.Append(nil))
}

func TestEarlyValuesAreFinal(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	all := readings()
	for range 30 {
		for row := range Table {
			b := entryOf(random, row)
			entry := slices.Clone(b.Event())
			finish(random, b)
			compareStages(t, all, entry, b.Event())
		}
	}
}

// reading is a field with an argument that it may have.
type reading struct {
	*Field
	arg *Arg
	bad bool // reported before
}

func readings() (all []*reading) {
	for i := range Fields {
		for _, key := range keys {
			if key == "" || Fields[i].Arg != NoArg {
				all = append(all, &reading{&Fields[i], NewArg(key), false})
			}
		}
	}
	return all
}

func (r *reading) text(v *View) string {
	typ, _ := r.ValueType(r.arg)
	return textOf(typ, r.Get(v, r.arg))
}

// compareStages reads each field of an event at each stage. The early views are
// those of a gate, which knows nothing of the run.
func compareStages(t *testing.T, all []*reading, entry, whole Event) {
	var row, early View
	late := View{Number: 7, Started: at - 1500, Host: "box"}
	row.BeginRow(entry.RowIndex())
	early.Begin(entry, nil, AtEntry)
	late.Begin(whole, family(), Whole)
	for _, r := range all {
		want := r.text(&late)
		if want == unknown {
			t.Fatalf("%s[%s] of the whole event: got unknown, want a value or none", r.Name, r.arg.Key)
		}
		for stage, v := range []*View{&row, &early} {
			if got := r.text(v); got != unknown && got != want && !r.bad {
				r.bad = true
				t.Errorf("%s[%s] of %s at stage %d: got %q, want %q or unknown", r.Name, r.arg.Key, late.Row.Name, stage, got, want)
			}
		}
	}
}

// The kernel takes the unspecified address for the loopback one.
func TestConnectToNowhereIsNotKnownEarly(t *testing.T) {
	s := stream()
	s.Remote = []byte(ip("127.0.0.1:22"))
	whole := record("connect", part(1, ip("0.0.0.0:22")), ret(0), sock(s))
	var v View
	v.Begin(record("connect", part(1, ip("0.0.0.0:22"))), nil, AtEntry)
	early := read(t, &v, "fd.sip")
	v.Begin(whole, nil, Whole)
	if late := read(t, &v, "fd.sip"); early != unknown && early != late {
		t.Errorf("at the entry: got %s, want %s or unknown", early, late)
	}
}
