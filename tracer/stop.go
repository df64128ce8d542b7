package tracer

import (
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// Stop is something that happened to a thread of the workload. It says nothing
// of the way by which it came to be known.
type Stop struct {
	TID  int
	What What
	Call Call            // of Entry; of Exit, the result alone
	Peer int             // Spawn: the new thread; Exec: the thread's number before
	Sig  unix.Signal     // Signal, Group
	End  unix.WaitStatus // Gone: how the thread ended
}

// Call is a system call: its row in the event table, its arguments, and at its exit its result.
type Call struct {
	Row  int
	Args [6]uint64
	Is32 bool
	Ret  int64
}

// What is the kind of a stop.
type What uint8

// The kinds.
const (
	Nothing What = iota // nothing to be told: the thread was just stopped, or is about to die
	Entry               // a watched call is about to run
	Exit                // the call that was let run to its end has its result
	Exec                // the thread runs a new image
	Spawn               // the thread made another, or a process
	Signal              // a signal is about to be delivered
	Group               // the process is stopped by job control
	Gone                // the thread is dead
)

// sysgood is set in the signal of a system call stop (PTRACE_O_TRACESYSGOOD).
const sysgood = 0x80

// classify tells the kind of a wait status, ptrace(2).
func classify(ws unix.WaitStatus) What {
	if !ws.Stopped() {
		return Gone
	}
	sig := ws.StopSignal()
	switch int(ws) >> 16 {
	case 0:
		if sig == unix.SIGTRAP|sysgood {
			return Exit
		}
		return Signal
	case unix.PTRACE_EVENT_SECCOMP:
		return Entry
	case unix.PTRACE_EVENT_EXEC:
		return Exec
	case unix.PTRACE_EVENT_FORK, unix.PTRACE_EVENT_VFORK, unix.PTRACE_EVENT_CLONE:
		return Spawn
	case unix.PTRACE_EVENT_STOP:
		switch sig {
		case unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
			return Group
		}
	}
	return Nothing
}

// checkEntry finds the row by the call's number: a door's own data may be of the
// workload's choice, as its own filter can stop a call, too. It unpacks the
// i386 calls whose arguments are in memory.
func (t *Tracer) checkEntry(s *Stop, number uint64) What {
	if s.Call.Is32 {
		for i := range s.Call.Args { // int 0x80 of 64-bit code leaves the upper halves as they were, and the call ignores them
			s.Call.Args[i] = uint64(uint32(s.Call.Args[i]))
		}
	}
	multiplexed := s.Call.Is32 && number == seccomp.Socketcall
	call := event.Call{Number: uint32(number), Is32: s.Call.Is32}
	if multiplexed {
		call = seccomp.Multiplexed(s.Call.Args[0])
	}
	row, ok := t.calls[call]
	if !ok {
		return Nothing
	}
	s.Call.Row = row
	switch {
	case multiplexed:
		t.unpack(s, s.Call.Args[1])
	case s.Call.Is32 && number == seccomp.OldMmap && event.Table[s.Call.Row].Name == "mmap":
		t.unpack(s, s.Call.Args[0])
	}
	return Entry
}

func (t *Tracer) unpack(s *Stop, addr uint64) {
	var args [6 * 4]byte
	t.mem.readSome(s.TID, addr, args[:])
	for i := range s.Call.Args {
		s.Call.Args[i] = word(args[:], i, true)
	}
}
