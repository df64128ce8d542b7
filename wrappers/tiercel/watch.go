package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"tiercel/engine"
	"tiercel/engine/event"
	"tiercel/engine/output"
	"tiercel/rules"
)

// watch is one run of the engine, over a command or over a capture.
type watch struct {
	*settings
	log     zerolog.Logger
	set     *rules.Set
	outputs []*output.Output
	ledger  *os.File // nil where none is wanted
	started time.Time

	closeDigests func() error
}

// newWatch makes the log and the set of rules: of the files, or of what is to be printed.
func newWatch(s *settings) (*watch, error) {
	log, err := newLog(s.logLevel, s.logFmt)
	if err != nil {
		return nil, err
	}
	w := &watch{settings: s, log: log, started: time.Now()}
	if s.printing() {
		w.set, err = s.query()
	} else {
		w.set, err = loadRules(s.rules)
	}
	return w, err
}

// open opens what is written to, before anything runs: a target that cannot be
// written to is found out then, not at the end.
func (w *watch) open() (err error) {
	open := output.Open
	if w.printing() {
		open = openLines
	}
	for _, spec := range w.settings.outputs {
		out, err := open(spec)
		if errors.Is(err, output.ErrFormat) {
			return usage("", "%w", err)
		}
		if err != nil {
			return err
		}
		w.outputs = append(w.outputs, out)
	}
	w.ledger, err = openLedger(w.stats)
	return err
}

func (w *watch) close() {
	for _, out := range w.outputs {
		if err := out.Close(); err != nil {
			w.log.Error().Err(err).Msg("close output")
		}
	}
}

// openLedger opens where the ledger goes; nil where none is wanted.
func openLedger(target string) (*os.File, error) {
	switch target {
	case "":
		return nil, nil
	case "stderr":
		return os.Stderr, nil
	}
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return f, nil
}

// engineConfig is what the engine is made of, but for whose events it gets; live
// says whether these come as they happen.
func (w *watch) engineConfig(live bool) engine.Config {
	c := engine.Config{Rules: w.set, Priority: w.minimum, Started: uint64(w.started.UnixNano())}
	for _, out := range w.outputs {
		c.Outputs = append(c.Outputs, out)
	}
	c.Outputs, w.closeDigests = output.Digests(c.Outputs, w.digest, live)
	c.OnError = func(err error) { w.log.Error().Err(err).Msg("alert lost") }
	return c
}

// finish turns the end of what was watched into the error that the exit status comes from.
func (w *watch) finish(eng *engine.Engine, source string, counters event.Counters, code int) error {
	if err := w.account(eng, source, counters); err != nil {
		return err
	}
	if p, ok := eng.Gravest(); code == 0 && ok && w.failOn != "" && p <= w.threshold {
		code = exitAlerted
	}
	if code != 0 {
		return &failure{code: code}
	}
	return nil
}

// endTime is how long a watch takes to end at most, before its alerts are given
// up, and then once more with the ledger.
const endTime = 10 * time.Second

var errStuck = errors.New("end watch: an output takes no alerts")

// await waits for the result of a watch that ends, but not for ever for an output
// that nobody reads.
func (w *watch) await(eng *engine.Engine, patience time.Duration, result <-chan error) error {
	select {
	case err := <-result:
		return err
	case <-time.After(patience):
	}
	w.log.Error().Stringer("after", patience).Msg("an output takes no alerts: those that are left are not written")
	eng.Abandon()
	select {
	case err := <-result:
		if f := (*failure)(nil); errors.As(err, &f) { // the status of alerts, which this is graver than
			err = nil
		}
		return errors.Join(errStuck, err)
	case <-time.After(patience):
		return fmt.Errorf("%w; there is no ledger", errStuck)
	}
}

// account tells what is still counted, and writes the ledger: of a run that failed, too.
func (w *watch) account(eng *engine.Engine, source string, counters event.Counters) error {
	w.tellDigests()
	ledger := eng.Ledger(counters)
	for _, b := range ledger.Blind {
		w.log.Warn().Int("pid", b.PID).Str("why", b.Why).Msg("process was not fully watched")
	}
	for _, l := range ledger.Lost { // as alerts they are subject to --priority
		w.log.Warn().Str("call", l.Row).Uint64("count", l.Count).Bool("shed", l.Shed).Msg("events were lost")
	}
	ledger.Source, ledger.WallNS = source, time.Since(w.started).Nanoseconds()
	if w.printing() {
		clear(ledger.Alerts) // lines are none
	}
	return w.writeLedger(&ledger)
}

// tellDigests writes what is counted: it is not to be lost, however the run ends.
func (w *watch) tellDigests() {
	if err := w.closeDigests(); err != nil {
		w.log.Error().Err(err).Msg("alert lost")
	}
}

func (w *watch) writeLedger(l *engine.Ledger) error {
	if w.ledger == nil {
		return nil
	}
	if err := json.NewEncoder(w.ledger).Encode(l); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	return nil
}
