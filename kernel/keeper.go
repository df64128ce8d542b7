package kernel

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"tiercel/tracer/sigaction"
)

// A keeper is a process that outlives the probe's, however that ends, and then
// ends what is left of the tree: nothing of it goes on unwatched. It holds the
// programs attached until then, so that what the tree starts meanwhile is known,
// too. Of the probe's end it learns by that of a pipe.

// keeperName is argv[0] of the keeper: this binary.
const keeperName = "tiercel: keeping"

// maxKills is how often endAll goes through the tree: what is still there then
// waits within the kernel, and ends when it comes out.
const maxKills = 5000

// The keeper's descriptors beside the standard ones. Links follow, which it just holds.
const (
	keeperPipe = 3 + iota
	keeperScope
)

// keeper is the process as the probe's knows it.
type keeper struct {
	cmd   *exec.Cmd
	alive *os.File // the pipe's end that is open as long as the probe's process lives
}

// startKeeper starts the keeper of a tree.
func (p *Probe) startKeeper() (*keeper, error) {
	watched, alive, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	files, err := p.keptFiles()
	files = append([]*os.File{watched}, files...)
	cmd := exec.Command("/proc/self/exe")
	cmd.Args[0], cmd.Env, cmd.ExtraFiles = keeperName, []string{}, files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a terminal's signals are not for it
	if err == nil {
		err = sigaction.Held(cmd.Start)
	}
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start keeper: %w", err), alive.Close())
	}
	return &keeper{cmd, alive}, nil
}

// keptFiles are the scope and the links, duplicated.
func (p *Probe) keptFiles() (files []*os.File, err error) {
	fds := []int{p.objs.Scope.FD()}
	for _, l := range p.links {
		if raw, ok := l.(interface{ FD() int }); ok { // all kernels with a BPF ring have links
			fds = append(fds, raw.FD())
		}
	}
	for _, fd := range fds {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return files, os.NewSyscallError("fcntl(DUPFD)", err)
		}
		files = append(files, os.NewFile(uintptr(dup), "kept"))
	}
	return files, nil
}

// end has the keeper end what is left of the tree, and waits until it has. early
// is how it ended if somebody has ended it before.
func (k *keeper) end() (early string, err error) {
	err = k.alive.Close()
	var exit *exec.ExitError
	if wait := k.cmd.Wait(); errors.As(wait, &exit) {
		return exit.Error(), err
	} else {
		return "", errors.Join(err, wait)
	}
}

// Keep is the keeper's half. Call it first thing in main: in any other process it
// returns at once, in the keeper never.
func Keep() {
	if os.Args[0] != keeperName {
		return
	}
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	var b [1]byte
	_, _ = os.NewFile(keeperPipe, "pipe").Read(b[:]) // nothing is ever written: it is the end
	scope, err := ebpf.NewMapFromFD(keeperScope)
	if err != nil {
		os.Exit(1)
	}
	endAll(scope)
	os.Exit(0)
}

// endAll ends what is left of a tree, and waits until it has ended, within reason.
func endAll(scope *ebpf.Map) {
	for i := 0; i < maxKills && endTree(scope); i++ {
		time.Sleep(time.Millisecond)
	}
}

// watchedMember is the state of a member of the scope that is watched; others
// never became the command, and end by themselves (bpf/source.h).
const watchedMember = 1

// endTree kills the processes of a scope, and reports whether there were any.
func endTree(scope *ebpf.Map) (any bool) {
	var tgid uint32
	var m sourceMember
	for all := scope.Iterate(); all.Next(&tgid, &m); {
		if m.State == watchedMember {
			any = true
			_ = unix.Kill(int(m.Pid), unix.SIGKILL) // it may have ended by itself
		}
	}
	return any
}
