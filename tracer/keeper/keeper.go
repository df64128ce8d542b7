// Package keeper stands in for a supervisor that dies. Calls that wait for a
// listener's answer get ENOSYS once nobody has the listener any more, and nothing
// ends a workload that is not traced.
//
// In a nutshell: a keeper is a process, this binary again, that has a duplicate of
// the listener and sleeps on a pipe. When the supervisor's end of that closes, it
// kills the workload, or lets its calls run, until the last process with the
// filter is gone. Of the processes it knows by a table in memory that both share,
// so that to tell it of one costs a store.
//
// The trap: a process of the same user can end the keeper first. That is noticed,
// and told, but then there is none.
package keeper

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
)

// Mode is what a keeper does with the workload when its supervisor has died.
type Mode string

// The modes.
const (
	Kill     Mode = "kill"
	Continue Mode = "continue" // the calls run, and nobody watches them
)

// name is argv[0] of a keeper.
const name = "tiercel: standing in"

// What the supervisor writes into the pipe before it ends.
const (
	dismissed = 'd'
	endRest   = 'k'
)

// A keeper's descriptors, after the standard ones.
const (
	pipeFD = 3 + iota
	listenerFD
	tableFD
)

// Keeper is the process as its supervisor knows it.
type Keeper struct {
	PID   int
	pidfd int
	alive *os.File // the pipe's end that is open as long as the supervisor lives
	table table
}

// Start starts a keeper with a duplicate of the listener.
func Start(l seccomp.Listener, mode Mode) (*Keeper, error) {
	memory, table, err := newTable()
	if err != nil {
		return nil, err
	}
	defer memory.Close()
	watched, alive, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	defer watched.Close()
	k := &Keeper{alive: alive, table: table}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err == nil {
		defer null.Close()
		files := []uintptr{null.Fd(), null.Fd(), null.Fd(), pipeFD: watched.Fd(), listenerFD: uintptr(l), tableFD: memory.Fd()}
		attr := &syscall.ProcAttr{Files: files, Sys: &syscall.SysProcAttr{Setsid: true, PidFD: &k.pidfd}} // a terminal's signals are not for it
		k.PID, err = syscall.ForkExec("/proc/self/exe", []string{name, string(mode)}, attr)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start keeper: %w", err), alive.Close())
	}
	return k, nil
}

// Add tells the keeper of a process of the workload, and Remove that it is gone.
func (k *Keeper) Add(pid int)    { k.table.set(pid, 1) }
func (k *Keeper) Remove(pid int) { k.table.set(pid, 0) }

// Received tells the keeper which call was received last: the kernel hands it
// to nobody else.
func (k *Keeper) Received(id uint64) { k.table.receive(id) }

// Dismiss ends the keeper: nothing is left of the workload.
func (k *Keeper) Dismiss() error { return k.end(dismissed) }

// EndRest has the keeper end what is left of the workload, and waits until it has.
func (k *Keeper) EndRest() error { return k.end(endRest) }

// ErrGone is that the keeper had been ended before.
var ErrGone = errors.New("the keeper had ended")

func (k *Keeper) end(how byte) error {
	_, err := k.alive.Write([]byte{how})
	if errors.Is(err, unix.EPIPE) {
		err = ErrGone
	}
	fds := []unix.PollFd{{Fd: int32(k.pidfd), Events: unix.POLLIN}}
	for {
		if _, e := unix.Poll(fds, -1); !errors.Is(e, unix.EINTR) {
			break
		}
	}
	_, _ = unix.Wait4(k.PID, nil, 0, nil) // who waits for any child may have done so
	return errors.Join(err, k.alive.Close(), unix.Close(k.pidfd), k.table.close())
}

// Keep is the keeper's half. Call it first thing in main: in any other process it
// returns at once, in the keeper never.
func Keep() {
	if os.Args[0] != name || len(os.Args) != 2 {
		return
	}
	if err := keep(Mode(os.Args[1])); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func keep(mode Mode) error {
	deaf()
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil { // what shares our user must not take the listener
		return os.NewSyscallError("prctl(SET_DUMPABLE)", err)
	}
	l := seccomp.Listener(listenerFD)
	var b [1]byte
	n, _ := os.NewFile(pipeFD, "pipe").Read(b[:])
	if n == 1 && b[0] == dismissed {
		return nil
	}
	table, err := openTable(tableFD)
	if err != nil {
		return err
	}
	if n == 0 && mode == Continue {
		return answerAll(l, table)
	}
	return killAll(l, table)
}

// unanswered is how many calls may have been received since the last one that the keeper was told of.
const unanswered = 64

// answerAll lets calls run until nobody is left to make any, first the one that
// the supervisor had received and not answered. Calls are numbered as they come.
func answerAll(l seccomp.Listener, t table) error {
	for i := range uint64(unanswered) {
		_ = l.Continue(t.received() + i) // there is at most one
	}
	return eachCall(l, -1, func(n *seccomp.Notification) error { return l.Continue(n.ID) }, func() {})
}

// pause is how long what was killed has until it is looked for again, in milliseconds.
const pause = 5

// killAll kills the processes of the table, their children, and whoever makes a
// call that is not answered: to make a process is one.
func killAll(l seccomp.Listener, t table) error {
	all := func() { t.each(killTree) }
	all()
	return eachCall(l, pause, func(n *seccomp.Notification) error {
		_ = unix.Kill(int(n.TID), unix.SIGKILL) // it may have ended by itself
		return nil
	}, all)
}

// eachCall deals with calls until no thread has the filter any more, and does
// something else whenever none has come for so many milliseconds.
func eachCall(l seccomp.Listener, timeout int, call func(n *seccomp.Notification) error, else_ func()) error {
	fds := []unix.PollFd{{Fd: int32(l), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, timeout)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return os.NewSyscallError("poll", err)
		case n == 0:
			else_()
		case fds[0].Revents&unix.POLLIN != 0:
			var got seccomp.Notification
			if ok, err := l.Receive(&got); err != nil {
				return err
			} else if ok {
				if err := call(&got); err != nil {
					return err
				}
			}
		default:
			return nil // POLLHUP
		}
	}
}

// killTree kills a process and all that has come of it.
func killTree(pid int) {
	if !hasFilter(pid) {
		return // its number is another's by now
	}
	made := children(pid)
	_ = unix.Kill(pid, unix.SIGKILL) // it may have ended by itself
	for _, child := range made {
		killTree(child)
	}
}

// hasFilter reports whether a process is under a seccomp filter.
func hasFilter(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return err == nil && strings.Contains(string(b), "\nSeccomp:\t2\n")
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
