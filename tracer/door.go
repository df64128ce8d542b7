package tracer

import (
	"os"

	"golang.org/x/sys/unix"

	"tiercel/tracer/launch"
)

// door is the way by which stops come and threads go on. Nothing behind it knows
// which of the two it is: traced (a lasting ptrace, stops by RET_TRACE) or
// noticed (entries by user notification, ptrace just for a result that matters).
type door interface {
	// prepare starts what the door needs.
	prepare() error
	// hold gets hold of the child, which waits at its gate, and opens that.
	hold(child *launch.Child) error
	// next waits for something to happen; ECHILD is for that nothing can happen any more.
	// Once the context ends, that is soon so, or its error is returned.
	next() (Stop, error)
	// goOn lets a stopped thread run: to the end of its call if that is waited for (pending).
	goOn(th *thread)
	// deliver lets a thread run with the signal that has stopped it.
	deliver(th *thread, sig unix.Signal)
	// halt leaves a thread in the stop of its process by job control.
	halt(th *thread)
	// born and died tell of a process that is followed from now on, or no more.
	born(pid int)
	died(pid int)
	// close gives the workload up; what is left of it ends.
	close() error
}

// waitStop waits for the next change of a thread, or of anyone, and returns what it is. That of
// a seccomp stop or the end of a call is for the door to read.
func (t *Tracer) waitStop(who, options int) (Stop, error) {
	tid, status, err := wait(who, options)
	if err != nil || tid == 0 {
		return Stop{}, err
	}
	s := Stop{TID: tid, What: classify(status), Sig: status.StopSignal()}
	switch s.What {
	case Gone:
		s.End = status
	case Exec, Spawn:
		peer, ok := eventMessage(tid)
		if s.Peer = peer; !ok {
			s.What = Nothing
		}
	}
	return s, nil
}

// readExit reads the result of the call at whose end the thread stopped.
func (t *Tracer) readExit(s *Stop) What {
	if !t.readInfo(s.TID) || t.info.op != unix.PTRACE_SYSCALL_INFO_EXIT {
		return Nothing
	}
	s.Call.Ret = int64(t.info.data[0])
	return Exit
}

// readInfo reads what the thread has stopped for, and reports whether it could. That
// it is gone is an answer. A kernel that does not know the request, or a filter that
// refuses it, ends the watch: without it nothing would be seen.
func (t *Tracer) readInfo(tid int) bool {
	errno := getSyscallInfo(tid, &t.info)
	if errno != 0 && errno != unix.ESRCH {
		t.uninformed = os.NewSyscallError("ptrace(GET_SYSCALL_INFO)", errno)
	}
	return errno == 0
}
