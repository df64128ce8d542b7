package keeper

import (
	"os"
	"os/signal"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tiercel/engine/event/procfs"
)

// now is the time by the clock that tells when processes started.
func now() uint64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) // the kernel has this clock
	return uint64(ts.Nano())
}

// killTree kills a process that was there at a time, and all that has come of it.
// One that started later has its number by chance.
func killTree(pid int, at uint64) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // it is gone
	}
	defer unix.Close(fd)
	if start, ok := procfs.Start(pid); !ok || start > at {
		return
	}
	made := children(pid)
	at = now()
	_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it may have ended by itself
	for _, child := range made {
		killTree(child, at)
	}
}

// children returns the processes that the threads of one have made and not outlived.
func children(pid int) (pids []int) {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, _ := os.ReadDir(dir) // none of a process that is gone
	for _, t := range threads {
		b, _ := os.ReadFile(dir + "/" + t.Name() + "/children")
		for _, number := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(number); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

// deaf has this process ignore what asks programs to end.
func deaf() { signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT) }
