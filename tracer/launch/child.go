package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
	"tiercel/tracer/sigaction"
)

// Child is a process that waits to become the command.
type Child struct {
	PID    int
	OnStop func(sig unix.Signal) // called by Wait where the process is stopped by job control; may be nil
	End    unix.WaitStatus       // how the process ended; final after Wait or GiveUp
	gone   bool                  // it was waited for
	as     *User
	denied seccomp.Program // refuses calls
	gate   *os.File        // what is written to it lets the child go on, its close ends it
	report *os.File        // what the child says, until it is the command
}

// maxReport is how much of a child's last words is read, in bytes.
const maxReport = 4096

// Start starts the child, which is Ready some milliseconds later.
func Start(c Command) (*Child, error) {
	denied, err := deny(c.Deny)
	if err != nil {
		return nil, err
	}
	gate, open, err := pipe()
	if err != nil {
		return nil, err
	}
	report, result, err := socketPair()
	if err != nil {
		return nil, errors.Join(err, gate.Close(), open.Close())
	}
	child := &Child{as: c.As, denied: denied, gate: open, report: report}
	child.PID, err = fork(c, gate, result)
	if err = errors.Join(err, gate.Close(), result.Close()); err != nil {
		child.Close()
		return nil, fmt.Errorf("start child: %w", err)
	}
	return child, nil
}

// Ready waits until the child runs its own image.
func (c *Child) Ready() error {
	var b [1]byte
	if _, err := io.ReadFull(c.report, b[:]); err != nil {
		return fmt.Errorf("start child: ended before it was ready: %w", err)
	}
	return nil
}

// Open lets a child that is ready go on. With a nil filter, and nothing denied, it
// will install none, and so keep whatever privilege the command may gain. With
// seccomp.ByNotice its Listener is to be taken.
func (c *Child) Open(filter seccomp.Program, stops seccomp.Stops) error {
	_, err := c.gate.Write(orders(c.denied, filter, stops, c.as))
	return errors.Join(err, c.gate.Close())
}

// GiveUp ends the child of a launch that failed with err: one whose calls wait for its
// listener, which it has itself, would wait for ever. It returns nil where that was
// because a signal had ended the child, which looks as if it had ended the command.
func (c *Child) GiveUp(err error) error {
	if !c.gone {
		_ = unix.Kill(c.PID, unix.SIGKILL)
		err = errors.Join(err, c.awaitEnd())
	}
	if c.End.Signaled() && c.End.Signal() != unix.SIGKILL {
		return nil
	}
	return err
}

// Close gives up the launch: a child that was not let go on ends.
func (c *Child) Close() {
	c.gate.Close()
	c.report.Close()
}

// Wait waits for the end of the process, once it was let go on, and returns what
// a shell would exit with. Its error is a *StartError where the command never
// ran, unless the child was killed on its way there: that looks as if the command was.
func (c *Child) Wait() (code int, err error) {
	if err := c.awaitEnd(); err != nil {
		return 0, err
	}
	words, err := c.lastWords()
	switch code = ExitCode(c.End); {
	case err != nil:
		return 0, fmt.Errorf("wait for command: %w", err)
	case len(words) > 0:
		return code, &StartError{code, reason(words)}
	}
	return code, nil
}

// awaitEnd waits for the end of the process, and tells of stops on the way.
func (c *Child) awaitEnd() error {
	for {
		_, err := unix.Wait4(c.PID, &c.End, unix.WUNTRACED, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil || !c.End.Stopped():
			c.gone = err == nil
			return os.NewSyscallError("wait4", err)
		case c.OnStop != nil:
			c.OnStop(c.End.StopSignal())
		}
	}
}

// Failure returns why the child never became the command. It is for those who
// learn otherwise than by Wait that it never did, and with which code it ended.
func (c *Child) Failure(code int) error {
	words, err := c.lastWords()
	switch {
	case len(words) > 0:
		return &StartError{code, reason(words)}
	case code > 128: // it was killed, as the command would have been
		return &StartError{code, fmt.Errorf("start command: killed by signal %d before it ran", code-128)}
	case err == nil:
		err = io.EOF
	}
	return fmt.Errorf("start command: child ended with status %d before it ran: %w", code, err)
}

// lastWords waits until the child is the command, or says why it is not, or ends.
func (c *Child) lastWords() ([]byte, error) {
	b := make([]byte, maxReport)
	n, err := c.report.Read(b)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// reason is why a child gave up, by its last words: the error's number, and what failed.
func reason(words []byte) error {
	number, what, _ := strings.Cut(string(words), " ")
	n, err := strconv.Atoi(number)
	if err != nil { // it is this binary: nothing else comes
		return fmt.Errorf("%s: %w", words, err)
	}
	return fmt.Errorf("%s: %w", what, unix.Errno(n))
}

// fork starts the process. What it inherits of the pipes is made inheritable just here.
func fork(command Command, inherited ...*os.File) (pid int, err error) {
	var fds []string
	for _, f := range inherited {
		if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil {
			return 0, os.NewSyscallError("fcntl(SETFD)", err)
		}
		fds = append(fds, strconv.Itoa(int(f.Fd())))
	}
	argv := append([]string{childName, strings.Join(fds, ","), command.Path}, command.Argv...)
	attr := &syscall.ProcAttr{Env: command.As.environ(), Files: []uintptr{0, 1, 2}}
	err = sigaction.Held(func() (err error) {
		pid, err = syscall.ForkExec("/proc/self/exe", argv, attr)
		return err
	})
	return pid, err
}

// socketPair returns what a report goes through, a descriptor with it perhaps.
func socketPair() (r, w *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "report"), os.NewFile(uintptr(fds[1]), "report"), nil
}

func pipe() (r, w *os.File, err error) {
	r, w, err = os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	return r, w, nil
}

// deny returns a filter that refuses the calls, nil if there are none.
func deny(calls []string) (seccomp.Program, error) {
	if len(calls) == 0 {
		return nil, nil
	}
	denied, err := seccomp.Refuse(calls...)
	if err != nil {
		return nil, fmt.Errorf("deny %s: %w", strings.Join(calls, ", "), err)
	}
	return denied, nil
}
