package procfs

import (
	"bytes"
	"os"
)

// Filters returns how many seccomp filters a process is under (Linux 5.10): all of its
// threads, as one may have more. None can be taken off, and children have all that
// their makers had. ok is false where /proc does not tell.
func Filters(pid int) (n int, ok bool) {
	for _, tid := range Threads(pid) {
		v, known := statusOf(tid, "Seccomp_filters")
		if known && (!ok || int(number(v)) < n) {
			n, ok = int(number(v)), true
		}
	}
	return n, ok
}

// Catches reports whether a process has a handler for any signal.
func Catches(pid int) bool {
	v, _ := statusOf(pid, "SigCgt")
	return hex(v) != 0
}

// User returns whose a process is, by the effective number; ok is false where /proc does not tell.
func User(pid int) (uid int, ok bool) {
	v, _ := statusOf(pid, "Uid")
	if f := bytes.Fields(v); len(f) > 1 {
		return int(number(f[1])), true
	}
	return 0, false
}

// statusOf returns the value of a line of /proc/PID/status.
func statusOf(pid int, key string) (value []byte, ok bool) {
	b, _ := os.ReadFile(procPath(pid, "status")) // gone with the process
	for line := range bytes.Lines(b) {
		if name, rest, _ := bytes.Cut(line, []byte(":")); string(name) == key {
			return bytes.TrimSpace(rest), true
		}
	}
	return nil, false
}
