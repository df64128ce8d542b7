package keeper

import (
	"os/signal"

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
	made := procfs.Children(pid)
	at = now()
	_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it may have ended by itself
	for _, child := range made {
		killTree(child, at)
	}
}

// deaf has this process ignore what asks programs to end.
func deaf() { signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT) }
