package tracer

import (
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// maxBlind bounds how many intervals a ledger has: a workload must not be able to make it endless.
const maxBlind = 1024

// Why a process cannot be watched in full.
const (
	whyUnreadable = "memory refused: the process is not dumpable, and tiercel has no privilege (CAP_SYS_PTRACE)"
	whyMore       = "this one and more, which are told of by alerts alone"
	whyListens    = "has a seccomp listener of its own: the calls that it answers are not seen"
	whyNoListener = "cannot have the seccomp listener that it asks for, as tiercel has one (EBUSY); with --stops ptrace it could"
	whyRefused    = "the kernel refuses to have it traced, as to who has no privilege (CAP_SYS_PTRACE) over it: the results of its calls are not known"
	whyTraced     = "traced by another process: the results of its calls are not known"
)

var rowSeccomp = rowOf("seccomp")

// ownListener notes that a process installs a filter with a listener of its own.
func (t *Tracer) ownListener(th *thread, call *Call) error {
	if call.Args[1]&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER == 0 || call.Args[2] == 0 || !t.started { // without a filter it is a question
		return nil
	}
	why := whyListens
	if t.Stops == seccomp.ByNotice {
		why = whyNoListener
	}
	return t.blind(th.pid, why)
}

// blind notes that not all of a process's calls can be read from now on. They
// are still events, with what is missing marked.
func (t *Tracer) blind(pid int, why string) error {
	if _, open := t.blindNow[pid]; open {
		return nil
	}
	b := event.Blind{PID: pid, From: event.Now(), Why: why}
	t.blindNow[pid] = t.list(b)
	t.note.BeginBlind(b)
	t.counters.Seen++
	return t.queue(t.note.Event())
}

// unlisted stands for the place of an interval that the ledger has no room for.
const unlisted = -1

// list adds an interval to the ledger, and returns where. The last that has room says that there were more.
func (t *Tracer) list(b event.Blind) int {
	switch n := len(t.counters.Blind); n {
	case maxBlind:
		return unlisted
	case maxBlind - 1:
		t.counters.Blind = append(t.counters.Blind, event.Blind{PID: b.PID, From: b.From, Why: whyMore})
		return unlisted
	default:
		t.counters.Blind = append(t.counters.Blind, b)
		return n
	}
}

// sighted notes that there is that reason no more; with an empty one, that there is none, as
// the process has a new image or is gone.
func (t *Tracer) sighted(pid int, why string) {
	i, open := t.blindNow[pid]
	switch {
	case !open:
	case i == unlisted:
		delete(t.blindNow, pid)
	case why == "" || t.counters.Blind[i].Why == why:
		t.counters.Blind[i].To = event.Now()
		delete(t.blindNow, pid)
	}
}
