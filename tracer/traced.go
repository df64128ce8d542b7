package tracer

import (
	"context"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"tiercel/tracer/launch"
)

// traced is the door that every Linux since 5.3 has: each thread is traced for
// its life, a watched call stops at its entry by RET_TRACE, and at its end where
// that matters.
type traced struct {
	*Tracer
	mu    sync.Mutex
	alive map[int]struct{} // the processes, by number
	over  bool             // they are to end
}

func (d *traced) prepare() error { return nil }

func (d *traced) hold(child *launch.Child) error {
	if errno := seize(child.PID, traceAll); errno != 0 {
		return seizeError(errno)
	}
	d.born(child.PID)
	context.AfterFunc(d.ctx, d.end)
	return child.Open(d.Filter, d.Stops)
}

func seizeError(errno unix.Errno) error {
	return fmt.Errorf("trace child: %w", os.NewSyscallError("ptrace(SEIZE)", errno))
}

func (d *traced) next() (Stop, error) {
	s, err := d.waitStop(anyone, 0)
	if err != nil {
		return s, os.NewSyscallError("wait4", err)
	}
	switch s.What {
	case Entry:
		s.What = d.readEntry(&s)
	case Exit:
		s.What = d.readExit(&s)
	}
	return s, nil
}

func (d *traced) readEntry(s *Stop) What {
	info := &d.info
	if !d.readInfo(s.TID) || info.op != unix.PTRACE_SYSCALL_INFO_SECCOMP {
		return Nothing
	}
	s.Call.Is32 = is32(info.arch)
	copy(s.Call.Args[:], info.data[1:7])
	return d.checkEntry(s, info.data[0])
}

func (d *traced) goOn(th *thread) {
	request := unix.PTRACE_CONT
	if len(th.pending) > 0 && !th.interrupted {
		request = unix.PTRACE_SYSCALL
	}
	resume(request, th.tid, 0)
}

func (d *traced) deliver(th *thread, sig unix.Signal) { resume(unix.PTRACE_CONT, th.tid, sig) }
func (d *traced) halt(th *thread)                     { resume(unix.PTRACE_LISTEN, th.tid, 0) }

// end ends all processes, now and as they come: nothing else wakes wait4(2), and
// so each of their ends is told. None of their numbers is another's, as they are
// waited for by us.
func (d *traced) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	for pid := range d.alive {
		kill(pid)
	}
}

func (d *traced) born(pid int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.alive[pid] = struct{}{}
	if d.over {
		kill(pid)
	}
}

func (d *traced) died(pid int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.alive, pid)
}

func kill(pid int) {
	_ = unix.Kill(pid, unix.SIGKILL) // it may have ended by itself
}

// close leaves the rest to the kernel, which kills tracees with their tracer (PTRACE_O_EXITKILL).
func (d *traced) close() error { return nil }
