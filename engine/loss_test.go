package engine

import (
	"slices"
	"testing"

	"tiercel/engine/event"
	"tiercel/rules"
)

func loss(l event.Loss) event.Event {
	var b event.Builder
	b.BeginLoss(l)
	return slices.Clone(b.Event())
}

var lostOpens = event.Loss{Row: "openat", Count: 41, From: at, To: at + 2_500_000_000}

func TestALossIsAnAlert(t *testing.T) {
	out := &kept{}
	e := testEngine(t, rules.Debug, out)
	drain(t, e, shell(), loss(lostOpens), shadowRead())
	if got, want := out.names(), lossRule+" Shadow read"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	a := out.alerts[0]
	if want := "41 events of openat lost within 2.5s: there was no room for them"; a.Message != want || a.Time.UnixNano() != at+2_500_000_000 || a.Hostname != "box" {
		t.Errorf("got %q at %v of %s, want %q", a.Message, a.Time, a.Hostname, want)
	}
	for name, want := range map[string]any{"lost.call": "openat", "lost.count": uint64(41), "lost.from": uint64(at), "lost.to": uint64(at + 2_500_000_000), "lost.shed": false} {
		if got := a.Fields[name]; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if _, made := e.tree.procs[0]; made {
		t.Error("got a process of the loss, want none")
	}
}

func TestALossIsAsGraveAsWhatWasLost(t *testing.T) {
	for call, want := range map[string]rules.Priority{
		"openat": rules.WarningPriority, "procexit": rules.WarningPriority, "sendto": rules.WarningPriority,
		"execve": rules.Critical, "execveat": rules.Critical, "setuid": rules.Critical, "capset": rules.Critical, "connect": rules.Critical, "": rules.Critical,
	} {
		out := &kept{}
		drain(t, testEngine(t, rules.Debug, out), loss(event.Loss{Row: call, Count: 1, From: at, To: at}))
		if len(out.alerts) != 1 || out.alerts[0].Priority != want {
			t.Errorf("%q: got %+v, want one of priority %v", call, out.alerts, want)
		}
	}
}

func TestALossThatIsNotGraveEnoughIsNotRaised(t *testing.T) {
	out := &kept{}
	e := testEngine(t, rules.ErrorPriority, out)
	drain(t, e, loss(lostOpens), loss(event.Loss{Row: "execve", Count: 2, From: at, To: at + 1, Shed: true}))
	if len(out.alerts) != 1 || out.alerts[0].Message != "2 events of execve lost within 1ns: they were shed to keep up" {
		t.Errorf("got %v, want that of execve alone", out.names())
	}
	if p, ok := e.Gravest(); p != rules.Critical || !ok {
		t.Errorf("got %v, %v, want %v", p, ok, rules.Critical)
	}
}

func TestALossOfNoKnownCallNamesNone(t *testing.T) {
	out := &kept{}
	drain(t, testEngine(t, rules.Debug, out), loss(event.Loss{Count: 3, From: at, To: at}))
	a := out.alerts[0]
	if call, there := a.Fields["lost.call"]; call != nil || !there || a.Message != "3 events of calls that are not known lost within 0s: there was no room for them" {
		t.Errorf("got %q, call %v, want none", a.Message, call)
	}
}
