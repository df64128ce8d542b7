package tracer

import "tiercel/engine/event"

// maxBlind bounds how many intervals a ledger has: a workload must not be able to make it endless.
const maxBlind = 1024

const whyUnreadable = "memory refused: the process is not dumpable, and tiercel has no privilege (CAP_SYS_PTRACE)"

// blind notes that a process's arguments cannot be read from now on. Its calls
// are still events, with the parameters marked unreadable.
func (t *Tracer) blind(pid int) {
	t.mem.refused = false
	if _, open := t.blindNow[pid]; open || len(t.counters.Blind) == maxBlind {
		return
	}
	t.blindNow[pid] = len(t.counters.Blind)
	t.counters.Blind = append(t.counters.Blind, event.Blind{PID: pid, From: event.Now(), Why: whyUnreadable})
}

// sighted notes that a process can be read again, or is gone.
func (t *Tracer) sighted(pid int) {
	if i, open := t.blindNow[pid]; open {
		t.counters.Blind[i].To = event.Now()
		delete(t.blindNow, pid)
	}
}
