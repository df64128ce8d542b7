package launch

import (
	"errors"
	"fmt"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Command is a command line whose program has been found.
type Command struct {
	Path string
	Argv []string
	As   *User    // whom it runs as; nil: as the launcher itself
	Deny []string // calls that it is refused, as by a kernel without them
}

// StartError says that a command could not be started, and with which status a shell would exit.
type StartError struct {
	Code int
	Err  error
}

func (e *StartError) Error() string { return e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }

// Find looks the program up in PATH, as execvp(3) does. Its error is a *StartError.
func Find(argv []string) (Command, error) {
	path, err := exec.LookPath(argv[0])
	switch {
	case err == nil, errors.Is(err, exec.ErrDot):
		return Command{Path: path, Argv: argv}, nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, unix.ENOENT):
		return Command{}, &StartError{ExitNotFound, fmt.Errorf("run %s: not found", argv[0])}
	}
	var cause *exec.Error
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return Command{}, &StartError{ExitNotExec, fmt.Errorf("run %s: %w", argv[0], err)}
}

// Nothing returns a command that does nothing: this binary, which ends at once.
func Nothing() Command {
	return Command{Path: "/proc/self/exe", Argv: []string{nothingName}}
}

// ExitCode is what a shell makes of a status: 128 + N for signal N.
func ExitCode(ws unix.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}
