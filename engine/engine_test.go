package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
	"tiercel/rules"
)

// kept is an output that keeps its alerts.
type kept struct {
	alerts []*Alert
	err    error
}

func (k *kept) Write(a *Alert) error {
	k.alerts = append(k.alerts, a)
	return k.err
}

func (k *kept) names() string {
	var names []string
	for _, a := range k.alerts {
		names = append(names, a.Rule)
	}
	return strings.Join(names, " ")
}

const ruleText = `
- rule: Shadow read
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "read by %proc.name (file=%fd.name parent=%proc.pname fd=%fd.num port=%fd.sport ip=%fd.sip write=%evt.is_open_write uid=%user.uid)"
  priority: warning
  tags: [host, file]
- rule: Connection
  desc: d
  condition: evt.type = connect
  output: "connection %fd.name from %fd.cip at %evt.time and %evt.rawtime"
  priority: error
- rule: Any setuid
  desc: d
  condition: evt.type = setuid
  output: setuid
  priority: debug
- rule: Setuid to root
  desc: d
  condition: evt.type = setuid and evt.arg.uid = 0
  output: setuid to root
  priority: critical
- rule: End
  desc: d
  condition: evt.type = procexit
  output: "%proc.name ended, event %evt.num"
  priority: info
`

func testEngine(t *testing.T, minimum rules.Priority, outs ...Output) *Engine {
	t.Helper()
	set, problems := rules.Compile([]rules.File{{Name: "x.yaml", Data: []byte(ruleText)}})
	require.NotNil(t, set, "%v", problems)
	return New(Config{Rules: set, Outputs: outs, Priority: minimum, OnError: func(error) {}, Started: at, Machine: testMachine()})
}

// drain runs the engine over the events.
func drain(t *testing.T, e *Engine, events ...event.Event) {
	t.Helper()
	ring := event.NewRing(0)
	for _, ev := range events {
		require.NoError(t, ring.Put(t.Context(), ev))
	}
	ring.Close()
	require.NoError(t, e.Run(t.Context(), ring))
}

func shadowRead() event.Event { return newEvent("openat", 10).with(1, "/etc/shadow").ret(3) }

func setuid(uid uint64) event.Event { return newEvent("setuid", 10, uid).ret(0) }

func TestEngineRaisesAlerts(t *testing.T) {
	out := &kept{}
	e := testEngine(t, rules.Debug, out)
	drain(t, e, shell(), shadowRead(), newEvent("openat", 10).with(1, "/etc/hosts").ret(3), spawn(10, 11), newEvent("procexit", 11).Event())
	if got, want := out.names(), "Shadow read End"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	want := "read by bash (file=/etc/shadow parent=<NA> fd=3 port=<NA> ip=<NA> write=false uid=0)"
	if got := out.alerts[0].Message; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := out.alerts[1].Message, "bash ended, event 3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, lives := e.tree.procs[11]; lives {
		t.Error("got a process that has ended, want none")
	}
}

func TestGivenEventsAreJudgedAsThoseOfTheRing(t *testing.T) {
	out := &kept{}
	e := testEngine(t, rules.Debug, out)
	given := func(path string) map[string][]event.Value {
		return map[string][]event.Value{"fd.name": {{Status: event.Known, Text: path}}, "proc.name": {{Status: event.Known, Text: "cat"}}}
	}
	e.Judge(event.Lookup("openat"), at, given("/etc/hosts"))
	e.Judge(event.Lookup("openat"), at+1, given("/etc/shadow"))
	if got, want := out.names(), "Shadow read"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	want := "read by cat (file=/etc/shadow parent=<NA> fd=<NA> port=<NA> ip=<NA> write=false uid=<NA>)"
	if got := out.alerts[0]; got.Message != want || got.Time.UnixNano() != at+1 || e.alerts[rules.WarningPriority] != 1 {
		t.Errorf("got %q at %v, want %q", got.Message, got.Time, want)
	}
}

func TestEventsChangeTheProcessBeforeTheyAreMatched(t *testing.T) {
	out := &kept{}
	e := testEngine(t, rules.Debug, out)
	drain(t, e, shell(), exec(10, "cat", "cat").ret(0), shadowRead())
	if got := out.alerts[0].Fields["proc.name"]; got != "cat" {
		t.Errorf("got %v, want cat", got)
	}
}

func TestLessGraveAlertsAreNotRaised(t *testing.T) {
	out := &kept{}
	drain(t, testEngine(t, rules.WarningPriority, out), shell(), shadowRead(), newEvent("procexit", 10).Event())
	if got, want := out.names(), "Shadow read"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A rule that is not to be reported must not stand before one that is.
func TestLessGraveRulesHideNoGraverOnes(t *testing.T) {
	out := &kept{}
	drain(t, testEngine(t, rules.WarningPriority, out), shell(), setuid(0))
	if got, want := out.names(), "Setuid to root"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOutputsThatFailAreCounted(t *testing.T) {
	bad, good := &kept{err: errors.New("disk full")}, &kept{}
	e := testEngine(t, rules.Debug, bad, good)
	var told []string
	e.OnError = func(err error) { told = append(told, err.Error()) }
	drain(t, e, shell(), shadowRead(), shadowRead())
	if got := strings.Join(told, ", "); got != "disk full, disk full" {
		t.Errorf("got %q, want two errors", got)
	}
	if len(good.alerts) != 2 {
		t.Errorf("the other output: got %d alerts, want 2", len(good.alerts))
	}
	if got := e.Ledger(event.Counters{}).Failed; got != 2 {
		t.Errorf("the ledger: got %d, want 2", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := testEngine(t, rules.Debug).Run(ctx, event.NewRing(0)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestGravestAlert(t *testing.T) {
	e := testEngine(t, rules.Debug, &kept{})
	if p, ok := e.Gravest(); ok {
		t.Errorf("before any: got %v, want none", p)
	}
	drain(t, e, shell(), setuid(5), shadowRead(), setuid(5))
	if p, ok := e.Gravest(); p != rules.WarningPriority || !ok {
		t.Errorf("got %v, %v, want %v", p, ok, rules.WarningPriority)
	}
}

func TestLedger(t *testing.T) {
	e := testEngine(t, rules.Debug, &kept{})
	drain(t, e, shell(), setuid(5), setuid(5), shadowRead())
	got := e.Ledger(event.Counters{Entry: 1, Exit: 2, Other: 3, Seen: 9, Filtered: 4, FilteredInKernel: 3, Queued: 5, Processes: 6})
	want := `{"version":1,"source":"","wall_ns":0,"processes":6,"stops":{"entry":1,"exit":2,"other":3},` +
		`"events":{"seen":9,"filtered":4,"filtered_in_kernel":3,"queued":5,"lost":0},"alerts":{"Debug":2,"Warning":1},"alerts_not_written":0,"state_dropped":0,"blind":[],"lost":[]}`
	b, err := json.Marshal(got)
	require.NoError(t, err)
	if string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
	blind := []event.Blind{{PID: 7, From: 1, Why: "traced by another"}}
	if got := e.Ledger(event.Counters{Blind: blind}).Blind; len(got) != 1 || got[0] != blind[0] {
		t.Errorf("got %v, want %v", got, blind)
	}
	b, err = json.Marshal(e.Ledger(event.Counters{Losses: []event.Loss{lostOpens}}).Lost)
	require.NoError(t, err)
	if want := `[{"call":"openat","count":41,"from":1000000000000000000,"to":1000000002500000000,"shed":false}]`; string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
}

func TestAlertAsJSON(t *testing.T) {
	out := &kept{}
	drain(t, testEngine(t, rules.Debug, out), shell(), shadowRead())
	b, err := json.Marshal(out.alerts[0])
	require.NoError(t, err)
	clock := time.Unix(0, at).Format("15:04:05.000000000")
	want := `{"hostname":"box","output":"` + clock + `: Warning read by bash (file=/etc/shadow parent=<NA> fd=3 port=<NA> ip=<NA> write=false uid=0)",` +
		`"output_fields":{"evt.is_open_write":false,"fd.name":"/etc/shadow","fd.num":3,"fd.sip":null,"fd.sport":null,"proc.name":"bash","proc.pname":null,"user.uid":0},` +
		`"priority":"Warning","rule":"Shadow read","source":"syscall","tags":["host","file"],"time":"2001-09-09T01:46:40.000000000Z"}`
	require.JSONEq(t, want, string(b))
}

func TestAlertOfAConnection(t *testing.T) {
	out := &kept{}
	s := event.Socket{Domain: 2, Kind: 1, Local: []byte("\x02\x00\x13\x88\x0a\x00\x00\x01"), Remote: []byte("\x02\x00\x01\xbb\xc0\x00\x02\x07")}
	drain(t, testEngine(t, rules.Debug, out), newEvent("connect", 10).with(event.FactSocket, string(s.Append(nil))).ret(0))
	fields := out.alerts[0].Fields
	for name, want := range map[string]any{"fd.name": "10.0.0.1:5000->192.0.2.7:443", "fd.cip": "10.0.0.1", "evt.time": int64(at), "evt.rawtime": int64(at)} {
		if got := fields[name]; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if b, err := out.alerts[0].MarshalJSON(); err != nil || !strings.Contains(string(b), "5000->192.0.2.7") {
		t.Errorf("got %s, %v, want the arrow readable", b, err)
	}
}

func TestAlertWithoutTagsHasAnEmptyList(t *testing.T) {
	b, err := json.Marshal(&Alert{Time: time.Unix(0, at)})
	require.NoError(t, err)
	if !strings.Contains(string(b), `"tags":[]`) {
		t.Errorf("got %s, want an empty list of tags", b)
	}
}

func TestAlertKeepsNothingOfTheEvent(t *testing.T) {
	out := &kept{}
	e := testEngine(t, rules.Debug, out)
	r := newEvent("openat", 10).with(1, "/etc/shadow")
	e.handle(shell())
	e.handle(r.ret(3))
	clear(r.Event()[40:])
	if got := out.alerts[0].Fields["fd.name"]; got != "/etc/shadow" {
		t.Errorf("got %q after the event was overwritten, want /etc/shadow", got)
	}
}

func TestControlCharactersAreEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"plain ünïcode":        "plain ünïcode",
		"a\nb":                 `a\x0ab`,
		"\x1b[2Jgone":          `\x1b[2Jgone`,
		"\t\r\x00\x7f":         `\x09\x0d\x00\x7f`,
		"\u009b31m":            `\x9b31m`, // an escape sequence's start in one character
		"raw \x9b31m":          `raw \x9b31m`,
		"bad \xff and \x1b[2J": `bad \xff and \x1b[2J`,
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestMessagesAreEscapedAndFieldsAreNot(t *testing.T) {
	out := &kept{}
	e := testEngine(t, rules.Debug, out)
	drain(t, e, newEvent("procinfo", 10).with(event.FactName, "x\nfake").Event(), shadowRead())
	a := out.alerts[0]
	if strings.Contains(a.Text(), "\n") || !strings.Contains(a.Text(), `x\x0afake`) {
		t.Errorf("got %q, want the line's end escaped", a.Text())
	}
	if got := a.Fields["proc.name"]; got != "x\nfake" {
		t.Errorf("got %q, want the name as it is", got)
	}
}

func TestHostnameOfTheMachine(t *testing.T) {
	t.Setenv("TIERCEL_HOSTNAME", "")
	if got := hostname(); got == "" {
		t.Error("got no name, want one")
	}
}

// source puts its events into the ring, and then fails.
type source struct {
	events []event.Event
	err    error
}

func (s *source) Run(ctx context.Context, ring *event.Ring) error {
	defer ring.Close()
	for _, ev := range s.events {
		if err := ring.Put(ctx, ev); err != nil {
			return err
		}
	}
	return s.err
}

// tape keeps the names of the rows that it is told of.
type tape struct{ rows []string }

func (p *tape) Record(ev event.Event) { p.rows = append(p.rows, ev.Row().Name) }

func TestEventsBeforeASourcesErrorAreDealtWith(t *testing.T) {
	out, broken := &kept{}, errors.New("broken")
	err := testEngine(t, rules.Debug, out).Follow(t.Context(), &source{[]event.Event{shell(), shadowRead()}, broken})
	if !errors.Is(err, broken) || out.names() != "Shadow read" {
		t.Errorf("got %v and alerts %q, want %v and the one alert", err, out.names(), broken)
	}
}

func TestTapIsToldOfEveryEvent(t *testing.T) {
	e, p := testEngine(t, rules.Debug), &tape{}
	e.Tap = p
	require.NoError(t, e.Follow(t.Context(), &source{events: []event.Event{shell(), setuid(0), spawn(10, 11)}}))
	if got, want := strings.Join(p.rows, " "), "procinfo setuid spawn"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNothingIsAllocatedWhenNothingMatches(t *testing.T) {
	e := testEngine(t, rules.Debug)
	e.handle(shell())
	quiet := newEvent("openat", 10).with(1, "/etc/hosts").ret(3)
	if got := testing.AllocsPerRun(100, func() { e.handle(quiet) }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkHandle(b *testing.B) {
	set, problems := rules.Compile([]rules.File{{Name: "x.yaml", Data: []byte(ruleText)}})
	require.NotNil(b, set, "%v", problems)
	e := New(Config{Rules: set, Priority: rules.Debug})
	quiet := newEvent("openat", 10).with(1, "/etc/hosts").ret(3)
	b.ReportAllocs()
	for b.Loop() {
		e.handle(quiet)
	}
}
