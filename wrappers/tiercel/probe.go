package main

import (
	"errors"
	"fmt"

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
	return asked{set.Needs(), seccomp.Calls(set.Needs()), m}
}

// probe is the eBPF source of all of the machine's events.
type probe struct{ *kernel.Probe }

// Update has the source watch what other rules ask for.
func (p probe) Update(a asked) error { return p.Probe.Update(a.needs, a.calls, a.gate) }

// openProbe loads the source. It wants privileges, and tells which.
func openProbe(a asked) (hostSource, error) {
	if err := askPrivileges(); err != nil {
		return nil, err
	}
	p, err := kernel.New(kernel.Config{Needs: a.needs, Calls: a.calls, Gate: a.gate})
	if err != nil {
		return nil, &failure{launch.ExitFailed, fmt.Errorf("watch this machine: %w", err), probeHint(err)}
	}
	return probe{p}, nil
}

// probeHint says what is to be done where the kernel refuses the source to who seems to have the privilege.
func probeHint(err error) string {
	if kernel.Supported() != nil {
		return "this kernel lacks what the eBPF source wants, or refuses it here; see tiercel doctor"
	}
	if errors.Is(err, unix.EPERM) {
		return "CAP_BPF and CAP_PERFMON are wanted in the machine's own user namespace, not in that of a container, and no profile or lockdown that refuses bpf(2)"
	}
	return ""
}
