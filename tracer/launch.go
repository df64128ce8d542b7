package tracer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// The launch, in order. The parent makes three descriptors: the filter's bytes,
// a gate that it opens once it has seized the child, and a report, on which the
// child says that it runs its own image (seized before, that exec would be taken
// for the command's), and why if it cannot go on. It starts its own binary again under the name
// below; that child waits at the gate, installs the filter, and executes the
// command, which closes the descriptors. Their numbers are passed as arguments, so that
// every other descriptor, the environment and the working directory reach the
// command as they were given to tiercel.

// childName is argv[0] of the child before it becomes the command.
const childName = "tiercel: launching"

// probeName is argv[0] of the command that Probe runs: this binary, doing nothing.
const probeName = "tiercel: probing"

// The exit statuses of a launcher that could not run its command, as in shells.
const (
	ExitFailed    = 125 // the launcher itself failed
	ExitNotExec   = 126 // the command cannot be executed
	ExitNotFound  = 127 // there is no such command
	reportMaxSize = 4096
)

// Command is a command line whose program has been found.
type Command struct {
	Path string
	Argv []string
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
		return Command{path, argv}, nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, unix.ENOENT):
		return Command{}, &StartError{ExitNotFound, fmt.Errorf("run %s: not found", argv[0])}
	}
	var cause *exec.Error
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return Command{}, &StartError{ExitNotExec, fmt.Errorf("run %s: %w", argv[0], err)}
}

// launch starts the child, seizes it, and lets it go on.
func (t *Tracer) launch() (report *os.File, err error) {
	filter, err := inheritable(t.Filter)
	if err != nil {
		return nil, err
	}
	defer unix.Close(filter)
	gate, open, err := pipe()
	if err != nil {
		return nil, err
	}
	defer open.Close()
	report, result, err := pipe()
	if err != nil {
		return nil, errors.Join(err, gate.Close())
	}
	pid, err := t.fork(filter, gate, result)
	if err := errors.Join(gate.Close(), result.Close()); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("start child: %w", err)
	}
	if err := awaitReady(report); err != nil {
		return nil, errors.Join(err, unix.Kill(pid, unix.SIGKILL))
	}
	if errno := seize(pid); errno != 0 {
		return nil, errors.Join(fmt.Errorf("trace child: %w", os.NewSyscallError("ptrace(SEIZE)", errno)), unix.Kill(pid, unix.SIGKILL))
	}
	t.root = pid
	t.threads[pid] = &thread{tid: pid, pid: pid}
	// What shares our user must not read the launcher's memory or write into it.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, os.NewSyscallError("prctl(SET_DUMPABLE)", err)
	}
	if t.onStart != nil {
		t.onStart(pid)
	}
	_, err = open.Write([]byte{1})
	return report, err
}

// awaitReady waits until the child runs its own image.
func awaitReady(report *os.File) error {
	var b [1]byte
	if _, err := io.ReadFull(report, b[:]); err != nil {
		return fmt.Errorf("start child: ended before it was traced: %w", err)
	}
	return nil
}

// inheritable returns a descriptor of the bytes that a child inherits.
func inheritable(b []byte) (int, error) {
	fd, err := unix.MemfdCreate("tiercel-filter", 0)
	if err != nil {
		return -1, os.NewSyscallError("memfd_create", err)
	}
	if _, err := unix.Pwrite(fd, b, 0); err != nil {
		return -1, errors.Join(os.NewSyscallError("pwrite", err), unix.Close(fd))
	}
	return fd, nil
}

func pipe() (r, w *os.File, err error) {
	r, w, err = os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	return r, w, nil
}

// fork starts the child. Its two pipe ends are made inheritable just here: this
// process starts no other.
func (t *Tracer) fork(filter int, gate, result *os.File) (int, error) {
	numbers := []string{strconv.Itoa(filter)}
	for _, f := range []*os.File{gate, result} {
		if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil {
			return 0, os.NewSyscallError("fcntl(SETFD)", err)
		}
		numbers = append(numbers, strconv.Itoa(int(f.Fd())))
	}
	argv := append([]string{childName, strings.Join(numbers, ","), t.Command.Path}, t.Command.Argv...)
	return syscall.ForkExec("/proc/self/exe", argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
}

// Probe finds out whether a command can be traced here by tracing one.
func Probe(needs *event.Needs, filter []byte) error {
	t := New(Config{Command: Command{"/proc/self/exe", []string{probeName}}, Needs: needs, Filter: filter, Gate: closed{}})
	ring := event.NewRing(0)
	done := make(chan error, 1)
	go func() { done <- ring.Drain(context.Background(), func(event.Event) {}) }()
	return errors.Join(t.Run(context.Background(), ring), <-done)
}

// closed is a gate that nothing passes.
type closed struct{}

func (closed) Decide(event.Event) event.Verdict { return event.Drop }

// Launch is the child's half. Call it first thing in main: in any other process
// than a launcher's child it returns at once, in that child never.
func Launch() {
	if len(os.Args) == 1 && os.Args[0] == probeName {
		os.Exit(0)
	}
	if len(os.Args) < 4 || os.Args[0] != childName {
		return
	}
	runtime.LockOSThread()
	var fd [3]int
	for i, s := range strings.Split(os.Args[1], ",") {
		fd[i], _ = strconv.Atoi(s) // written by fork
		unix.CloseOnExec(fd[i])
	}
	report := os.NewFile(uintptr(fd[2]), "report")
	_, err := report.Write([]byte{1})
	if err == nil {
		err = become(fd[0], fd[1], Command{os.Args[2], os.Args[3:]})
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

// become turns the child into the command. It returns only to say why it could not.
func become(filter, gate int, c Command) error {
	var b [1]byte
	if n, err := unix.Read(gate, b[:]); n != 1 {
		return fmt.Errorf("wait for launcher: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	prog, err := io.ReadAll(io.NewSectionReader(os.NewFile(uintptr(filter), "filter"), 0, seccomp.MaxInstructions*8))
	if err != nil {
		return fmt.Errorf("read filter: %w", err)
	}
	if err := seccomp.Program(prog).Install(); err != nil {
		return fmt.Errorf("install filter: %w", err)
	}
	err = syscall.Exec(c.Path, c.Argv, os.Environ())
	if errors.Is(err, unix.ENOEXEC) { // a script without #!, which execvp(3) gives to the shell
		err = syscall.Exec("/bin/sh", append([]string{"sh", c.Path}, c.Argv[1:]...), os.Environ())
	}
	code := ExitNotExec
	if errors.Is(err, unix.ENOENT) {
		code = ExitNotFound
	}
	return &StartError{code, fmt.Errorf("run %s: %w", c.Argv[0], err)}
}

// readReport returns the child's last words.
func readReport(report *os.File, code int) error {
	b := make([]byte, reportMaxSize)
	n, err := report.Read(b)
	if n == 0 && code > 128 { // it was killed, as the command would have been
		return &StartError{code, fmt.Errorf("start command: killed by signal %d before it ran", code-128)}
	}
	if n == 0 {
		return fmt.Errorf("start command: child ended with status %d before it ran: %w", code, err)
	}
	return &StartError{code, errors.New(string(b[:n]))}
}
