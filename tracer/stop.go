package tracer

import (
	"os"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
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

// next waits for something to happen, and says what.
func (t *Tracer) next() (Stop, error) {
	tid, status, err := wait()
	if err != nil {
		return Stop{}, os.NewSyscallError("wait4", err)
	}
	s := Stop{TID: tid, What: classify(status), Sig: status.StopSignal()}
	switch s.What {
	case Gone:
		s.End = status
	case Entry:
		s.What = t.readEntry(&s)
	case Exit:
		s.What = t.readExit(&s)
	case Exec, Spawn:
		peer, ok := eventMessage(tid)
		if s.Peer = peer; !ok {
			s.What = Nothing
		}
	}
	return s, nil
}

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

func (t *Tracer) readEntry(s *Stop) What {
	info := &t.info
	if getSyscallInfo(s.TID, info) != 0 || info.op != unix.PTRACE_SYSCALL_INFO_SECCOMP {
		return Nothing
	}
	s.Call.Row = int(uint32(info.data[7]))
	s.Call.Is32 = info.is32()
	copy(s.Call.Args[:], info.data[1:7])
	return t.checkEntry(s, info.data[0])
}

// checkEntry finds the row by the call's number: the workload's own filter may
// stop a call too, with data of its choice. (Of socketcall(2) the data is taken,
// as the number is the same for all of its calls.) It unpacks the i386 calls whose arguments are in memory.
func (t *Tracer) checkEntry(s *Stop, number uint64) What {
	multiplexed := s.Call.Is32 && number == socketcall
	if row, ok := t.calls[event.Call{Number: uint32(number), Is32: s.Call.Is32}]; ok {
		s.Call.Row = row
	} else if !multiplexed || s.Call.Row >= len(t.needs.Rows) || !t.needs.Rows[s.Call.Row].Watch() {
		return Nothing
	}
	switch {
	case multiplexed:
		t.unpack(s, s.Call.Args[1])
	case s.Call.Is32 && number == oldMmap && event.Table[s.Call.Row].Name == "mmap":
		t.unpack(s, s.Call.Args[0])
	}
	return Entry
}

// The i386 numbers of calls whose arguments an argument points to: the second of
// socketcall(2), the first of the old mmap.
const (
	socketcall = 102
	oldMmap    = 90
)

func (t *Tracer) unpack(s *Stop, addr uint64) {
	var args [6 * 4]byte
	t.mem.readSome(s.TID, addr, args[:])
	for i := range s.Call.Args {
		s.Call.Args[i] = word(args[:], i, true)
	}
}

func (t *Tracer) readExit(s *Stop) What {
	info := &t.info
	if getSyscallInfo(s.TID, info) != 0 || info.op != unix.PTRACE_SYSCALL_INFO_EXIT {
		return Nothing
	}
	s.Call.Ret = int64(info.data[0])
	return Exit
}
