package capture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tiercel/engine"
	"tiercel/engine/event"
	"tiercel/rules"
)

// file is memory that is written like a file.
type file struct {
	bytes.Buffer
	room   int   // bytes that it takes, if it fails
	fails  error // behind these
	closed bool
}

func (f *file) Write(b []byte) (int, error) {
	if f.fails != nil && f.Len()+len(b) > f.room {
		n, _ := f.Buffer.Write(b[:f.room-f.Len()])
		return n, f.fails
	}
	return f.Buffer.Write(b)
}

func (f *file) Close() error {
	f.closed = true
	return nil
}

var started = time.Unix(1_700_000_000, 5).In(time.FixedZone("", 3600))

func testHeader() *Header {
	m := &engine.Machine{Host: "box", Container: event.Container{ID: event.NoContainer}, Users: map[int64]event.Account{0: {Name: "root", Home: "/root", Shell: "/bin/sh"}}, Groups: map[int64]event.Account{-2: {Name: "none"}}}
	var n event.Needs
	n.Rows[event.Lookup("openat")].Match = true
	return NewHeader(m, Needs(&n), started)
}

// opening is an openat of the path by process 10.
func opening(path string) event.Event {
	var b event.Builder
	b.Begin(event.Lookup("openat"), event.Origin{PID: 10, TID: 10}, uint64(started.UnixNano()))
	b.AddString(1, path)
	b.SetRet(3)
	return b.Event()
}

func openings(n int) (events []event.Event) {
	for i := range n {
		events = append(events, opening(fmt.Sprintf("/etc/%d", i)))
	}
	return events
}

// tail is what a capture ends with.
type tail int

const (
	finished tail = iota
	unfinished
)

// recorded is a capture of the events, in blocks of each events.
func recorded(t testing.TB, events []event.Event, each int, end tail) []byte {
	t.Helper()
	b := append([]byte{}, magic[:]...)
	add := func(k kind, v any) {
		block, err := encode(k, v)
		require.NoError(t, err)
		b = append(b, block...)
	}
	add(headerBlock, testHeader())
	for chunk := range slices.Chunk(events, each) {
		b = append(b, sealed(eventBlock, slices.Concat(asBytes(chunk)...))...)
	}
	if end == finished {
		add(endBlock, account{uint64(len(events)), nil})
	}
	return b
}

func asBytes(events []event.Event) (all [][]byte) {
	for _, ev := range events {
		all = append(all, ev)
	}
	return all
}

func sealed(k kind, body []byte) []byte {
	block := append(make([]byte, blockHeader), body...)
	seal(block, k)
	return block
}

// readAll reads a capture to its end or an error.
func readAll(b []byte) (events []event.Event, cut bool, err error) {
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, false, err
	}
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return events, r.Cut(), nil
		}
		if err != nil {
			return events, false, err
		}
		events = append(events, slices.Clone(ev))
	}
}

func sameEvents(t *testing.T, got, want []event.Event) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b event.Event) bool { return bytes.Equal(a, b) }) {
		t.Errorf("got %d events, want the %d that were recorded", len(got), len(want))
	}
}

func TestWhatIsRecordedIsRead(t *testing.T) {
	out := &file{}
	w, err := NewWriter(out, testHeader())
	require.NoError(t, err)
	events := openings(9_000) // of more than one block
	for _, ev := range events {
		w.Record(ev)
	}
	blind := []event.Blind{{PID: 7, From: 1, To: 2, Why: "memory could not be read"}}
	require.NoError(t, w.Finish(blind))
	r, err := NewReader(&out.Buffer)
	require.NoError(t, err)
	h, _ := json.Marshal(r.Header())
	if want, _ := json.Marshal(testHeader()); !bytes.Equal(h, want) {
		t.Errorf("got header %s, want %s", h, want)
	}
	ring, got := event.NewRing(0), []event.Event{}
	go func() { require.NoError(t, r.Run(context.Background(), ring)) }()
	require.NoError(t, ring.Drain(t.Context(), func(ev event.Event) { got = append(got, slices.Clone(ev)) }))
	sameEvents(t, got, events)
	c := r.Counters()
	if c.Seen != 9_000 || c.Queued != 9_000 || len(c.Blind) != 1 || c.Blind[0] != blind[0] || r.Cut() || !out.closed {
		t.Errorf("got %+v, cut %v, closed %v, want 9000 seen and queued, one blind, whole, closed", c, r.Cut(), out.closed)
	}
}

// countingOutput counts alerts by rule.
type countingOutput map[string]int

func (c countingOutput) Write(a *engine.Alert) error {
	c[a.Rule]++
	return nil
}

func TestALossIsRecordedAndToldAgain(t *testing.T) {
	out := &file{}
	w, err := NewWriter(out, testHeader())
	require.NoError(t, err)
	at := uint64(started.UnixNano())
	want := event.Loss{Row: "openat", Count: 9, From: at, To: at + 7}
	var b event.Builder
	b.BeginLoss(want)
	for _, ev := range []event.Event{opening("/etc/passwd"), b.Event(), opening("/etc/hosts")} {
		w.Record(ev)
	}
	require.NoError(t, w.Finish(nil))
	r, err := NewReader(&out.Buffer)
	require.NoError(t, err)
	set, problems := rules.Compile(nil)
	require.NotNil(t, set, "%v", problems)
	alerts := countingOutput{}
	e := engine.New(engine.Config{Rules: set, Machine: r.Header().Machine, Priority: rules.Debug, Outputs: []engine.Output{alerts}})
	require.NoError(t, e.Follow(t.Context(), r))
	c := r.Counters()
	if alerts["Tiercel internal: events lost"] != 1 || c.Seen != 12 || c.Queued != 3 || c.Lost != 9 || len(c.Losses) != 1 || c.Losses[0] != want || r.Cut() {
		t.Errorf("got alerts %v and %+v, want one alert, 9 of 12 lost", alerts, c)
	}
}

func TestEventsAreWrittenWhileNothingHappens(t *testing.T) {
	pr, pw := io.Pipe()
	w := make(chan *Writer)
	go func() {
		c, err := NewWriter(pw, testHeader())
		require.NoError(t, err)
		c.Record(opening("/etc/passwd"))
		w <- c
	}()
	r, err := NewReader(pr)
	require.NoError(t, err)
	<-w
	if ev, err := r.Next(); err != nil || ev.Row().Name != "openat" { // blocks for ever if it is kept back
		t.Errorf("got %v, %v, want the event", ev, err)
	}
}

func TestCaptureThatIsCutOffIsReadAsFarAsItGoes(t *testing.T) {
	events := openings(6)
	whole := recorded(t, events, 2, finished)
	start := len(recorded(t, nil, 2, unfinished))
	block := blockHeader + 2*len(events[0])
	for n := range whole {
		got, cut, err := readAll(whole[:n])
		switch {
		case n < start:
			if !errors.Is(err, ErrForeign) {
				t.Errorf("%d bytes: got %v, want %v", n, err, ErrForeign)
			}
		case err != nil || !cut:
			t.Errorf("%d bytes: got %v, cut %v, want cut off", n, err, cut)
		default:
			sameEvents(t, got, events[:min(6, 2*((n-start)/block))])
		}
	}
}

func TestWhatStandsBehindTheEndIsDamage(t *testing.T) {
	whole := recorded(t, openings(2), 2, finished)
	for _, tail := range []string{"x", strings.Repeat("x", blockHeader), string(whole)} {
		if _, cut, err := readAll(append(slices.Clone(whole), tail...)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes behind: got %v, cut %v, want %v", len(tail), err, cut, ErrDamaged)
		}
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	events := openings(4)
	whole := recorded(t, events, 2, finished)
	for i := range whole {
		bad := slices.Clone(whole)
		bad[i] ^= 1 << (i % 8)
		_, cut, err := readAll(bad)
		if err == nil || cut {
			t.Fatalf("byte %d: got %v, cut %v, want an error", i, err, cut)
		}
		if i >= len(magic) && (!errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "at byte ")) {
			t.Fatalf("byte %d: got %v, want %v and where", i, err, ErrDamaged)
		}
	}
}

func TestEventsBeforeTheDamageAreRead(t *testing.T) {
	events := openings(4)
	bad := recorded(t, events, 2, finished)
	at := len(recorded(t, events[:2], 2, unfinished))
	bad[at+blockHeader+100] ^= 1
	got, _, err := readAll(bad)
	if want := fmt.Sprintf("at byte %d: damaged", at); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	sameEvents(t, got, events[:2])
}

func TestFilesThatAreNoCaptures(t *testing.T) {
	head := recorded(t, nil, 1, unfinished)
	with := func(change func(h *Header)) []byte {
		h := testHeader()
		change(h)
		block, err := encode(headerBlock, h)
		require.NoError(t, err)
		return append(append([]byte{}, magic[:]...), block...)
	}
	openat := event.Lookup("openat")
	for name, tt := range map[string]struct {
		bytes []byte
		want  error
		text  string
	}{
		"nothing at all":             {nil, ErrForeign, "does not begin as one"},
		"text":                       {[]byte("root:x:0:0:root:/root:/bin/bash\n"), ErrForeign, "does not begin as one"},
		"a later format":             {append([]byte("tierca2\n"), head[len(magic):]...), ErrVersion, `version '2' of the format, this is '1'`},
		"no header":                  {append(append([]byte{}, magic[:]...), sealed(eventBlock, opening("/x"))...), ErrDamaged, "want the header"},
		"a header of something":      {append(append([]byte{}, magic[:]...), sealed(headerBlock, []byte("[]"))...), ErrDamaged, "header"},
		"a header of nothing":        {append(append([]byte{}, magic[:]...), sealed(headerBlock, []byte("{}"))...), ErrDamaged, "no machine"},
		"another architecture":       {with(func(h *Header) { h.Arch = "vax" }), ErrVersion, "on vax"},
		"another state of a process": {with(func(h *Header) { h.State[0], h.State[1] = h.State[1], h.State[0] }), ErrVersion, "PPID PID"},
		"another order of rows":      {with(func(h *Header) { h.Rows[openat].Name = "unlinkat" }), ErrVersion, "unlinkat there, openat here"},
		"other parameters":           {with(func(h *Header) { h.Rows[openat].Params[0] = "fd" }), ErrVersion, "openat has the parameters [fd name"},
		"a call of the future":       {with(func(h *Header) { h.Rows = append(h.Rows, Row{Name: "teleport", Recorded: true}) }), ErrVersion, "teleport, a call that this version does not know"},
		"a block that is too large":  {append(slices.Clone(head), tooLarge()...), ErrDamaged, "want at most"},
		"an unknown block":           {append(slices.Clone(head), sealed(9, nil)...), ErrDamaged, "kind 9"},
		"an account that is none":    {append(slices.Clone(head), sealed(endBlock, []byte("x"))...), ErrDamaged, "account"},
		"another number of events":   {append(slices.Clone(head), sealed(endBlock, []byte(`{"events":3}`))...), ErrDamaged, "0 events, want 3"},
		"something behind the end":   {append(recorded(t, openings(1), 1, finished), sealed(eventBlock, opening("/x"))...), ErrDamaged, "behind the end"},
		"no record":                  {append(slices.Clone(head), sealed(eventBlock, []byte("short"))...), ErrDamaged, "malformed event record"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll(tt.bytes)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %v with %q", err, tt.want, tt.text)
			}
		})
	}
}

// tooLarge is the header of a block that claims more bytes than any has.
func tooLarge() []byte {
	block := make([]byte, blockHeader+maxBlock+1)
	seal(block, eventBlock)
	return block[:blockHeader]
}

func TestVersionsThatAddToTheTableReadEachOther(t *testing.T) {
	for name, change := range map[string]func(h *Header){
		"a row was added that was not recorded":   func(h *Header) { h.Rows = append(h.Rows, Row{Name: "teleport"}) },
		"a parameter was added":                   func(h *Header) { r := &h.Rows[event.Lookup("openat")]; r.Params = append(r.Params, "new") },
		"a row was not there yet":                 func(h *Header) { h.Rows = h.Rows[:len(h.Rows)-1] },
		"a row was renamed that was not recorded": func(h *Header) { h.Rows[event.Lookup("mmap")].Name = "mmap0" },
	} {
		t.Run(name, func(t *testing.T) {
			h := testHeader()
			change(h)
			if err := h.check(); err != nil {
				t.Errorf("got %v, want no error", err)
			}
		})
	}
}

func TestEventOfARowThatWasNotRecorded(t *testing.T) {
	var b event.Builder
	b.Begin(event.Lookup("mmap"), event.Origin{PID: 10, TID: 10}, 0)
	_, _, err := readAll(append(recorded(t, nil, 1, unfinished), sealed(eventBlock, b.Event())...))
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "mmap, which was not recorded") {
		t.Errorf("got %v, want it refused by name", err)
	}
}

func TestFullDiskEndsTheRecordingAndNotTheRun(t *testing.T) {
	full := errors.New("no space left on device")
	head := len(recorded(t, nil, 1, unfinished))
	out := &file{room: head + fullBlock/2, fails: full}
	w, err := NewWriter(out, testHeader())
	require.NoError(t, err)
	told := make(chan error, 10)
	w.OnError = func(err error) { told <- err }
	for _, ev := range openings(20_000) {
		w.Record(ev) // blocks for ever if it waits for room that never comes
	}
	if err := <-told; !errors.Is(err, full) {
		t.Errorf("told %v, want %v", err, full)
	}
	if err := w.Finish(nil); !errors.Is(err, full) || len(told) > 0 || !out.closed {
		t.Errorf("at the end: got %v, told %d times more, closed %v, want %v, told once, closed", err, len(told), out.closed, full)
	}
	if _, cut, err := readAll(out.Bytes()); err != nil || !cut {
		t.Errorf("got %v, cut %v, want what was written, cut off", err, cut)
	}
}

func TestHeaderThatCannotBeWrittenIsAnErrorAtOnce(t *testing.T) {
	full := errors.New("no space left on device")
	if _, err := NewWriter(&file{fails: full}, testHeader()); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	if _, err := Create("/dev/full", testHeader()); err == nil {
		t.Error("/dev/full: got no error, want one")
	}
}

func TestCloseLeavesTheCaptureUnfinished(t *testing.T) {
	out := &file{}
	w, err := NewWriter(out, testHeader())
	require.NoError(t, err)
	w.Record(opening("/x"))
	require.NoError(t, w.Close())
	if got, cut, err := readAll(out.Bytes()); len(got) != 1 || !cut || err != nil {
		t.Errorf("got %d events, cut %v, %v, want 1, cut off", len(got), cut, err)
	}
}

func TestNeedsAskForAllThatAFieldCould(t *testing.T) {
	var none event.Needs
	n := Needs(&none)
	for _, name := range []string{"execve", "execveat", "setuid", "setsid", "prctl"} {
		if !n.Rows[event.Lookup(name)].Match {
			t.Errorf("%s: got it unwatched, want all of its events", name)
		}
	}
	if n.Rows[event.Lookup("connect")].Watch() {
		t.Error("connect: got it watched, want not, as no rule asks for it")
	}
	var some event.Needs
	some.Rows[event.Lookup("connect")] = event.RowNeed{Match: true, Only: []event.Clause{{Path: true}}, Paths: &event.Paths{}}
	n = Needs(&some)
	if row := n.Rows[event.Lookup("connect")]; row.Only != nil || row.Paths != nil {
		t.Error("connect: got some of its events left out, want all of them")
	}
	var connect [len(event.Table)]bool
	connect[event.Lookup("connect")] = true
	for i := range event.Fields {
		f := &event.Fields[i]
		all := *n
		all.AddField(f, event.NewArg(""), &connect)
		if !reflect.DeepEqual(all, *n) {
			t.Errorf("%s: got needs that lack what it asks for", f.Name)
		}
	}
	if some.Rows[event.Lookup("execve")].Match {
		t.Error("got the given needs changed, want them as they were")
	}
	if (Everything{}).Decide(opening("/x")) != event.Watch {
		t.Error("got an event dropped, want none")
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	w, err := NewWriter(&discard{}, testHeader())
	require.NoError(t, err)
	ev := opening("/etc/passwd")
	if got := testing.AllocsPerRun(2000, func() { w.Record(ev) }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
	require.NoError(t, w.Finish(nil))
}

type discard struct{ io.Writer }

func (*discard) Write(b []byte) (int, error) { return len(b), nil }
func (*discard) Close() error                { return nil }

func BenchmarkRecord(b *testing.B) {
	w, err := NewWriter(&discard{}, testHeader())
	require.NoError(b, err)
	ev := opening("/etc/passwd")
	b.SetBytes(int64(len(ev)))
	b.ReportAllocs()
	for b.Loop() {
		w.Record(ev)
	}
	require.NoError(b, w.Finish(nil))
}

// Whatever the bytes, reading and matching them neither crashes nor takes more
// memory than they warrant. As blocks of arbitrary bytes have no right checksum,
// the bytes are read as a block's, too.
func FuzzReader(f *testing.F) {
	h := testHeader()
	for i := range h.Rows {
		h.Rows[i].Recorded = true
	}
	start, err := encode(headerBlock, h)
	require.NoError(f, err)
	head := append(append([]byte{}, magic[:]...), start...)
	h.Rows = h.Rows[:event.Lookup("openat")+1] // a short capture is minimised sooner
	short, err := encode(headerBlock, h)
	require.NoError(f, err)
	f.Add(slices.Concat(magic[:], short, sealed(eventBlock, opening("/x")), sealed(endBlock, []byte(`{"events":1}`))))
	f.Add([]byte(opening("/etc/shadow")))
	f.Add([]byte(`{"machine":{},"arch":"amd64"}`))
	set, problems := rules.Query("", "%evt.args %fd.name %proc.aname %user.name %container.id")
	require.NotNil(f, set, "%v", problems)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, file := range [][]byte{b, append(append([]byte{}, magic[:]...), sealed(headerBlock, b)...),
			append(slices.Clone(head), sealed(eventBlock, b)...), append(slices.Clone(head), sealed(endBlock, b)...)} {
			r, err := NewReader(bytes.NewReader(file))
			if err != nil {
				continue
			}
			ring := event.NewRing(0)
			go func() { _ = r.Run(t.Context(), ring) }() // may say what it likes
			require.NoError(t, engine.New(engine.Config{Rules: set, Machine: r.Header().Machine}).Run(t.Context(), ring))
			if r.Counters().Seen > uint64(len(file)/80) {
				t.Errorf("got %d events of %d bytes, want at most one of 80", r.Counters().Seen, len(file))
			}
		}
	})
}
