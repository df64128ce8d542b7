package tracer

import (
	"testing"

	"golang.org/x/sys/unix"
)

// stopped is the wait status of a stop with a signal and a ptrace event.
func stopped(sig unix.Signal, event int) unix.WaitStatus {
	return unix.WaitStatus(event<<16 | int(sig)<<8 | 0x7f)
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		name   string
		status unix.WaitStatus
		want   What
	}{
		{"exited", 3 << 8, Gone},
		{"killed", 9, Gone},
		{"killed with a core", 11 | 0x80, Gone},
		{"a watched call", stopped(unix.SIGTRAP, unix.PTRACE_EVENT_SECCOMP), Entry},
		{"the end of a call", stopped(unix.SIGTRAP|sysgood, 0), Exit},
		{"a new image", stopped(unix.SIGTRAP, unix.PTRACE_EVENT_EXEC), Exec},
		{"a fork", stopped(unix.SIGTRAP, unix.PTRACE_EVENT_FORK), Spawn},
		{"a vfork", stopped(unix.SIGTRAP, unix.PTRACE_EVENT_VFORK), Spawn},
		{"a clone", stopped(unix.SIGTRAP, unix.PTRACE_EVENT_CLONE), Spawn},
		{"a new thread's first stop", stopped(unix.SIGTRAP, unix.PTRACE_EVENT_STOP), Nothing},
		{"a group stop", stopped(unix.SIGSTOP, unix.PTRACE_EVENT_STOP), Group},
		{"a group stop by the terminal", stopped(unix.SIGTSTP, unix.PTRACE_EVENT_STOP), Group},
		{"a signal", stopped(unix.SIGUSR1, 0), Signal},
		{"a stopping signal that is about to be delivered", stopped(unix.SIGSTOP, 0), Signal},
		{"the workload's own SIGTRAP", stopped(unix.SIGTRAP, 0), Signal},
		{"an event that we never asked for", stopped(unix.SIGTRAP, unix.PTRACE_EVENT_EXIT), Nothing},
	} {
		if got := classify(c.status); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add(uint32(0x857f))
	f.Add(uint32(0x7057f))
	f.Fuzz(func(t *testing.T, raw uint32) {
		ws := unix.WaitStatus(raw)
		if gone := classify(ws) == Gone; gone == ws.Stopped() {
			t.Errorf("status %#x: got gone %v, stopped %v", raw, gone, ws.Stopped())
		}
	})
}
