package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"tiercel/engine"
	"tiercel/engine/output"
	"tiercel/rules"
	"tiercel/seccomp"
	"tiercel/tracer"
)

// runFlags is what the flags of run say.
type runFlags struct {
	rules              []string
	outputs            []string
	source             string
	priority, failOn   string
	stats              string
	logLevel, logFmt   string
	minimum, threshold rules.Priority // of priority and failOn
}

const runHelp = `Run COMMAND, watch the system calls of all processes that come of it, and raise
alerts from rules. Its standard input, output and error, working directory,
environment and terminal are its own.

The exit status is the command's, 128+N if signal N ended it, 122 by --fail-on,
125 if tiercel itself failed, 126 if COMMAND cannot be executed, 127 if it is
not found, 2 for a wrong command line.

tiercel stays until the last process that came of the command has ended, for
these are watched too, and cannot go on without it. As PID 1 of a container it
ends with the command, as the container would.`

func newRun() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use: "run [flags] [--] COMMAND [ARG]...", Short: "run a command and watch it", Long: runHelp,
		Example: "  tiercel run -- sh -c 'cat /etc/shadow'\n  tiercel run -o json=alerts.json --fail-on warning -- make test",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("tiercel run -- COMMAND [ARG]...", "run: no command")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	fl := cmd.Flags()
	fl.SetInterspersed(false) // what comes after COMMAND is COMMAND's
	fl.StringArrayVarP(&f.rules, "rules", "r", []string{rules.DefaultName}, "a rule file or a folder of them, repeatable, in order; 'default' is the built-in set")
	fl.StringArrayVarP(&f.outputs, "output", "o", []string{"text=stderr"}, "FORMAT[=TARGET], repeatable; FORMAT: text, json; TARGET: stderr, stdout, a path (appended), unix:PATH")
	fl.StringVarP(&f.source, "source", "s", "auto", "where events come from: auto, ptrace")
	fl.StringVar(&f.priority, "priority", "debug", "report alerts at or above this priority")
	fl.StringVar(&f.failOn, "fail-on", "", "exit 122 if there was an alert at or above this priority and the command succeeded")
	fl.StringVar(&f.stats, "stats", "", "write the ledger as JSON at the end, to standard error or to this path")
	fl.Lookup("stats").NoOptDefVal = "stderr"
	fl.StringVar(&f.logLevel, "log-level", "warn", "tiercel's own log: trace, debug, info, warn, error")
	fl.StringVar(&f.logFmt, "log-format", "", "console or json (default: console on a terminal, else json)")
	for flag, values := range map[string][]string{
		"source": {"auto", "ptrace"}, "log-level": {"trace", "debug", "info", "warn", "error"}, "log-format": {"console", "json"},
		"priority": rules.PriorityNames(), "fail-on": rules.PriorityNames(),
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // fails for an unknown flag only
	}
	return cmd
}

func (f *runFlags) check() (err error) {
	if f.minimum, err = rules.ParsePriority(f.priority); err != nil {
		return usage("", "--priority: %v", err)
	}
	if f.failOn != "" {
		if f.threshold, err = rules.ParsePriority(f.failOn); err != nil {
			return usage("", "--fail-on: %v", err)
		}
	}
	switch f.source {
	case "auto", "ptrace":
		return nil
	case "ebpf":
		return usage("--source ptrace needs no privilege", "--source: ebpf is not in this version yet")
	}
	return usage("auto or ptrace", "--source: unknown source %q", f.source)
}

func (f *runFlags) run(args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	log, err := newLog(f.logLevel, f.logFmt)
	if err != nil {
		return err
	}
	set, err := loadRules(f.rules)
	if err != nil {
		return err
	}
	command, err := tracer.Find(args)
	if err != nil {
		return err
	}
	outputs, err := openOutputs(f.outputs)
	if err != nil {
		return err
	}
	defer closeOutputs(outputs, log)
	ledger, err := openLedger(f.stats)
	if err != nil {
		return err
	}
	w := &watch{flags: f, log: log, set: set, outputs: outputs, ledger: ledger, started: time.Now()}
	return w.run(command)
}

// loadRules reads and compiles rules. What is wrong with them is the error, or
// where it is no error, printed.
func loadRules(paths []string) (*rules.Set, error) {
	files, err := rules.Read(paths)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	set, problems := rules.Compile(files)
	if set == nil {
		return nil, problems
	}
	if len(problems) > 0 {
		fmt.Fprintln(os.Stderr, problems)
	}
	return set, nil
}

func openOutputs(specs []string) (outputs []*output.Output, err error) {
	for _, spec := range specs {
		out, err := output.Open(spec)
		if errors.Is(err, output.ErrFormat) {
			return nil, usage("", "%w", err)
		}
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, out)
	}
	return outputs, nil
}

func closeOutputs(outputs []*output.Output, log zerolog.Logger) {
	for _, out := range outputs {
		if err := out.Close(); err != nil {
			log.Error().Err(err).Msg("close output")
		}
	}
}

// watch is one run.
type watch struct {
	flags   *runFlags
	log     zerolog.Logger
	set     *rules.Set
	outputs []*output.Output
	ledger  *os.File // nil where none is wanted
	started time.Time
}

func (w *watch) run(command tracer.Command) error {
	filter, unknown, err := seccomp.Compile(w.set.Needs())
	if err != nil {
		return err
	}
	for _, name := range unknown {
		w.log.Warn().Str("call", name).Msg("libseccomp does not know this call: it goes unseen")
	}
	eng := engine.New(w.engineConfig())
	gate := w.set.Matcher()
	gate.Minimum = w.flags.minimum
	t := tracer.New(tracer.Config{Command: command, Needs: w.set.Needs(), Filter: filter, Gate: gate, Linger: os.Getpid() != 1})
	signals := newForwarder(w.log)
	t.OnStart(signals.start)
	defer signals.stop()
	w.log.Info().Str("source", "ptrace").Int("filter_instructions", len(filter)/8).Int("rules", len(w.set.Rules)).Msg("watch")
	if err := eng.Follow(context.Background(), t); err != nil {
		return err
	}
	return w.finish(t, eng)
}

func (w *watch) engineConfig() engine.Config {
	c := engine.Config{Rules: w.set, Priority: w.flags.minimum, Started: uint64(w.started.UnixNano())}
	for _, out := range w.outputs {
		c.Outputs = append(c.Outputs, out)
	}
	c.OnError = func(err error) { w.log.Error().Err(err).Msg("alert lost") }
	return c
}

// finish writes the ledger, and turns the workload's end into the error that the exit status comes from.
func (w *watch) finish(t *tracer.Tracer, eng *engine.Engine) error {
	ledger := eng.Ledger(t.Counters())
	for _, b := range ledger.Blind {
		w.log.Warn().Int("pid", b.PID).Str("why", b.Why).Msg("process was not fully watched")
	}
	ledger.Source, ledger.WallNS = "ptrace", time.Since(w.started).Nanoseconds()
	if err := w.writeLedger(&ledger); err != nil {
		return err
	}
	code := t.ExitCode()
	if p, ok := eng.Gravest(); code == 0 && ok && w.flags.failOn != "" && p <= w.flags.threshold {
		code = exitAlerted
	}
	if code != 0 {
		return &failure{code: code}
	}
	return nil
}

func (w *watch) writeLedger(l *engine.Ledger) error {
	if w.ledger == nil {
		return nil
	}
	if err := json.NewEncoder(w.ledger).Encode(l); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	return nil
}

// openLedger opens where the ledger goes before the command runs: a path that
// cannot be written to is found out then, not at the end.
func openLedger(target string) (*os.File, error) {
	switch target {
	case "":
		return nil, nil
	case "stderr":
		return os.Stderr, nil
	}
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return f, nil
}
