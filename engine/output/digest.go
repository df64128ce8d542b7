package output

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tiercel/engine"
	"tiercel/engine/event"
)

// Digest is an output that counts equal alerts instead of writing them all.
//
// Alerts are equal if they are of one rule and their output fields are equal,
// but for those that differ by time alone (event.Field.Fleeting). The first of
// them goes through at once, and opens a window; those that come within it are
// counted. Where there were any, the end of the window writes one digest: the
// latest of them, its message ending in " (x417 in 60 s)", its Count how many it
// stands for, without the first (in JSON "count"), and its Window the length of
// the window (in JSON "window_s", in seconds). The next one is a first again. So
// the firsts and the counts add up to the alerts, and an alert that is not
// repeated is not changed.
//
// Time is the alerts' own, so a replay gives the digests of the live run. A live
// run also ends windows by the clock, when nothing comes any more; an alert that
// is more than a second late then is a first there, and was counted in the replay.
//
// Write and Close may be called from any goroutine. The next output gets one call at a time.
type Digest struct {
	next  engine.Output
	every time.Duration

	mu    sync.Mutex // of what follows: the engine writes, the clock closes
	open  map[digestKey]*list.Element
	order list.List // the windows, as they were opened
	late  error     // of what the clock wrote, for the next to ask

	stop    context.CancelFunc
	stopped chan struct{} // closed when no clock runs
}

var _ engine.Output = &Digest{}

// maxWindows bounds the open windows; beyond, the oldest is closed early.
const maxWindows = 4096

// grace is how much later than its window's end an alert may come, by the clock:
// it has its time from its call's entry, and then waits for its turn.
const grace = time.Second

// window is the alerts that are counted at the moment.
type window struct {
	key    digestKey
	end    time.Time // the first alert's time and the length
	count  uint64
	latest *engine.Alert // nil while count is 0
}

// digestKey is what equal alerts have in common, hashed: what a workload names
// things must not decide how much memory a window takes.
type digestKey [sha256.Size]byte

// NewDigest returns a digest of what goes to next, with windows of that length,
// which must be above 0. A live one ends its windows by the clock too, until Close.
func NewDigest(next engine.Output, every time.Duration, live bool) *Digest {
	ctx, stop := context.WithCancel(context.Background())
	d := &Digest{next: next, every: every, open: map[digestKey]*list.Element{}, stop: stop, stopped: make(chan struct{})}
	if live {
		go d.watchClock(ctx)
	} else {
		close(d.stopped)
	}
	return d
}

// Digests returns the outputs with a digest before each, and what closes these;
// where every is 0, the outputs as they are. The outputs themselves stay open.
func Digests(outs []engine.Output, every time.Duration, live bool) (wrapped []engine.Output, closeAll func() error) {
	if every == 0 {
		return outs, func() error { return nil }
	}
	var closers []func() error
	for _, out := range outs {
		d := NewDigest(out, every, live)
		wrapped, closers = append(wrapped, d), append(closers, d.Close)
	}
	return wrapped, func() error {
		var errs error
		for _, f := range closers {
			errs = errors.Join(errs, f())
		}
		return errs
	}
}

// Write writes or counts one alert, and writes the digests of the windows that
// end by it. Its error is of any of these, and of what the clock wrote before.
func (d *Digest) Write(a *engine.Alert) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	errs := errors.Join(d.takeLate(), d.closeUntil(a.Time))
	key := keyOf(a)
	if at := d.open[key]; at != nil {
		w := at.Value.(*window)
		if a.Time.Before(w.end) {
			w.count, w.latest = w.count+1, a
			return errs
		}
		errs = errors.Join(errs, d.close(at)) // one that was opened out of turn
	}
	if len(d.open) == maxWindows {
		errs = errors.Join(errs, d.close(d.order.Front()))
	}
	d.open[key] = d.order.PushBack(&window{key: key, end: a.Time.Add(d.every)})
	return errors.Join(errs, d.next.Write(a))
}

// Close ends all windows. The next output is not closed.
func (d *Digest) Close() error {
	d.stop()
	<-d.stopped
	d.mu.Lock()
	defer d.mu.Unlock()
	errs := d.takeLate()
	for d.order.Len() > 0 {
		errs = errors.Join(errs, d.close(d.order.Front()))
	}
	return errs
}

// watchClock ends windows by the clock, until the digest is closed.
func (d *Digest) watchClock(ctx context.Context) {
	defer close(d.stopped)
	tick := time.NewTicker(min(d.every, time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			d.mu.Lock()
			d.late = errors.Join(d.late, d.closeUntil(now.Add(-grace)))
			d.mu.Unlock()
		}
	}
}

func (d *Digest) takeLate() error {
	err := d.late
	d.late = nil
	return err
}

// closeUntil ends the windows that do not reach beyond the time.
func (d *Digest) closeUntil(now time.Time) (errs error) {
	for at := d.order.Front(); at != nil && !now.Before(at.Value.(*window).end); at = d.order.Front() {
		errs = errors.Join(errs, d.close(at))
	}
	return errs
}

// close ends a window, and writes its digest if there is one.
func (d *Digest) close(at *list.Element) error {
	w := d.order.Remove(at).(*window)
	delete(d.open, w.key)
	if w.count == 0 {
		return nil
	}
	a := *w.latest // other outputs have it too
	a.Count, a.Window = w.count, d.every
	a.Message += " (x" + strconv.FormatUint(w.count, 10) + " in " + strconv.FormatFloat(d.every.Seconds(), 'f', -1, 64) + " s)"
	return d.next.Write(&a)
}

// keyOf is the key of the alert and its equals.
func keyOf(a *engine.Alert) (key digestKey) {
	h := sha256.New()
	fmt.Fprintf(h, "%q", a.Rule)
	for _, name := range slices.Sorted(maps.Keys(a.Fields)) {
		if !isFleeting(name) {
			fmt.Fprintf(h, "%q=%#v", name, a.Fields[name]) // Go syntax: no value can look like two
		}
	}
	h.Sum(key[:0])
	return key
}

// isFleeting is Fleeting of the field that an output calls so, perhaps with [argument].
func isFleeting(name string) bool {
	name, _, _ = strings.Cut(name, "[")
	f, _, ok := event.LookupField(name)
	return ok && f.Fleeting()
}
