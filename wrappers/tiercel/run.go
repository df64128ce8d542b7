package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"tiercel/engine"
	"tiercel/engine/capture"
	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/tracer/keeper"
	"tiercel/tracer/launch"
)

// runFlags is what the flags of run say.
type runFlags struct {
	settings
	sourceName string
	stops      string
	onDeath    string
	record     string
	user       string
	waitAll    bool
	ioUring    string
}

// What becomes of io_uring: nothing, what rules say of its setup, or the setup fails.
const (
	ringAllow  = "allow"
	ringReport = "report"
	ringDeny   = "deny"
	ringSetup  = "io_uring_setup" // without this call there is none
)

var ringChoices = []string{ringAllow, ringReport, ringDeny}

const runHelp = `Run COMMAND, watch the system calls of all processes that come of it, and raise
alerts from rules. Its standard input, output and error, working directory,
environment and terminal are its own.

With --record, all events of the calls that the rules watch are written to a
file, with the arguments and environments of programs, for tiercel replay. With
--print, the events that match --filter are printed, and rules are left alone:
  tiercel run --print -- ls
  tiercel run --print '%proc.name %fd.name' --filter 'evt.type = connect' -- curl example.org

With --user, which wants root, COMMAND runs as that user, in the user's groups or
in GROUP alone, with HOME, USER, LOGNAME and SHELL as the account has them. tiercel
keeps its own user, and setuid programs (sudo, su) work as they do without it.

The exit status is the command's, 128+N if signal N ended it, 122 by --fail-on,
125 if tiercel itself failed, 126 if COMMAND cannot be executed, 127 if it is
not found, 2 for a wrong command line.

With --io-uring=deny the setup of an io_uring fails as on a kernel that has none
(ENOSYS), and programs do with system calls what they would have done by it.
report leaves it to the rules: a built-in one raises an alert. allow has none raised.

tiercel stays until the last process that came of the command has ended, for
these are watched too, and cannot go on without it. With --wait-all=false it ends
with the command, and ends what that left behind. That is the default for PID 1
of a container, which ends with the command, too.`

func newRun() *cobra.Command {
	var f runFlags
	var command []string
	cmd := &cobra.Command{
		Use: "run [flags] [--] COMMAND [ARG]...", Short: "run a command and watch it", Long: runHelp,
		Example: "  tiercel run -- sh -c 'cat /etc/shadow'\n  tiercel run -o json=alerts.json --fail-on warning -- make test",
		Args: func(cmd *cobra.Command, args []string) (err error) {
			if command, err = f.takeFormat(cmd, args, 0); err == nil && len(command) == 0 {
				err = usage("tiercel run -- COMMAND [ARG]...", "run: no command")
			}
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, command) },
	}
	fl := cmd.Flags()
	fl.SetInterspersed(false) // what comes after COMMAND is COMMAND's
	f.addFlags(cmd)
	fl.StringVarP(&f.sourceName, "source", "s", auto, "where events come from: auto, ptrace or ebpf")
	fl.StringVar(&f.record, "record", "", "write the events to this file, for tiercel replay")
	fl.StringVar(&f.user, "user", "", "run COMMAND as this user: NAME or UID, with :GROUP in that group alone; tiercel stays root")
	fl.BoolVar(&f.waitAll, "wait-all", os.Getpid() != 1, "stay until the last process that came of COMMAND has ended; false: end with COMMAND, and end the others")
	fl.StringVar(&f.ioUring, "io-uring", ringReport, "what becomes of COMMAND's io_uring, whose operations are no system calls: allow, report or deny")
	complete(cmd, "io-uring", ringChoices...)
	complete(cmd, "source", append([]string{auto}, event.Sources...)...)
	fl.StringVar(&f.stops, "stops", auto, "how the ptrace source stops calls: auto, notify (seccomp user notification, nothing stays traced) or ptrace")
	complete(cmd, "stops", auto, stopsNotify, stopsPtrace)
	fl.StringVar(&f.onDeath, "on-death", string(keeper.Kill), "what becomes of the command if tiercel is killed: kill it, or continue without a watch, which tiercel attach can take up under notify")
	complete(cmd, "on-death", string(keeper.Kill), string(keeper.Continue))
	return cmd
}

func (f *runFlags) check(cmd *cobra.Command) error {
	if f.sourceName != auto && !slices.Contains(event.Sources, f.sourceName) {
		return usage("auto, ptrace or ebpf", "--source: unknown source %q", f.sourceName)
	}
	if !slices.Contains([]string{auto, stopsNotify, stopsPtrace}, f.stops) {
		return usage("auto, notify or ptrace", "--stops: unknown way %q", f.stops)
	}
	if err := checkOnDeath(f.onDeath); err != nil {
		return err
	}
	if !slices.Contains(ringChoices, f.ioUring) {
		return usage("allow, report or deny", "--io-uring: unknown choice %q", f.ioUring)
	}
	return f.settings.check(cmd, "stderr")
}

func checkOnDeath(way string) error {
	if way != string(keeper.Kill) && way != string(keeper.Continue) {
		return usage("kill or continue", "--on-death: unknown way %q", way)
	}
	return nil
}

func (f *runFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	command, err := f.find(args)
	if err != nil {
		return err
	}
	early, err := f.startEarly(command)
	if err != nil {
		return err
	}
	if early != nil {
		defer early.child.Close()
	}
	w, err := newWatch(&f.settings)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.open(); err != nil {
		return err
	}
	r := &live{watch: w, flags: f, launched: early, needs: f.needs(w.set.Needs())}
	if err := r.startRecording(f.record); err != nil {
		return err
	}
	return r.run(command)
}

// find finds the command, and whom it is to run as.
func (f *runFlags) find(args []string) (command launch.Command, err error) {
	as, err := findUser(f.user)
	if err != nil {
		return command, err
	}
	command, err = launch.Find(args)
	command.As = as
	if f.ioUring == ringDeny {
		command.Deny = []string{ringSetup}
	}
	return command, err
}

// startEarly starts what a watch by ptrace consists of, which takes about as long as
// to read the rules, unless the events may come from eBPF, which must see the command start.
func (f *runFlags) startEarly(c launch.Command) (*launched, error) {
	if f.sourceName == event.SourceEBPF || f.sourceName == auto && f.stops == auto && mayUseBPF() {
		return nil, nil
	}
	return f.start(c)
}

// needs is what the rules ask for, less what is allowed whatever they say.
func (f *runFlags) needs(ofRules *event.Needs) *event.Needs {
	needs := *ofRules
	if f.ioUring == ringAllow {
		needs.Rows[event.Lookup(ringSetup)] = event.RowNeed{}
	}
	return &needs
}

// live is a watch of a command, or of what was taken over.
type live struct {
	*watch
	flags    *runFlags                 // of a command
	launched *launched                 // nil where it was not started early
	filter   map[string][]event.Clause // of what was taken over: which calls stop, as seccomp.Watches has them
	needs    *event.Needs              // of the rules, or of a recording
	machine  *engine.Machine
	tape     *capture.Writer // nil where nothing is recorded
}

// startRecording creates the capture, if one is wanted, and asks of the source what one wants.
func (r *live) startRecording(path string) (err error) {
	r.machine = engine.ThisMachine()
	if path == "" {
		return nil
	}
	r.needs = capture.Needs(r.needs)
	r.cut(r.needs)
	if r.tape, err = capture.Create(path, capture.NewHeader(r.machine, r.needs, r.started)); err != nil {
		return err
	}
	r.tape.OnError = func(err error) { r.log.Error().Err(err).Msg("recording ends") }
	return nil
}

func (r *live) run(command launch.Command) error {
	src, err := r.source(command)
	if err != nil {
		return err
	}
	defer src.close()
	eng := engine.New(r.engineConfig())
	ctx, end := context.WithCancel(context.Background())
	defer end()
	signals := newForwarder(r.log, end)
	src.OnStart(signals.start)
	src.OnStop(signals.stopped)
	defer signals.stop()
	return signals.ended(r.follow(ctx, eng, src), src.EndedBy())
}

// follow watches to the source's end or that of ctx, and returns what comes of it.
func (r *live) follow(ctx context.Context, eng *engine.Engine, src *source) error {
	if err := eng.Follow(ctx, src); err != nil {
		r.breakOff()
		return errors.Join(err, r.account(eng, src.name, src.Counters()))
	}
	result := r.finish(eng, src.name, src.Counters(), src.ExitCode())
	return r.finishRecording(src.Counters().Blind, result)
}

// gate is what decides at a call's entry whether it matters: the rules, but not while all is recorded.
func (r *live) gate() kernel.Gate {
	if r.tape != nil {
		return capture.Everything{}
	}
	gate := r.set.Matcher()
	gate.Minimum = r.minimum
	return gate
}

func (r *live) engineConfig() engine.Config {
	c := r.watch.engineConfig(true)
	c.Machine = r.machine
	if r.tape != nil {
		c.Tap = r.tape
	}
	return c
}

// breakOff tells what is counted, and ends the recording, of a run that did not come to its end.
func (r *live) breakOff() {
	r.tellDigests()
	if r.tape == nil {
		return
	}
	if err := r.tape.Close(); err != nil {
		r.log.Error().Err(err).Msg("recording failed")
	}
}

// finishRecording ends the recording of a run that ended with result. That it
// failed is the run's result only where the command succeeded.
func (r *live) finishRecording(blind []event.Blind, result error) error {
	if r.tape == nil {
		return result
	}
	err := r.tape.Finish(blind)
	var f *failure
	switch {
	case err == nil:
		return result
	case result == nil, errors.As(result, &f) && f.code == exitAlerted:
		return err
	}
	r.log.Error().Err(err).Msg("recording failed")
	return result
}
