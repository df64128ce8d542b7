package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// puppet is a source whose events a test makes: the watch around it is the real one.
type puppet struct {
	events chan event.Event

	mu      sync.Mutex
	updates []asked
	refuse  error
	closed  bool
}

func (p *puppet) Run(ctx context.Context, ring *event.Ring) error {
	defer ring.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev := <-p.events:
			if err := ring.Put(context.Background(), ev); err != nil {
				return err
			}
		}
	}
}

func (p *puppet) Update(a asked) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.updates = append(p.updates, a)
	return p.refuse
}

func (p *puppet) last() asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.updates[len(p.updates)-1]
}

func (p *puppet) Counters() event.Counters {
	return event.Counters{Seen: 10, Queued: 3, Lost: 7, Losses: []event.Loss{{Row: "openat", Count: 4, Shed: true}, {Row: "execve", Count: 3}}}
}

func (p *puppet) Close() error {
	p.closed = true
	return nil
}

// safeBuffer is a log that a test reads while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// hostRun is a watch of a host that runs.
type hostRun struct {
	t             *testing.T
	source        *puppet
	ends, hups    chan os.Signal
	done          chan error
	log           safeBuffer
	rules, alerts string
	ledger        string
	accounts      string
}

func opensRule(name, call string) string {
	return fmt.Sprintf("- rule: %s\n  desc: d\n  condition: evt.type = %s and fd.name = /etc/x\n  output: seen\n  priority: warning\n", name, call)
}

// patience is how long these watches wait for an output at their end.
const patience = 2 * time.Second

// startHost runs a watch of a host with the rules, flags apart that a test sets.
func startHost(t *testing.T, text string, set func(*settings)) *hostRun {
	t.Helper()
	dir := t.TempDir()
	r := &hostRun{
		t: t, source: &puppet{events: make(chan event.Event)}, ends: make(chan os.Signal), hups: make(chan os.Signal), done: make(chan error, 1),
		rules: filepath.Join(dir, "r.yaml"), alerts: filepath.Join(dir, "alerts.json"), ledger: filepath.Join(dir, "ledger.json"), accounts: filepath.Join(dir, "passwd"),
	}
	r.write(text)
	cmd := newHost()
	s := &settings{rules: []string{r.rules}, outputs: []string{"json=" + r.alerts}, priority: "debug", stats: r.ledger, logLevel: "info", logFmt: "json"}
	if set != nil {
		set(s)
	}
	require.NoError(t, s.check(cmd, "stdout"))
	files := newNoted(s.ruleFiles()...)
	w, err := newWatch(s)
	require.NoError(t, err)
	require.NoError(t, w.open())
	w.log = zerolog.New(&r.log)
	h := &host{watch: w, files: files, accounts: newNoted(r.accounts), every: 20 * time.Millisecond, patience: patience, ends: r.ends, hups: r.hups}
	go func() {
		defer w.close()
		r.done <- h.run(r.source)
	}()
	r.waitFor("watch all processes")
	return r
}

// write puts another file in the place of the rules, as editors do.
func (r *hostRun) write(text string) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(r.rules+"~", []byte(text), 0o600))
	require.NoError(r.t, os.Rename(r.rules+"~", r.rules))
}

// waitFor waits until the log has the text.
func (r *hostRun) waitFor(text string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return strings.Contains(r.log.String(), text) }, 5*time.Second, time.Millisecond, "no %q in the log: %s", text, &r.log)
}

// open has a process open /etc/x by that call.
func (r *hostRun) open(call string) {
	var b event.Builder
	b.Begin(event.Lookup(call), event.Origin{PID: 10, TID: 10}, uint64(time.Now().UnixNano()))
	i := event.Table[event.Lookup(call)].Param("name")
	b.AddString(event.Part(i), "/etc/x")
	b.SetRet(3)
	r.source.events <- bytes.Clone(b.Event())
}

// end ends the watch as a signal does, and returns its alerts' rules.
func (r *hostRun) end(s os.Signal) string {
	r.t.Helper()
	r.ends <- s
	require.NoError(r.t, <-r.done)
	data, err := os.ReadFile(r.alerts)
	require.NoError(r.t, err)
	var names []string
	for line := range strings.Lines(string(data)) {
		var a struct{ Rule string }
		require.NoError(r.t, json.Unmarshal([]byte(line), &a))
		names = append(names, a.Rule)
	}
	return strings.Join(names, " ")
}

func TestAHostIsWatchedUntilASignal(t *testing.T) {
	for _, s := range []os.Signal{unix.SIGTERM, unix.SIGINT} {
		r := startHost(t, opensRule("A", "openat"), nil)
		r.open("openat")
		if got := r.end(s); got != "A" {
			t.Errorf("%v: got alerts %q, want A", s, got)
		}
		ledger, err := os.ReadFile(r.ledger)
		require.NoError(t, err)
		if !strings.Contains(string(ledger), `"source":"ebpf"`) || !strings.Contains(string(ledger), `"seen":10,`) || !r.source.closed {
			t.Errorf("%v: got ledger %s, closed %v, want that of the run, closed", s, ledger, r.source.closed)
		}
	}
}

func TestAHupExchangesTheRules(t *testing.T) {
	r := startHost(t, opensRule("A", "openat"), func(s *settings) { s.priority = "warning" })
	r.write(opensRule("B", "open") + strings.Replace(opensRule("C", "creat"), "warning", "info", 1))
	r.hups <- unix.SIGHUP
	r.waitFor("the rules are exchanged")
	r.open("openat")
	r.open("open")
	r.open("creat")
	a := r.source.last()
	if !a.needs.Rows[event.Lookup("open")].Match || a.needs.Rows[event.Lookup("openat")].Match || a.calls[event.Call{Number: unix.SYS_OPEN}] != event.Lookup("open") {
		t.Error("got other needs, want the source told to watch open instead of openat")
	}
	for call, want := range map[string]event.Verdict{"open": event.Watch, "openat": event.Drop, "creat": event.Drop} {
		var b event.Builder
		b.Begin(event.Lookup(call), event.Origin{}, 1)
		if got := a.gate.Decide(b.Event()); got != want {
			t.Errorf("gate for %s: got %v, want %v", call, got, want)
		}
	}
	if got := r.end(unix.SIGTERM); got != "B" {
		t.Errorf("got alerts %q, want B", got)
	}
}

func TestRuleFilesThatChangeAreReadAgain(t *testing.T) {
	r := startHost(t, opensRule("A", "openat"), nil)
	r.write(opensRule("B", "openat"))
	r.waitFor("the rules are exchanged")
	r.open("openat")
	require.NoError(t, os.WriteFile(r.rules, []byte(opensRule("C", "openat")), 0o600)) // in place
	require.Eventually(t, func() bool { return strings.Count(r.log.String(), "the rules are exchanged") == 2 }, 5*time.Second, time.Millisecond)
	r.open("openat")
	if got := r.end(unix.SIGTERM); got != "B C" {
		t.Errorf("got alerts %q, want B C", got)
	}
}

func TestRulesWithErrorsLeaveThoseBeforeInForce(t *testing.T) {
	r := startHost(t, opensRule("A", "openat"), nil)
	bad := "- rule: bad\n  desc: d\n  condition: evt.type = opne and no.field = 1\n  output: o\n  priority: info\n"
	r.write(bad)
	r.waitFor("the rules are left as they were")
	for _, want := range []string{`"line":3`, `unknown event type \"opne\"`, `unknown field \"no.field\"`, `"level":"error"`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("got log %s, want %s in it", &r.log, want)
		}
	}
	require.NoError(t, os.Remove(r.rules))
	r.waitFor("read rules: ")
	r.open("openat")
	if len(r.source.updates) != 0 {
		t.Errorf("got %d updates of the source, want none", len(r.source.updates))
	}
	if got := r.end(unix.SIGTERM); got != "A" {
		t.Errorf("got alerts %q, want A", got)
	}
}

func TestASourceThatRefusesRulesKeepsTheEnginesToo(t *testing.T) {
	r := startHost(t, opensRule("A", "openat"), nil)
	r.source.refuse = unix.ENOMEM
	r.write(opensRule("B", "openat"))
	r.waitFor("cannot allocate memory")
	r.open("openat")
	if got := r.end(unix.SIGTERM); got != "A" {
		t.Errorf("got alerts %q, want A", got)
	}
}

func TestAHostsAlertsCanFailIt(t *testing.T) {
	r := startHost(t, opensRule("A", "openat"), func(s *settings) { s.failOn = "warning" })
	r.open("openat")
	r.ends <- unix.SIGTERM
	var f *failure
	require.ErrorAs(t, <-r.done, &f)
	if f.code != exitAlerted {
		t.Errorf("got %d, want %d", f.code, exitAlerted)
	}
}

func TestTheServiceManagerIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	r := startHost(t, opensRule("A", "openat"), nil)
	r.open("openat")
	r.hups <- unix.SIGHUP
	r.waitFor("the rules are exchanged")
	r.end(unix.SIGTERM)
	var got []string
	for range 4 {
		b := make([]byte, 256)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
		n, err := conn.Read(b)
		require.NoError(t, err)
		state, _, _ := strings.Cut(string(b[:n]), "\nMONOTONIC_USEC=")
		got = append(got, state)
	}
	if want := "READY=1 RELOADING=1 READY=1 STOPPING=1"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestAStormOfHupsHidesNoEnd(t *testing.T) {
	ends, hups := catchSignals()
	defer signal.Reset(unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	for range 50 { // nobody takes them, as while rules are compiled
		require.NoError(t, unix.Kill(os.Getpid(), unix.SIGHUP))
		time.Sleep(time.Millisecond)
	}
	require.NoError(t, unix.Kill(os.Getpid(), unix.SIGTERM))
	select {
	case <-ends:
	case <-time.After(5 * time.Second):
		t.Fatal("the signal that asks for the end was dropped")
	}
	require.Len(t, hups, 1)
}

func TestAPipesRulesAreReadOnceAndStayInForce(t *testing.T) {
	var pipe string
	r := startHost(t, "", func(s *settings) {
		from, to, err := os.Pipe()
		require.NoError(t, err)
		t.Cleanup(func() { _ = from.Close() })
		_, err = to.WriteString(opensRule("A", "openat"))
		require.NoError(t, errors.Join(err, to.Close()))
		pipe = fmt.Sprintf("/dev/fd/%d", from.Fd())
		s.rules = []string{pipe}
	})
	r.hups <- unix.SIGHUP
	r.waitFor("what " + pipe + " has can be read once only")
	r.open("openat")
	if got := r.end(unix.SIGTERM); got != "A" {
		t.Errorf("got alerts %q, want A", got)
	}
}

func TestAPipeInAFolderOfRulesHoldsNothingUp(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "r.yaml"), []byte(opensRule("A", "openat")), 0o600))
	r := startHost(t, "", func(s *settings) { s.rules = []string{dir} })
	r.hups <- unix.SIGHUP
	r.waitFor("the rules are exchanged")
	r.open("openat")
	if got := r.end(unix.SIGTERM); got != "A" {
		t.Errorf("got alerts %q, want A", got)
	}
}

func TestAWatchWithoutRulesIsAWarning(t *testing.T) {
	r := startHost(t, "", nil)
	r.waitFor("there are no rules")
	r.write(opensRule("A", "openat"))
	r.waitFor("the rules are exchanged")
	if n := strings.Count(r.log.String(), "there are no rules"); n != 1 {
		t.Errorf("with a rule: got %d warnings in all, want 1", n)
	}
	r.write("# none\n")
	require.Eventually(t, func() bool { return strings.Count(r.log.String(), "there are no rules") == 2 }, 5*time.Second, time.Millisecond, "%s", &r.log)
	r.end(unix.SIGTERM)
}

// An output that takes nothing any more: a FIFO whose reader does not read.
func TestAWatchEndsThoughAnOutputIsStuck(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0)
	require.NoError(t, err)
	defer reader.Close()
	for _, late := range []bool{true, false} { // the reader does not read at all, when a ledger may be had or not; only after a while
		r := startHost(t, opensRule("A", "openat"), func(s *settings) { s.outputs, s.failOn = []string{"json=" + fifo}, "warning" })
		for range 1000 {
			r.open("openat")
		}
		r.ends <- unix.SIGTERM
		begin := time.Now()
		if !late {
			r.waitFor("those that are left are not written")
			go func() { _, _ = io.Copy(io.Discard, reader) }()
		}
		err := <-r.done
		require.ErrorIs(t, err, errStuck)
		require.False(t, errors.As(err, new(*failure)), "the status is that of an error, not of alerts")
		if took := time.Since(begin); took < patience || took > 3*patience {
			t.Errorf("got an end after %v, want after %v", took, 2*patience)
		}
		ledger, err := os.ReadFile(r.ledger)
		require.NoError(t, err)
		if !late && !regexp.MustCompile(`"Warning":1000\},"alerts_not_written":[1-9]`).Match(ledger) {
			t.Errorf("got ledger %q, want one as the output was not stuck for good", ledger)
		}
	}
}

func TestLossesAreWarningsWhateverThePriority(t *testing.T) {
	r := startHost(t, opensRule("A", "openat"), func(s *settings) { s.priority = "emergency" })
	r.end(unix.SIGTERM)
	for _, want := range []string{`"level":"warn","call":"openat","count":4,"shed":true`, `"level":"warn","call":"execve","count":3,"shed":false`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("got log %s, want %s in it", &r.log, want)
		}
	}
}

// ofNoKernel is a rule on a call that no kernel has any more.
func ofNoKernel(name string) string {
	return strings.Replace(opensRule(name, "timerfd"), " and fd.name = /etc/x", "", 1)
}

func TestRulesWhoseCallsHaveNoNumberHereAreWarnings(t *testing.T) {
	r := startHost(t, opensRule("A", "openat")+ofNoKernel("B"), nil)
	r.waitFor(`"level":"warn","rule":"B","calls":["timerfd"]`)
	r.write(opensRule("A", "openat") + ofNoKernel("C"))
	r.waitFor(`"level":"warn","rule":"C","calls":["timerfd"]`)
	r.end(unix.SIGTERM)
	if n := strings.Count(r.log.String(), `"rules":2,"calls":1,`); n != 2 {
		t.Errorf("got log %s, want one call that is watched, twice", &r.log)
	}
}

func TestAccountsAreReadAgainWhenTheirFilesChangeAndWhenAsked(t *testing.T) {
	r := startHost(t, opensRule("A", "openat"), nil)
	const read = "the accounts are read again"
	require.NoError(t, os.WriteFile(r.accounts, []byte("root:x:0:0::/:/bin/sh\n"), 0o600))
	r.waitFor(read)
	r.hups <- unix.SIGHUP
	require.Eventually(t, func() bool { return strings.Count(r.log.String(), read) == 2 }, 5*time.Second, time.Millisecond, "%s", &r.log)
	r.end(unix.SIGTERM)
	if n := strings.Count(r.log.String(), "the rules are exchanged"); n != 1 {
		t.Errorf("got rules exchanged %d times, want once, as asked", n)
	}
}
