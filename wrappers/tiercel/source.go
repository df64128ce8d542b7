package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"tiercel/engine"
	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/seccomp"
	"tiercel/tracer"
	"tiercel/tracer/keeper"
	"tiercel/tracer/launch"
)

// auto is the source that is chosen by trying.
const auto = "auto"

// source is what a command is run and watched by.
type source struct {
	command
	name  string
	close func()
}

// command is a source that runs the command that it watches.
type command interface {
	engine.Source
	OnStart(f func(pid int))
	OnStop(f func(sig unix.Signal))
	Counters() event.Counters
	ExitCode() int
	EndedBy() unix.Signal
}

// preferred is the sources that auto tries, in this order.
var preferred = []string{event.SourceEBPF, event.SourcePtrace}

// choose returns the first of the preferred sources that try gives no error for;
// refused is told of each before it. The error is the last one's if none is left.
func choose(try func(name string) error, refused func(name string, err error)) (name string, err error) {
	for _, name = range preferred {
		if err = try(name); err == nil {
			return name, nil
		}
		refused(name, err)
	}
	return "", err
}

// source makes the one that is asked for, or the first that works here.
func (r *live) source(c launch.Command) (src *source, err error) {
	try := func(name string) (err error) {
		by := map[string]func(launch.Command) (*source, error){event.SourcePtrace: r.byPtrace, event.SourceEBPF: r.byKernel}
		src, err = by[name](c)
		return err
	}
	if r.flags.sourceName == auto && r.flags.stops != auto { // who asks for a way of ptrace's asks for ptrace
		return r.byPtrace(c)
	}
	if r.flags.sourceName == auto {
		_, err = choose(try, func(name string, err error) { r.log.Info().Err(err).Str("source", name).Msg("source cannot be used") })
	} else {
		err = try(r.flags.sourceName)
	}
	return src, err
}

// The ways by which the ptrace source stops calls, beside auto.
const (
	stopsNotify = "notify"
	stopsPtrace = "ptrace"
)

func nameOf(stops seccomp.Stops) string {
	if stops == seccomp.ByNotice {
		return stopsNotify
	}
	return stopsPtrace
}

// door returns the way by which calls stop: the one that is asked for, or notify
// where the kernel gives a listener.
func (r *live) door() (seccomp.Stops, error) {
	if r.flags.stops == stopsPtrace {
		return seccomp.ByTrace, nil
	}
	err := seccomp.ProbeListener()
	switch {
	case err == nil:
		return seccomp.ByNotice, nil
	case r.flags.stops == stopsNotify:
		return 0, &failure{code: launch.ExitFailed, err: fmt.Errorf("use notifications: %w", err), hint: "leave --stops out, or say --stops ptrace: notify wants Linux 5.19, and nobody around who listens to this process's calls"}
	}
	r.log.Info().Err(err).Msg("calls stop by ptrace: no notifications")
	return seccomp.ByTrace, nil
}

func (r *live) byPtrace(c launch.Command) (*source, error) {
	stops, err := r.door()
	if err != nil {
		return nil, err
	}
	if stops == seccomp.ByTrace && r.flags.onDeath == string(keeper.Continue) {
		return nil, &failure{code: launch.ExitFailed, err: errors.New("let the workload outlive tiercel: its calls stop by ptrace, and without a tracer each of them is refused (ENOSYS)"), hint: "--stops notify (Linux 5.19) or the eBPF source can"}
	}
	filter, gaps, err := seccomp.Compile(r.needs, stops)
	if err != nil {
		return nil, err
	}
	if r.child == nil {
		if r.child, err = launch.Start(c); err != nil {
			return nil, err
		}
	}
	r.warnOfUnseen(r.set, gaps.Unknown)
	if len(gaps.Whole) > 0 {
		r.log.Info().Strs("calls", gaps.Whole).Msg("every one of these calls stops: the filter has no room to look at their arguments")
	}
	t := tracer.New(tracer.Config{Child: r.child, Needs: r.needs, Filter: filter, Gate: r.gate(), Linger: r.flags.waitAll,
		Stops: stops, OnDeath: keeper.Mode(r.flags.onDeath), OnSetuid: r.onSetuid()})
	r.log.Info().Str("source", event.SourcePtrace).Str("stops", nameOf(stops)).Int("filter_instructions", len(filter)/8).Int("rules", len(r.set.Rules)).Msg("watch")
	return &source{t, event.SourcePtrace, r.child.Close}, nil
}

// mayUseBPF reports whether this process has a capability by which the kernel lets it use bpf(2).
func mayUseBPF() bool {
	have, err := effective()
	return err == nil && have&(1<<unix.CAP_BPF|1<<unix.CAP_SYS_ADMIN) != 0
}

// onSetuid returns what tells that a program's setuid bit has no effect, nil where
// that is not tiercel's doing: with these capabilities it leaves the bit its
// effect, and if tiercel had to forgo new privileges itself there is none anyway.
func (r *live) onSetuid() func(path string) {
	const wanted = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_SYS_PTRACE
	have, err := effective()
	forgone, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) // as old as seccomp: no error
	if err != nil || have&wanted == wanted || forgone == 1 {
		return nil
	}
	return func(path string) {
		r.log.Warn().Str("program", path).Str("hint", "start tiercel as root, and with --user NAME for the command to have an ordinary user's rights").
			Msg("a setuid program did not get its owner's rights, nor will others: the kernel gives none to what an ordinary user traces")
	}
}

func (r *live) byKernel(c launch.Command) (*source, error) {
	t := &tree{command: c, linger: r.flags.waitAll}
	calls := seccomp.Calls(r.needs, seccomp.ByTrace)
	probe, err := loadProbe(kernel.Config{Needs: r.needs, Calls: calls, Gate: r.gate(), Ready: t.open, Tree: true, Outlive: r.flags.onDeath == string(keeper.Continue)})
	if err != nil {
		r.log.Debug().Msgf("%+v", err)
		return nil, err
	}
	t.Probe = probe
	r.warnOfUnseen(r.set, kernel.Unseen(r.needs, calls))
	r.tellOperations()
	r.log.Info().Str("source", event.SourceEBPF).Int("rules", len(r.set.Rules)).Msg("watch")
	closing := func() {
		if err := probe.Close(); err != nil {
			r.log.Error().Err(err).Msg("close eBPF source")
		}
	}
	return &source{t, event.SourceEBPF, closing}, nil
}
