package main

// What the user sees, but for the alerts and the reference tables. All of it goes
// to standard error, begins with "tiercel:", and is lower case without a full
// stop at its end. An error says what could not be done; a hint says what to do.

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/rs/zerolog"

	"tiercel/rules"
	"tiercel/tracer/launch"
)

// Exit statuses of tiercel's own; else it is the workload's.
const (
	exitUsage   = 2   // a wrong command line
	exitAlerted = 122 // --fail-on
)

// failure is an error with the status to exit with, and what to do about it.
type failure struct {
	code int
	err  error
	hint string
	end  unix.Signal // to end by, in place of the status; 0: none
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage is a failure of the command line.
func usage(hint, format string, args ...any) error {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

// fail reports an error, and returns the status to exit with.
func fail(err error) int {
	f := &failure{code: launch.ExitFailed, err: err}
	var start *launch.StartError
	if errors.As(err, &start) {
		f.code = start.Code
	}
	errors.As(err, &f)
	if f.end != 0 {
		_ = endBy(f.end) // else there is the status
	}
	if f.err == nil { // a status without a message
		return f.code
	}
	var problems rules.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(os.Stderr, problems)
	}
	fmt.Fprintf(os.Stderr, "tiercel: error: %s\n", firstLine(f.err))
	if hint := hintFor(f); hint != "" {
		fmt.Fprintf(os.Stderr, "tiercel: hint: %s\n", hint)
	}
	return f.code
}

// firstLine is an error's text; of rule problems, which were printed before, their number.
func firstLine(err error) string {
	var problems rules.Problems
	if errors.As(err, &problems) {
		return fmt.Sprintf("%d problem(s) in the rules", len(problems))
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// hintFor is what to do about an error, as far as that can be told from it.
func hintFor(f *failure) string {
	var call *os.SyscallError
	switch {
	case f.hint != "":
		return f.hint
	case errors.As(f.err, &call) && refusals[call.Syscall] != nil:
		return refusals[call.Syscall]()
	case strings.Contains(f.err.Error(), setFilter): // the child's words
		return filterHint()
	case f.code == launch.ExitNotExec && errors.Is(f.err, unix.EACCES):
		return "is it a program, and may this user execute it?"
	}
	return ""
}

// newLog makes tiercel's own log, on standard error.
func newLog(level, format string) (zerolog.Logger, error) {
	l, err := zerolog.ParseLevel(level)
	if err != nil || level == "" {
		return zerolog.Nop(), usage("one of trace, debug, info, warn, error", "unknown log level %q", level)
	}
	if format == "" {
		format = "json"
		if term.IsTerminal(int(os.Stderr.Fd())) {
			format = "console"
		}
	}
	switch format {
	case "json":
		return zerolog.New(os.Stderr).Level(l).With().Timestamp().Logger(), nil
	case "console":
		return zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, NoColor: os.Getenv("NO_COLOR") != ""}).Level(l).With().Timestamp().Logger(), nil
	}
	return zerolog.Nop(), usage("console or json", "unknown log format %q", format)
}

// onTerminal reports whether people read the file, and want colours.
func onTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" }
