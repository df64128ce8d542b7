package engine

import (
	"context"
	"errors"
	"sync/atomic"

	"tiercel/engine/event"
	"tiercel/rules"
)

// Source is where events come from. Run puts them into the ring until there are
// no more, and closes it.
type Source interface {
	Run(ctx context.Context, ring *event.Ring) error
}

// Output is where alerts go. An alert is the output's to keep.
type Output interface {
	Write(a *Alert) error
}

// Config is what an Engine is made of.
type Config struct {
	Rules    *rules.Set
	Outputs  []Output
	Priority rules.Priority // alerts that are less grave are not raised
	OnError  func(error)    // told when an output fails, if set
	Started  uint64         // when the run started, in nanoseconds since the epoch
	Machine  *Machine       // whose events these are; nil for the one that this runs on
	Tap      Tap            // told of every event before it is handled, if set
}

// Tap is told of events. One is valid until Record returns.
type Tap interface {
	Record(ev event.Event)
}

// Engine matches rules over events.
type Engine struct {
	Config
	tree    *tree
	matcher *rules.Matcher
	alerts  map[rules.Priority]uint64
	failed  uint64
	state   *correlator
	next    atomic.Pointer[rules.Set] // that Reload has left, until it is taken
	named   atomic.Pointer[Machine]   // and ReloadAccounts
	mute    atomic.Bool               // see Abandon
}

// New returns an engine that has seen no event yet.
func New(c Config) *Engine {
	if c.Machine == nil {
		c.Machine = ThisMachine()
	}
	e := &Engine{Config: c, tree: newTree(c.Machine), matcher: c.Rules.Matcher(), alerts: map[rules.Priority]uint64{}, state: newCorrelator()}
	e.matcher.Minimum = c.Priority
	v := e.matcher.View()
	v.Started, v.Host = c.Started, c.Machine.Host
	return e
}

// Run deals with the ring's events until it is closed and empty. Its error is that of ctx.
func (e *Engine) Run(ctx context.Context, ring *event.Ring) error {
	return ring.Drain(ctx, e.handle)
}

// Follow runs a source to its end, or that of ctx, and deals with all of its
// events, also with those that came before an error of the source.
func (e *Engine) Follow(ctx context.Context, src Source) error {
	ring := event.NewRing(event.DefaultRing)
	drained := make(chan error, 1)
	go func() { drained <- e.Run(context.WithoutCancel(ctx), ring) }()
	err := src.Run(ctx, ring)
	if drain := <-drained; err == nil {
		err = drain
	}
	return err
}

func (e *Engine) handle(ev event.Event) {
	if e.next.Load() != nil {
		e.exchange()
	}
	if e.named.Load() != nil {
		e.exchangeAccounts()
	}
	if e.Tap != nil {
		e.Tap.Record(ev)
	}
	switch ev.RowIndex() {
	case event.RowLost:
		e.tellLoss(ev.Loss())
		return
	case event.RowBlind:
		e.tellBlind(ev.Blind())
		return
	}
	proc := e.tree.apply(ev)
	if event.IsNote(ev.RowIndex()) {
		return
	}
	v := e.matcher.View()
	v.Number++
	v.Begin(ev, proc, event.Whole)
	e.match(v)
	v.Previous = ev.Time()
	e.tree.settle(ev)
}

// match raises the alert of the first rule that matches the view's event, and
// those of the rules with a state that it completes.
func (e *Engine) match(v *event.View) {
	if r := e.matcher.Match(); r != nil {
		e.raise(r, v)
	}
	e.matcher.MatchState(func(r *rules.Rule, steps uint64) {
		if e.state.advance(r, steps, v) {
			e.raise(r, v)
		}
	})
}

// Judge matches the rules over an event that is not of a source, but given by its
// fields (see event.View.BeginGiven), as if it had come from the ring: the same
// rule speaks, and its alert goes to the outputs. It is for a goroutine of its
// own: not beside Run.
func (e *Engine) Judge(row int, at uint64, given map[string][]event.Value) {
	v := e.matcher.View()
	v.Number++
	v.BeginGiven(row, at, given)
	e.match(v)
}

func (e *Engine) raise(r *rules.Rule, v *event.View) { e.write(newAlert(r, v, e.Machine.Host)) }

// Abandon has alerts that are still to come counted as not written, without a
// try: where an output takes too long at the end. It may be called from any goroutine.
func (e *Engine) Abandon() { e.mute.Store(true) }

var errAbandoned = errors.New("write alert: the outputs were given up")

// write counts an alert, and hands it to the outputs.
func (e *Engine) write(a *Alert) {
	e.alerts[a.Priority]++
	for _, out := range e.Outputs {
		err := errAbandoned
		if !e.mute.Load() {
			err = out.Write(a)
		}
		if err != nil {
			e.failed++
			if e.OnError != nil {
				e.OnError(err)
			}
		}
	}
}

// Gravest returns the priority of the gravest alert so far; ok is false where there was none.
// It may be called once Run has returned.
func (e *Engine) Gravest() (p rules.Priority, ok bool) {
	for p := rules.Emergency; p <= rules.Debug; p++ {
		if e.alerts[p] > 0 {
			return p, true
		}
	}
	return 0, false
}
