package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
)

// childName is argv[0] of the child before it becomes the command.
const childName = "tiercel: launching"

// nothingName is argv[0] of the command that does nothing.
const nothingName = "tiercel: probing"

// The command must come of the child's first thread: a tracer has seized no
// other, and without one the filter refuses the exec (ENOSYS). On a busy machine
// main may start elsewhere, unless its thread is locked before, by an init.
func init() {
	if isChild() {
		runtime.LockOSThread()
	}
}

func isChild() bool { return len(os.Args) >= 6 && os.Args[0] == childName }

// Launch is the child's half. Call it first thing in main: in any other process
// than a launcher's child it returns at once, in that child never.
func Launch() {
	if len(os.Args) == 1 && os.Args[0] == nothingName {
		os.Exit(0)
	}
	if !isChild() {
		return
	}
	all := numbers(os.Args[1])
	stops, fds := seccomp.Stops(all[0]), all[1:]
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	report := os.NewFile(uintptr(fds[1]), "report")
	_, err := report.Write([]byte{1})
	if err == nil {
		c := Command{Path: os.Args[4], Argv: os.Args[5:], Deny: words(os.Args[3])}
		err = become(c, numbers(os.Args[2]), fds, stops)
	}
	_, _ = report.WriteString(err.Error()) // nobody else to tell
	os.Exit(childCode(err))
}

func childCode(err error) int {
	var start *StartError
	if errors.As(err, &start) {
		return start.Code
	}
	return ExitFailed
}

// become turns the child into the command, once the gate is open, with the filter
// if there is one and as another user if ids are given. It returns only to say why
// it could not. The filter comes before the user, who could not have it without
// forgoing setuid programs.
func become(c Command, ids, fds []int, stops seccomp.Stops) error {
	var b [1]byte
	if n, err := unix.Read(fds[0], b[:]); n != 1 {
		return fmt.Errorf("wait for launcher: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	if err := deny(c.Deny); err != nil {
		return err
	}
	if stops == seccomp.ByNotice { // whoever answers may die before anybody else has the listener
		if err := endWithParent(unix.SIGKILL); err != nil {
			return err
		}
	}
	for _, fd := range fds[2:] {
		if err := install(fd, stops, fds[1]); err != nil {
			return err
		}
	}
	if err := assume(ids); err != nil {
		return fmt.Errorf("change user: %w", err)
	}
	if stops == seccomp.ByNotice {
		if err := endWithParent(0); err != nil {
			return err
		}
	}
	err := syscall.Exec(c.Path, c.Argv, os.Environ())
	if errors.Is(err, unix.ENOEXEC) { // a script without #!, which execvp(3) gives to the shell
		err = syscall.Exec("/bin/sh", append([]string{"sh", c.Path}, c.Argv[1:]...), os.Environ())
	}
	code := ExitNotExec
	if errors.Is(err, unix.ENOENT) {
		code = ExitNotFound
	}
	return &StartError{code, fmt.Errorf("run %s: %w", c.Argv[0], err)}
}

// endWithParent has the kernel send the signal when the parent's thread ends; 0 for none.
func endWithParent(sig unix.Signal) error {
	return os.NewSyscallError("prctl(SET_PDEATHSIG)", unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(sig), 0, 0, 0))
}

// install puts the filter that a pipe brings on the thread.
func install(fd int, stops seccomp.Stops, report int) error {
	f := os.NewFile(uintptr(fd), "filter")
	prog, err := io.ReadAll(f)
	err = errors.Join(err, f.Close()) // now: closed by a finalizer, its number could be the listener's
	if err != nil {
		return fmt.Errorf("read filter: %w", err)
	}
	if stops == seccomp.ByNotice {
		err = listen(prog, report)
	} else {
		err = seccomp.Program(prog).Install()
	}
	if err != nil {
		return fmt.Errorf("install filter: %w", err)
	}
	return nil
}

// deny puts a filter on the thread that refuses the calls.
func deny(names []string) error {
	if len(names) == 0 {
		return nil
	}
	prog, err := seccomp.Refuse(names...)
	if err == nil {
		err = prog.Install()
	}
	if err != nil {
		return fmt.Errorf("deny %s: %w", strings.Join(names, ", "), err)
	}
	return nil
}
