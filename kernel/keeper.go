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
)

// A keeper is a process that outlives the probe's, however that ends, and then
// ends what is left of the tree: nothing of it goes on unwatched. It holds the
// programs attached until then, so that what the tree starts meanwhile is known,
// too. Of the probe's end it learns by that of a pipe.

// keeperName is argv[0] of the keeper: this binary.
const keeperName = "tiercel: keeping"

// The keeper's descriptors beside the standard ones. Links follow, which it just holds.
const (
	keeperPipe = 3 + iota
	keeperScope
)

// startKeeper starts the keeper of a tree. The pipe's end that is returned must be kept open as long as the probe lives.
func (p *Probe) startKeeper() (alive *os.File, err error) {
	watched, alive, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	files := []*os.File{watched}
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
	}()
	scope, err := duplicate(p.objs.Scope.FD())
	if err != nil {
		return alive, err
	}
	files = append(files, scope)
	for _, l := range p.links {
		raw, ok := l.(interface{ FD() int })
		if !ok {
			continue // a kernel without links (Linux 5.6) has no ring buffer either
		}
		f, err := duplicate(raw.FD())
		if err != nil {
			return alive, err
		}
		files = append(files, f)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args[0], cmd.Env, cmd.ExtraFiles = keeperName, []string{}, files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a terminal's signals are not for it
	if err := cmd.Start(); err != nil {
		return alive, fmt.Errorf("start keeper: %w", err)
	}
	return alive, cmd.Process.Release()
}

func duplicate(fd int) (*os.File, error) {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl(DUPFD)", err)
	}
	return os.NewFile(uintptr(dup), "kept"), nil
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
	for endTree(scope) {
		time.Sleep(time.Millisecond)
	}
	os.Exit(0)
}

// endTree ends the processes of a scope, and reports whether there were any.
func endTree(scope *ebpf.Map) (any bool) {
	var tgid uint32
	var m sourceMember
	for all := scope.Iterate(); all.Next(&tgid, &m); {
		if int(m.Pid) != os.Getpid() {
			any = true
			_ = unix.Kill(int(m.Pid), unix.SIGKILL) // it may have ended by itself
		}
	}
	return any
}
