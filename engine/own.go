package engine

import (
	"fmt"
	"time"

	"tiercel/engine/event"
	"tiercel/rules"
)

// Of an alert that no rule file has: its rule, its source as Falco calls that of
// its own alerts, and its output fields.
const (
	lossRule   = "Tiercel internal: events lost"
	ownSource  = "internal"
	fieldCall  = "lost.call"
	fieldCount = "lost.count"
	fieldFrom  = "lost.from" // and to: nanoseconds since the epoch
	fieldTo    = "lost.to"
	fieldShed  = "lost.shed"
)

// tellLoss raises the alert that events were lost: a rule that should have
// matched them has said nothing, and nobody is to take that for peace.
func (e *Engine) tellLoss(l event.Loss) {
	p := lossPriority(l.Row)
	if p > e.Priority {
		return
	}
	a := &Alert{Time: time.Unix(0, int64(l.To)), Rule: lossRule, Priority: p, Source: ownSource, Hostname: e.Machine.Host, Message: lossMessage(l)}
	a.Fields = map[string]any{fieldCall: nil, fieldCount: l.Count, fieldFrom: l.From, fieldTo: l.To, fieldShed: l.Shed}
	if l.Row != "" {
		a.Fields[fieldCall] = l.Row
	}
	e.write(a)
}

// Of the alert that a process is not fully watched.
const (
	blindRule = "Tiercel internal: process not fully watched"
	fieldPID  = "blind.pid"
	fieldWhy  = "blind.why"
)

// tellBlind raises the alert that not all of a process's calls are known from now on.
func (e *Engine) tellBlind(b event.Blind) {
	if rules.Notice > e.Priority {
		return
	}
	e.write(&Alert{Time: time.Unix(0, int64(b.From)), Rule: blindRule, Priority: rules.Notice, Source: ownSource, Hostname: e.Machine.Host,
		Message: fmt.Sprintf("process %d is not fully watched from now on: %s", b.PID, b.Why), Fields: map[string]any{fieldPID: b.PID, fieldWhy: b.Why}})
}

// lossPriority is graver where one lost event can be all of an attack that there
// was to see: a program started, an account changed, a connection made. What is
// not known may have been one of these.
func lossPriority(call string) rules.Priority {
	row := event.Lookup(call)
	if row < 0 || event.Table[row].Effect&(event.Executes|event.SetsIDs) != 0 || call == "connect" {
		return rules.Critical
	}
	return rules.WarningPriority
}

func lossMessage(l event.Loss) string {
	of, why := "events of "+l.Row, "there was no room for them"
	if l.Row == "" {
		of = "events of calls that are not known"
	}
	if l.Shed {
		why = "they were shed to keep up"
	}
	return fmt.Sprintf("%d %s lost within %v: %s", l.Count, of, time.Duration(l.To-l.From), why)
}
