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

// launched is the processes that a watch by ptrace consists of, beside tiercel.
type launched struct {
	child  *launch.Child
	keeper *keeper.Keeper // nil where calls stop by ptrace; it ends with us
	stops  seccomp.Stops
	why    error // for which they do not stop by notification
}

// start starts them.
func (f *runFlags) start(c launch.Command) (s *launched, err error) {
	s = &launched{}
	if s.stops, s.why, err = f.door(); err != nil {
		return nil, err
	}
	if s.child, err = launch.Start(c); err != nil {
		return nil, err
	}
	if s.stops == seccomp.ByNotice {
		if s.keeper, err = keeper.Start(keeper.Mode(f.onDeath)); err != nil {
			s.child.Close()
			return nil, err
		}
	}
	return s, nil
}

// door returns the way by which calls stop: the one that is asked for, or notify
// where the kernel gives a listener, and else why it does not.
func (f *runFlags) door() (stops seccomp.Stops, why, err error) {
	if f.stops != stopsPtrace {
		if why = seccomp.ProbeListener(); why == nil {
			return seccomp.ByNotice, nil, nil
		}
	}
	switch {
	case f.stops == stopsNotify:
		err = &failure{code: launch.ExitFailed, err: fmt.Errorf("use notifications: %w", why), hint: "leave --stops out, or say --stops ptrace: notify wants Linux 5.19, and nobody around who listens to this process's calls"}
	case f.onDeath == string(keeper.Continue):
		err = &failure{code: launch.ExitFailed, err: errors.New("let the workload outlive tiercel: its calls stop by ptrace, and without a tracer each of them is refused (ENOSYS)"), hint: "--stops notify (Linux 5.19) or the eBPF source can"}
	}
	return seccomp.ByTrace, why, err
}

func (r *live) byPtrace(c launch.Command) (_ *source, err error) {
	if r.launched == nil {
		if r.launched, err = r.flags.start(c); err != nil {
			return nil, err
		}
	}
	s := r.launched
	if s.why != nil {
		r.log.Info().Err(s.why).Msg("calls stop by ptrace: no notifications")
	}
	filter, gaps, err := seccomp.Compile(r.needs, s.stops)
	if err != nil {
		return nil, err
	}
	r.warnOfUnseen(r.set, gaps.Unknown)
	if len(gaps.Whole) > 0 {
		r.log.Info().Strs("calls", gaps.Whole).Msg("every one of these calls stops: the filter has no room to look at their arguments")
	}
	t := tracer.New(tracer.Config{Child: s.child, Keeper: s.keeper, Needs: r.needs, Filter: filter, Gate: r.gate(), Linger: r.flags.waitAll,
		Stops: s.stops, OnDeath: keeper.Mode(r.flags.onDeath), OnSetuid: r.onSetuid()})
	r.log.Info().Str("source", event.SourcePtrace).Str("stops", nameOf(s.stops)).Int("filter_instructions", len(filter)/8).Int("rules", len(r.set.Rules)).Msg("watch")
	return &source{t, event.SourcePtrace, s.child.Close}, nil
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
