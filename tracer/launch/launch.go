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

func isChild() bool { return len(os.Args) >= 7 && os.Args[0] == childName }

// Launch is the child's half. Call it first thing in main: in any other process
// than a launcher's child it returns at once, in that child never.
func Launch() {
	if len(os.Args) == 1 && os.Args[0] == nothingName {
		os.Exit(0)
	}
	if !isChild() {
		return
	}
	fds := numbers(os.Args[1])
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	report := os.NewFile(uintptr(fds[1]), "report")
	err := become(fds, report)
	_, _ = report.WriteString(err.Error()) // nobody else to tell
	os.Exit(childCode(err))
}

// become turns the child into the command of the arguments once the gate opens, or says why it cannot.
func become(fds []int, report *os.File) error {
	in, err := parseInherited(os.Args[4])
	if err != nil {
		return fmt.Errorf("read arguments: %w", err)
	}
	held, err := hold()
	if err != nil {
		return err
	}
	if _, err = report.Write([]byte{1}); err != nil {
		return err
	}
	if err = prepare(words(os.Args[3]), numbers(os.Args[2]), fds); err != nil {
		return err
	}
	if err = in.assume(); err != nil {
		return err
	}
	if err = held.release(); err != nil {
		return err
	}
	return execute(os.Args[5], os.Args[6:])
}

func childCode(err error) int {
	var start *StartError
	if errors.As(err, &start) {
		return start.Code
	}
	return ExitFailed
}

// prepare gives the child, once the gate is open, the filter if there is one, and
// the user if ids are given. The filter comes before the user, who could not have
// it without forgoing setuid programs.
func prepare(denied []string, ids, fds []int) error {
	stops, filter, err := awaitGate(fds[0])
	if err != nil {
		return fmt.Errorf("wait for launcher: %w", err)
	}
	if err := deny(denied); err != nil {
		return err
	}
	if stops == seccomp.ByNotice { // whoever answers may die before anybody else has the listener
		if err := endWithParent(unix.SIGKILL); err != nil {
			return err
		}
	}
	if len(filter) > 0 {
		if err := install(filter, stops, fds[1]); err != nil {
			return fmt.Errorf("install filter: %w", err)
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
	return nil
}

// execute returns only to say why it could not.
func execute(path string, argv []string) error {
	err := syscall.Exec(path, argv, os.Environ())
	if errors.Is(err, unix.ENOEXEC) { // a script without #!, which execvp(3) gives to the shell
		err = syscall.Exec("/bin/sh", append([]string{"sh", path}, argv[1:]...), os.Environ())
	}
	code := ExitNotExec
	if errors.Is(err, unix.ENOENT) {
		code = ExitNotFound
	}
	return &StartError{code, fmt.Errorf("run %s: %w", argv[0], err)}
}

// endWithParent has the kernel send the signal when the parent's thread ends; 0 for none.
func endWithParent(sig unix.Signal) error {
	return os.NewSyscallError("prctl(SET_PDEATHSIG)", unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(sig), 0, 0, 0))
}

// awaitGate reads what opens the gate: the way by which calls stop, and the filter.
func awaitGate(fd int) (stops seccomp.Stops, filter seccomp.Program, err error) {
	gate := os.NewFile(uintptr(fd), "gate")
	b, err := io.ReadAll(gate)
	err = errors.Join(err, gate.Close()) // now: closed by a finalizer, its number could be the listener's
	switch {
	case err != nil:
		return 0, nil, err
	case len(b) == 0:
		return 0, nil, io.ErrUnexpectedEOF
	}
	return seccomp.Stops(b[0]), b[1:], nil
}

// install puts the filter on the thread.
func install(filter seccomp.Program, stops seccomp.Stops, report int) error {
	if stops == seccomp.ByNotice {
		return listen(filter, report)
	}
	return filter.Install()
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
