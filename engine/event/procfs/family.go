package procfs

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Family returns a thread's process, and that one's parent.
func Family(tid int) (pid, ppid int) {
	pid = tid
	b, _ := readFile(tid, "status") // gone with the thread
	for line := range bytes.Lines(b) {
		key, rest, _ := bytes.Cut(line, []byte(":"))
		switch string(key) {
		case "Tgid":
			pid = int(number(bytes.TrimSpace(rest)))
		case "PPid":
			return pid, int(number(bytes.TrimSpace(rest)))
		}
	}
	return pid, 0
}

// Tracer returns the process that traces a thread, 0 for none; alive is false of one that has ended or is about to.
func Tracer(tid int) (pid int, alive bool) {
	b, _ := readFile(tid, "status") // gone with the thread
	for line := range bytes.Lines(b) {
		key, rest, _ := bytes.Cut(line, []byte(":"))
		rest = bytes.TrimSpace(rest)
		switch string(key) {
		case "State":
			alive = rest[0] != 'Z' && rest[0] != 'X'
		case "TracerPid":
			return int(number(rest)), alive
		}
	}
	return 0, false
}

// maxAncestors bounds how many processes a chain has.
const maxAncestors = 64

// Ancestors returns the processes above a process and, as the last, itself: the oldest first.
func Ancestors(pid int) (chain []int) {
	for pid > 0 && len(chain) < maxAncestors {
		chain = append(chain, pid)
		pid = parent(pid)
	}
	slices.Reverse(chain)
	return chain
}

// parent returns a process's parent, 0 of one that has none, or is gone.
func parent(pid int) int {
	b, _ := readFile(pid, "stat")
	f, ok := statFields(nil, b)
	if !ok {
		return 0
	}
	return int(number(f[1]))
}

// Threads returns the threads of a process, none of one that is gone.
func Threads(pid int) (tids []int) {
	tasks, _ := os.ReadDir(procPath(pid, "task"))
	for _, task := range tasks {
		if tid, err := strconv.Atoi(task.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// Children returns the processes that the threads of one have made and not outlived.
func Children(pid int) (pids []int) {
	for _, tid := range Threads(pid) {
		b, _ := os.ReadFile(procPath(pid, "task/"+strconv.Itoa(tid)+"/children"))
		for _, number := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(number); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

// Processes returns all processes of our PID namespace, as far as /proc shows them.
func Processes() (pids []int, err error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
