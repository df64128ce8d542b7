package main

import (
	"os"

	"tiercel/engine"
	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/seccomp"
	"tiercel/tracer"
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
	Counters() event.Counters
	ExitCode() int
}

// source makes the one that is asked for, or the first that works here.
func (r *live) source(c launch.Command) (*source, error) {
	if r.sourceName == event.SourcePtrace {
		return r.byPtrace(c)
	}
	src, err := r.byKernel(c)
	if err == nil || r.sourceName != auto {
		return src, err
	}
	r.log.Info().AnErr("ebpf", err).Str("source", event.SourcePtrace).Msg("eBPF cannot be used")
	return r.byPtrace(c)
}

// lingers reports whether tiercel stays until the last process has ended.
func lingers() bool { return os.Getpid() != 1 }

func (r *live) byPtrace(c launch.Command) (*source, error) {
	filter, unknown, err := seccomp.Compile(r.needs)
	if err != nil {
		return nil, err
	}
	r.warnOfUnseen(unknown)
	t := tracer.New(tracer.Config{Command: c, Needs: r.needs, Filter: filter, Gate: r.gate(), Linger: lingers()})
	r.log.Info().Str("source", event.SourcePtrace).Int("filter_instructions", len(filter)/8).Int("rules", len(r.set.Rules)).Msg("watch")
	return &source{t, event.SourcePtrace, func() {}}, nil
}

func (r *live) byKernel(c launch.Command) (*source, error) {
	if err := askPrivileges(); err != nil {
		return nil, err
	}
	t := &tree{command: c, linger: lingers()}
	probe, err := kernel.New(kernel.Config{Needs: r.needs, Calls: seccomp.Calls(r.needs), Gate: r.gate(), Ready: t.open, Tree: true})
	if err != nil {
		r.log.Debug().Msgf("%+v", err)
		return nil, err
	}
	t.Probe = probe
	r.log.Info().Str("source", event.SourceEBPF).Int("rules", len(r.set.Rules)).Msg("watch")
	closing := func() {
		if err := probe.Close(); err != nil {
			r.log.Error().Err(err).Msg("close eBPF source")
		}
	}
	return &source{t, event.SourceEBPF, closing}, nil
}
