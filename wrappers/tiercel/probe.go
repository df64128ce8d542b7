package main

import (
	"errors"
	"strings"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"tiercel/engine"
	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/rules"
	"tiercel/seccomp"
	"tiercel/tracer/launch"
)

// hostSource is a source of which the rules can be exchanged.
type hostSource interface {
	engine.Source
	Update(a asked) error
	Counters() event.Counters
	Close() error
}

// asked is what a set of rules asks of a source.
type asked struct {
	needs *event.Needs
	calls map[event.Call]int
	gate  kernel.Gate
}

// asks is what the set asks of a source, of alerts that are to be reported.
func (w *watch) asks(set *rules.Set) asked {
	m := set.Matcher()
	m.Minimum = w.minimum
	return asked{set.Needs(), seccomp.Calls(set.Needs(), seccomp.ByTrace), m}
}

// probe is the eBPF source of all of the machine's events.
type probe struct{ *kernel.Probe }

// Update has the source watch what other rules ask for.
func (p probe) Update(a asked) error { return p.Probe.Update(a.needs, a.calls, a.gate) }

// openProbe loads the source of all of the machine's events.
func openProbe(a asked) (hostSource, error) {
	p, err := loadProbe(kernel.Config{Needs: a.needs, Calls: a.calls, Gate: a.gate})
	if err != nil {
		return nil, err
	}
	return probe{p}, nil
}

// loadProbe loads an eBPF source. It wants privileges, and tells which.
func loadProbe(c kernel.Config) (*kernel.Probe, error) {
	if err := askPrivileges(); err != nil {
		return nil, err
	}
	p, err := kernel.New(c)
	if err != nil {
		return nil, &failure{code: launch.ExitFailed, err: refusal{err}, hint: probeHint(err)}
	}
	return p, nil
}

// refusal is an error of the kernel's, without the guess at why that the library adds to it.
type refusal struct{ error }

func (r refusal) Error() string {
	return strings.ReplaceAll(r.error.Error(), " (MEMLOCK may be too low, consider rlimit.RemoveMemlock)", "")
}

func (r refusal) Unwrap() error { return r.error }

// probeHint says what is to be done where the kernel refuses the source to who seems to have the privilege.
func probeHint(err error) string {
	if errors.Is(err, unix.EPERM) {
		return "CAP_BPF and CAP_PERFMON are wanted in the machine's own user namespace, not in that of a container, before Linux 5.11 CAP_SYS_RESOURCE, too, and no profile or lockdown that refuses bpf(2)"
	}
	if kernel.Supported() != nil {
		return "this kernel lacks what the eBPF source wants; see tiercel doctor"
	}
	return ""
}

// tellOperations says where operations of io_uring go unseen. It wants the
// privileges that the source does, and time: only who reads it has it tried.
func (w *watch) tellOperations() {
	if w.log.GetLevel() > zerolog.InfoLevel {
		return
	}
	for _, c := range kernel.Checks() {
		if c.Optional && c.Err != nil {
			w.log.Info().Err(c.Err).Msg("operations of io_uring go unseen")
			return
		}
	}
}
