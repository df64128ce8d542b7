package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tiercel/engine"
)

// start is when the runs of these tests start; the fake clock of synctest starts there too.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// said is an alert that came after a while, of a rule and about a file.
func said(after time.Duration, rule, file string) *engine.Alert {
	return &engine.Alert{Time: start.Add(after), Rule: rule, Message: rule + " " + file, Fields: map[string]any{"fd.name": file}}
}

// notes is an output that keeps what it gets.
type notes struct {
	mu     sync.Mutex
	alerts []*engine.Alert
	err    error
}

func (n *notes) Write(a *engine.Alert) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.alerts = append(n.alerts, a)
	return n.err
}

func (n *notes) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = err
}

// lines is each alert's message, with the seconds that it came after.
func (n *notes) lines() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	for _, a := range n.alerts {
		all = append(all, fmt.Sprintf("%v %s", a.Time.Sub(start).Seconds(), a.Message))
	}
	return strings.Join(all, "\n")
}

// total is how many alerts the written ones stand for.
func (n *notes) total() (total uint64) {
	for _, a := range n.alerts {
		total += max(a.Count, 1)
	}
	return total
}

func TestDigest(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name   string
		alerts []*engine.Alert
		want   []string
	}{
		{"an alert that comes once is not changed", []*engine.Alert{said(0, "r", "/a")}, []string{"0 r /a"}},
		{"those that follow are one digest of the latest", []*engine.Alert{said(0, "r", "/a"), said(1*s, "r", "/a"), said(2*s, "r", "/a")},
			[]string{"0 r /a", "2 r /a (x2 in 10 s)"}},
		{"another rule is another alert", []*engine.Alert{said(0, "r", "/a"), said(1*s, "q", "/a")}, []string{"0 r /a", "1 q /a"}},
		{"another field is another alert", []*engine.Alert{said(0, "r", "/a"), said(1*s, "r", "/b")}, []string{"0 r /a", "1 r /b"}},
		{"just within the window", []*engine.Alert{said(0, "r", "/a"), said(10*s-1, "r", "/a")}, []string{"0 r /a", "9.999999999 r /a (x1 in 10 s)"}},
		{"at the window's end begins another", []*engine.Alert{said(0, "r", "/a"), said(10*s, "r", "/a")}, []string{"0 r /a", "10 r /a"}},
		{"a window starts with its first alert, and does not move", []*engine.Alert{said(0, "r", "/a"), said(6*s, "r", "/a"), said(12*s, "r", "/a"), said(18*s, "r", "/a")},
			[]string{"0 r /a", "6 r /a (x1 in 10 s)", "12 r /a", "18 r /a (x1 in 10 s)"}},
		{"another alert's time ends the window", []*engine.Alert{said(0, "r", "/a"), said(1*s, "r", "/a"), said(11*s, "q", "/b"), said(12*s, "r", "/a")},
			[]string{"0 r /a", "1 r /a (x1 in 10 s)", "11 q /b", "12 r /a"}},
		{"an alert of an earlier call that took longer is counted", []*engine.Alert{said(1*s, "r", "/a"), said(0, "r", "/a")}, []string{"1 r /a", "0 r /a (x1 in 10 s)"}},
		{"windows that end together are written as they were opened", []*engine.Alert{said(0, "r", "/a"), said(1*s, "r", "/b"), said(2*s, "r", "/b"), said(3*s, "r", "/a"), said(20*s, "q", "/c")},
			[]string{"0 r /a", "1 r /b", "3 r /a (x1 in 10 s)", "2 r /b (x1 in 10 s)", "20 q /c"}},
		{"a window that was opened out of turn ends too", []*engine.Alert{said(5*s, "q", "/b"), said(0, "r", "/a"), said(1*s, "r", "/a"), said(11*s, "r", "/a")},
			[]string{"5 q /b", "0 r /a", "1 r /a (x1 in 10 s)", "11 r /a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := &notes{}
			d := NewDigest(out, 10*s, false)
			for _, a := range tt.alerts {
				require.NoError(t, d.Write(a))
			}
			require.NoError(t, d.Close())
			if got, want := out.lines(), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if got := out.total(); got != uint64(len(tt.alerts)) {
				t.Errorf("got firsts and counts of %d, want %d", got, len(tt.alerts))
			}
			if out.alerts[0] != tt.alerts[0] {
				t.Error("got a copy of the first, want itself")
			}
		})
	}
}

func TestWhatMakesAlertsEqual(t *testing.T) {
	tests := []struct {
		name string
		a, b map[string]any
		want bool
	}{
		{"the same fields", map[string]any{"proc.pid": int64(7), "fd.name": "/a"}, map[string]any{"fd.name": "/a", "proc.pid": int64(7)}, true},
		{"another process", map[string]any{"proc.pid": int64(7)}, map[string]any{"proc.pid": int64(8)}, false},
		{"another time", map[string]any{"evt.time": int64(7), "evt.rawtime": int64(7)}, map[string]any{"evt.time": int64(8), "evt.rawtime": int64(8)}, true},
		{"another number", map[string]any{"evt.num": uint64(7)}, map[string]any{"evt.num": uint64(8)}, true},
		{"another ancestor", map[string]any{"proc.aname[2]": "sh"}, map[string]any{"proc.aname[2]": "zsh"}, false},
		{"absent is not its name", map[string]any{"fd.name": nil}, map[string]any{"fd.name": "<nil>"}, false},
		{"a number is not its text", map[string]any{"evt.rawarg.fd": int64(7)}, map[string]any{"evt.rawarg.fd": "7"}, false},
		{"a value that looks like two fields", map[string]any{"a": `x"b"="y`}, map[string]any{"a": "x", "b": "y"}, false},
	}
	for _, tt := range tests {
		a, b := &engine.Alert{Rule: "r", Fields: tt.a}, &engine.Alert{Rule: "r", Fields: tt.b}
		if got := keyOf(a) == keyOf(b); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDigestsLeaveTheAlertsOfOtherOutputsAlone(t *testing.T) {
	out := &notes{}
	d := NewDigest(out, time.Second, false)
	latest := said(1, "r", "/a")
	require.NoError(t, d.Write(said(0, "r", "/a")))
	require.NoError(t, d.Write(latest))
	require.NoError(t, d.Close())
	if latest.Count != 0 || latest.Message != "r /a" {
		t.Errorf("got %d, %q, want the alert as it was", latest.Count, latest.Message)
	}
}

func TestDigestInJSON(t *testing.T) {
	for _, tt := range []struct {
		name  string
		every time.Duration
		count int
		want  string
	}{
		{"a digest has its count and window", 1500 * time.Millisecond, 3, `{"count":3,"window_s":1.5}`},
		{"an alert of its own has neither", time.Second, 0, `{}`},
	} {
		w := &writes{}
		d := NewDigest(&Output{"test", formats["json"], false, w}, tt.every, false)
		for range tt.count + 1 {
			require.NoError(t, d.Write(said(0, "r", "/a")))
		}
		require.NoError(t, d.Close())
		var got struct {
			Count  int     `json:"count,omitempty"`
			Window float64 `json:"window_s,omitempty"`
		}
		require.NoError(t, json.Unmarshal([]byte(w.all[len(w.all)-1]), &got))
		if b, _ := json.Marshal(got); string(b) != tt.want || strings.Contains(w.all[0], "window_s") {
			t.Errorf("%s: got %s, want %s", tt.name, w.all, tt.want)
		}
	}
}

func TestOpenWindowsAreBounded(t *testing.T) {
	out := &notes{}
	d := NewDigest(out, time.Hour, false)
	require.NoError(t, d.Write(said(0, "r", "/first")))
	require.NoError(t, d.Write(said(1, "r", "/first")))
	for i := range maxWindows {
		require.NoError(t, d.Write(said(2, "r", fmt.Sprint(i))))
		if len(d.open) > maxWindows || len(d.open) != d.order.Len() {
			t.Fatalf("got %d windows and %d in order, want at most %d", len(d.open), d.order.Len(), maxWindows)
		}
	}
	if got, want := out.alerts[len(out.alerts)-2].Message, "r /first (x1 in 3600 s)"; got != want {
		t.Errorf("got %q, want %q before the one that has no room", got, want)
	}
	require.NoError(t, d.Close())
	if got := out.total(); got != maxWindows+2 {
		t.Errorf("got %d alerts in all, want %d", got, maxWindows+2)
	}
}

func TestTheClockEndsWindowsOfALiveRun(t *testing.T) {
	for live, want := range map[bool]string{true: "0 r /a\n1 r /a (x1 in 10 s)", false: "0 r /a"} {
		synctest.Test(t, func(t *testing.T) {
			out := &notes{}
			d := NewDigest(out, 10*time.Second, live)
			require.NoError(t, d.Write(said(0, "r", "/a")))
			require.NoError(t, d.Write(said(time.Second, "r", "/a")))
			time.Sleep(10*time.Second + grace - 1)
			if got := out.lines(); got != "0 r /a" {
				t.Errorf("live %v, before the end: got %s, want the first", live, got)
			}
			time.Sleep(2 * time.Second)
			if got := out.lines(); got != want {
				t.Errorf("live %v, after the end: got %s, want %s", live, got, want)
			}
			require.NoError(t, d.Close())
		})
	}
}

func TestADigestIsWrittenOnceWhoeverEndsIt(t *testing.T) {
	out := &notes{}
	d := NewDigest(out, 5*time.Millisecond, true)
	var writers sync.WaitGroup
	const each = 2000
	for w := range 4 {
		writers.Go(func() {
			for range each {
				a := said(0, "r", fmt.Sprint("/", w))
				a.Time = time.Now().Add(-grace) // so that the clock has windows to end
				if err := d.Write(a); err != nil {
					t.Error(err)
				}
				time.Sleep(10 * time.Microsecond)
			}
		})
	}
	writers.Wait()
	require.NoError(t, d.Close())
	if got := out.total(); got != 4*each {
		t.Errorf("got %d alerts in all, want %d", got, 4*each)
	}
}

func TestErrorsOfDigestsAreTold(t *testing.T) {
	full := errors.New("disk full")
	synctest.Test(t, func(t *testing.T) {
		out := &notes{}
		d := NewDigest(out, time.Second, true)
		require.NoError(t, d.Write(said(0, "r", "/a")))
		require.NoError(t, d.Write(said(0, "r", "/a")))
		out.fail(full)
		time.Sleep(5 * time.Second) // the clock writes
		out.fail(nil)
		if err := d.Write(said(5*time.Second, "r", "/b")); !errors.Is(err, full) {
			t.Errorf("the clock's digest: got %v, want %v by the next write", err, full)
		}
		require.NoError(t, d.Write(said(5*time.Second, "r", "/b")))
		out.fail(full)
		if err := d.Close(); !errors.Is(err, full) {
			t.Errorf("the last digest: got %v, want %v", err, full)
		}
	})
}

func TestDigestsOfOutputs(t *testing.T) {
	one, two := &notes{}, &notes{}
	outs := []engine.Output{one, two}
	if same, closeAll := Digests(outs, 0, true); same[0] != engine.Output(one) || closeAll() != nil {
		t.Errorf("switched off: got %v, want the outputs as they are", same)
	}
	wrapped, closeAll := Digests(outs, time.Second, false)
	for _, out := range wrapped {
		require.NoError(t, out.Write(said(0, "r", "/a")))
		require.NoError(t, out.Write(said(0, "r", "/a")))
	}
	require.NoError(t, closeAll())
	if want := "0 r /a\n0 r /a (x1 in 1 s)"; one.lines() != want || two.lines() != want {
		t.Errorf("got %q and %q, want %q", one.lines(), two.lines(), want)
	}
}
