package launch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"tiercel/tracer/sigaction"
)

// Signals are those that people and terminals send, beside the real-time ones, and
// not those that the kernel sends to who made a fault, set a timer, or has children.
var Signals = []unix.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM,
	unix.SIGVTALRM, unix.SIGCONT, unix.SIGTSTP, unix.SIGWINCH, unix.SIGIO, unix.SIGPWR}

// held is signals that wait in a pipe until the child is about to become the
// command. Ended on the way there, it would leave a launcher that waits for its words
// or its listener. (A terminal's stop it has blocked until then: sigaction.Unstopped.)
type held struct{ pipe [2]int }

// hold begins to hold signals.
func hold() (h held, err error) {
	if err := unix.Pipe2(h.pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return h, os.NewSyscallError("pipe2", err)
	}
	for _, s := range Signals {
		if _, err := sigaction.Write(s, h.pipe[1], heldSize); err != nil {
			return h, fmt.Errorf("hold signals: %w", err)
		}
	}
	return h, nil
}

// heldSize is what is held of a signal, in bytes: its number, and si_errno.
const heldSize = 8

// release sends what was held once more, to do what it does by now. (A signal
// that another thread was about to write down when that was set is lost.)
func (h held) release() error {
	due, err := h.read()
	if err != nil {
		return fmt.Errorf("read held signals: %w", err)
	}
	for _, s := range due {
		if err := unix.Tgkill(os.Getpid(), unix.Gettid(), s); err != nil {
			return os.NewSyscallError("tgkill", err)
		}
	}
	return nil
}

// read returns what was held.
func (h held) read() (due []unix.Signal, err error) {
	b := make([]byte, heldSize)
	for {
		_, err := unix.Read(h.pipe[0], b)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return due, nil
		case err != nil:
			return nil, err
		}
		due = append(due, unix.Signal(binary.NativeEndian.Uint32(b)))
	}
}
