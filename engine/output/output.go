// Package output is where alerts go: a format, text or JSON lines, and a target,
// a standard stream, a file or a Unix socket.
//
// The trap: an output writes an alert at once and unbuffered, in one write, so
// that lines of several writers to one file do not mix and none is lost in a
// crash; a slow target therefore holds the engine up: a socket's reader for five
// seconds an alert, others as long as they like.
package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"tiercel/engine"
	"tiercel/rules"
)

// formats has what makes a line of an alert, by format.
var formats = map[string]func(a *engine.Alert, colour bool) ([]byte, error){
	"text": func(a *engine.Alert, colour bool) ([]byte, error) { return []byte(paint(a, colour)), nil },
	"json": func(a *engine.Alert, _ bool) ([]byte, error) { return a.MarshalJSON() }, // json.Marshal would escape "->"
}

// Output writes alerts in one format to one target.
type Output struct {
	name   string
	format func(a *engine.Alert, colour bool) ([]byte, error)
	colour bool
	w      io.WriteCloser
}

var _ engine.Output = &Output{}

// ErrFormat is what Open returns for a format that there is not.
var ErrFormat = errors.New("unknown output format")

// Open opens the output that a specification, FORMAT[=TARGET], names.
func Open(spec string) (*Output, error) {
	format, target, _ := strings.Cut(spec, "=")
	line, ok := formats[format]
	if !ok {
		return nil, fmt.Errorf("%w %q: want one of %s", ErrFormat, format, strings.Join(Formats(), ", "))
	}
	if target == "" {
		target = "stderr" // standard output is the workload's
	}
	w, err := open(target)
	if err != nil {
		return nil, fmt.Errorf("open output %s: %w", spec, err)
	}
	return &Output{spec, line, isTerminal(w), w}, nil
}

// Formats returns the names of the formats.
func Formats() []string {
	var names []string
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func open(target string) (io.WriteCloser, error) {
	switch {
	case target == "stderr":
		return stream{os.Stderr}, nil
	case target == "stdout":
		return stream{os.Stdout}, nil
	case strings.HasPrefix(target, "unix:"):
		return dial(target[len("unix:"):])
	}
	// Not blocking: a FIFO that nobody reads is an error, not a wait for ever.
	return os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_APPEND|unix.O_NONBLOCK, 0o600)
}

// stream is a standard stream: not ours to close.
type stream struct{ *os.File }

func (stream) Close() error { return nil }

// isTerminal reports a terminal whose user has not asked for plain text (no-color.org).
func isTerminal(w io.Writer) bool {
	s, ok := w.(stream)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(s.Fd()))
}

// Write writes one alert.
func (o *Output) Write(a *engine.Alert) error {
	line, err := o.format(a, o.colour)
	if err == nil {
		_, err = o.w.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write alert to %s: %w", o.name, err)
	}
	return nil
}

// Close closes the target.
func (o *Output) Close() error { return o.w.Close() }

// paint is the alert's line, on a terminal with the priority in its colour.
func paint(a *engine.Alert, colour bool) string {
	line := a.Text()
	if !colour {
		return line
	}
	code := "36" // cyan
	switch {
	case a.Priority <= rules.ErrorPriority:
		code = "1;31" // bold red
	case a.Priority == rules.WarningPriority:
		code = "33" // yellow
	}
	name := a.Priority.String()
	return strings.Replace(line, name, "\x1b["+code+"m"+name+"\x1b[0m", 1)
}
