package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
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

func isChild() bool { return len(os.Args) >= 4 && os.Args[0] == childName }

// Launch is the child's half. Call it first thing in main: in any other process
// than a launcher's child it returns at once, in that child never.
func Launch() {
	if len(os.Args) == 1 && os.Args[0] == nothingName {
		os.Exit(0)
	}
	if !isChild() {
		return
	}
	var numbers []int
	for s := range strings.SplitSeq(os.Args[1], ",") {
		n, _ := strconv.Atoi(s) // written by fork
		numbers = append(numbers, n)
	}
	fds := numbers[1:]
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	report := os.NewFile(uintptr(fds[1]), "report")
	_, err := report.Write([]byte{1})
	if err == nil {
		err = become(Command{os.Args[2], os.Args[3:]}, fds[0], fds[2:], seccomp.Stops(numbers[0]))
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

// become turns the child into the command, once the gate is open and with the
// filter if there is one. It returns only to say why it could not.
func become(c Command, gate int, filter []int, stops seccomp.Stops) error {
	var b [1]byte
	if n, err := unix.Read(gate, b[:]); n != 1 {
		return fmt.Errorf("wait for launcher: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	for _, fd := range filter {
		if err := install(fd, stops); err != nil {
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

// install puts the filter in a file on the thread. A listener is for the parent to
// find: no call can tell of it that would not wait for the parent's answer.
func install(fd int, stops seccomp.Stops) error {
	prog, err := io.ReadAll(io.NewSectionReader(os.NewFile(uintptr(fd), "filter"), 0, seccomp.MaxInstructions*8))
	if err != nil {
		return fmt.Errorf("read filter: %w", err)
	}
	if stops == seccomp.ByNotice {
		_, err = seccomp.Program(prog).InstallListener()
	} else {
		err = seccomp.Program(prog).Install()
	}
	if err != nil {
		return fmt.Errorf("install filter: %w", err)
	}
	return nil
}
