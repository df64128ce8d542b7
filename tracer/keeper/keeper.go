// Package keeper stands in for a supervisor that dies. Calls that wait for a
// listener's answer get ENOSYS once nobody has the listener any more, and nothing
// ends a workload that is not traced.
//
// In a nutshell: a keeper is a process, this binary again, that has a duplicate of
// the listener and sleeps on a socket. When the supervisor's end of that closes, it
// kills the workload, or lets its calls run, until the last process with the
// filter is gone, or until another supervisor takes over (Take). Of the processes it
// knows by a table in memory that both share, so that to tell it of one costs a store.
// All that is done in C (keeper.c); to offer the workload to who takes over it makes
// another process, the only one with Go's runtime (Keep).
//
// The trap: a process of the same user can end the keeper first. That is noticed,
// and told, but then there is none.
package keeper

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
	"tiercel/tracer/sigaction"
)

// Keeper is the process as its supervisor knows it.
type Keeper struct {
	PID   int
	pidfd int
	alive *os.File // the socket's end that is open as long as the supervisor lives
	table table
}

// Start starts a keeper, which keeps nothing yet.
func Start(mode Mode) (*Keeper, error) {
	memory, table, err := newTable()
	if err != nil {
		return nil, err
	}
	defer memory.Close()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("socketpair", err), table.close())
	}
	k := &Keeper{alive: os.NewFile(uintptr(pair[0]), "keeper"), table: table}
	err = k.start(mode, []uintptr{uintptr(pair[1]), memory.Fd()})
	unix.Close(pair[1])
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start keeper: %w", err), k.alive.Close(), table.close())
	}
	return k, nil
}

// Keep gives the keeper a duplicate of the listener, and waits until it keeps.
func (k *Keeper) Keep(l seccomp.Listener) error {
	err := unix.Sendmsg(int(k.alive.Fd()), []byte{given}, unix.UnixRights(int(l)), nil, 0)
	if err == nil {
		err = k.awaitReady()
	}
	if err != nil {
		return fmt.Errorf("start keeper: %w", err)
	}
	return nil
}

// awaitReady waits until it keeps, within reason: who shares our user may have stopped it.
func (k *Keeper) awaitReady() error {
	fds := []unix.PollFd{{Fd: int32(k.alive.Fd()), Events: unix.POLLIN}}
	for end := time.Now().Add(timeToStart); time.Now().Before(end); {
		_ = unix.PidfdSendSignal(k.pidfd, unix.SIGCONT, nil, 0) // it may have ended: then the read says so
		if n, _ := unix.Poll(fds, 100); n == 1 {                // interrupted: it is asked again
			_, err := io.ReadFull(k.alive, make([]byte, 1))
			return err
		}
	}
	return fmt.Errorf("it was not ready within %v", timeToStart)
}

// start makes the process, which has these descriptors after the standard ones.
func (k *Keeper) start(mode Mode, fds []uintptr) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	files := append([]uintptr{null.Fd(), null.Fd(), null.Fd()}, fds...)
	attr := &syscall.ProcAttr{Files: files, Sys: &syscall.SysProcAttr{Setsid: true, PidFD: &k.pidfd}} // a terminal's signals are not for it
	return sigaction.Held(func() (err error) {
		k.PID, err = syscall.ForkExec("/proc/self/exe", []string{name + string(mode)}, attr)
		return err
	})
}

// Add tells the keeper of a process of the workload.
func (k *Keeper) Add(pid int) { k.table.set(pid, now()) }

// Remove tells the keeper that a process is gone.
func (k *Keeper) Remove(pid int) { k.table.set(pid, 0) }

// Received tells the keeper which call was received last: the kernel hands it
// to nobody else.
func (k *Keeper) Received(id uint64) { k.table.receive(id) }

// Note leaves a line that whoever takes over gets.
func (k *Keeper) Note(line string) error {
	_, err := k.alive.Write(append([]byte{noted}, line+"\n"...))
	return err
}

// Leave leaves the workload to the keeper, as the supervisor's death would.
func (k *Keeper) Leave() error {
	return errors.Join(k.alive.Close(), unix.Close(k.pidfd), k.table.close())
}

// Dismiss ends the keeper: nothing is left of the workload.
func (k *Keeper) Dismiss() error { return k.end(dismissed) }

// EndRest has the keeper end what is left of the workload, and waits until it has,
// within reason: what waits within the kernel ends when it comes out.
func (k *Keeper) EndRest() error { return k.end(endRest) }

// ErrGone is that the keeper had been ended before, or does not end the rest.
var ErrGone = errors.New("the keeper had ended")

// timeToStart is how long a keeper has until it keeps, which on a busy machine takes a while.
const timeToStart = time.Minute

// lookAgain is how often who has ended is waited for, in milliseconds.
const lookAgain = 5

// patience is how long the end of a workload is waited for.
const patience = 5 * time.Second

func (k *Keeper) end(how byte) error {
	_ = unix.PidfdSendSignal(k.pidfd, unix.SIGCONT, nil, 0) // who shares our user may have stopped it; it may be gone
	_, err := k.alive.Write([]byte{how})
	if errors.Is(err, unix.EPIPE) || err == nil && !k.wait() {
		err = ErrGone
	}
	return errors.Join(err, k.alive.Close(), unix.Close(k.pidfd), k.table.close())
}

// wait waits for the keeper to end, within reason, and reports whether it ended as it should.
func (k *Keeper) wait() bool {
	fds := []unix.PollFd{{Fd: int32(k.pidfd), Events: unix.POLLIN}}
	well := false
	for end := time.Now().Add(patience); time.Now().Before(end); {
		n, _ := unix.Poll(fds, lookAgain) // interrupted: it is asked again
		if well = k.reap() || well; n == 1 {
			return well
		}
	}
	_ = unix.PidfdSendSignal(k.pidfd, unix.SIGKILL, nil, 0) // with it the listener would stay
	return false
}

// reap waits for all children that have ended, as before Linux 6.11 what nobody has
// waited for still has the filter, and reports whether the keeper is one that ended as it should.
func (k *Keeper) reap() (well bool) {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG|unix.WALL, nil)
		if pid <= 0 && !errors.Is(err, unix.EINTR) {
			return well
		}
		well = well || pid == k.PID && status.Exited() && status.ExitStatus() == 0
	}
}
