package procfs

import (
	"bytes"
	"os"
)

// Filters returns how many seccomp filters a process is under (Linux 5.10). None can
// be taken off, and children have all that their makers had. ok is false where /proc does not tell.
func Filters(pid int) (n int, ok bool) {
	v, ok := statusOf(pid, "Seccomp_filters")
	return int(number(v)), ok
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
