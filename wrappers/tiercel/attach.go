package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tiercel/engine"
	"tiercel/engine/event"
	"tiercel/seccomp"
	"tiercel/tracer"
	"tiercel/tracer/keeper"
	"tiercel/tracer/launch"
)

// attachFlags is what the flags of attach say.
type attachFlags struct {
	settings
	onDeath string
	record  string
}

const attachHelp = `Watch on what tiercel run --stops notify --on-death continue has left behind when
it was killed: all processes that came of its command, of which PID is one; of
several PIDs all must be of the same. Their calls were let run by a keeper
process, from which this takes over. For that the user must be the same, or root,
and the container, too: the network and PID namespaces.

The time that nobody watched is told of by an alert, and in the ledger. Which
calls stop was settled at the command's start, by the rules of then: rules that
ask for others are named in a warning. A process that has a signal handler stays
traced until it executes something else.

It ends with status 0 when the last process has, or on SIGINT, SIGQUIT, SIGTERM
or SIGHUP. What becomes of the workload then, or if it is killed, --on-death says:
continue, the default, leaves it to a keeper, as it was before, and tiercel
attach can be called again; kill ends it. A key press does not stop it (Ctrl-Z),
as what it watches would wait for it.

The exit status is 0, 122 by --fail-on, 125 if tiercel itself failed, 2 for a
wrong command line.`

func newAttach() *cobra.Command {
	var f attachFlags
	var pids []int
	cmd := &cobra.Command{
		Use: "attach [flags] PID...", Short: "watch on what a killed tiercel run has left behind", Long: attachHelp,
		Example: "  tiercel attach 4711\n  tiercel attach -r mine.yaml -o json=alerts.json $(pgrep -x server)",
		Args: func(cmd *cobra.Command, args []string) (err error) {
			if args, err = f.takeFormat(cmd, args, slices.IndexFunc(args, hasField)); err == nil {
				pids, err = parsePIDs(args)
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return f.attach(cmd, pids) },
	}
	f.addFlags(cmd)
	cmd.Flags().StringVar(&f.record, "record", "", "write the events to this file, for tiercel replay")
	cmd.Flags().StringVar(&f.onDeath, "on-death", string(keeper.Continue), "what becomes of the workload when tiercel ends or is killed before it: continue without a watch, or kill it")
	complete(cmd, "on-death", string(keeper.Kill), string(keeper.Continue))
	return cmd
}

func parsePIDs(args []string) (pids []int, err error) {
	for _, arg := range args {
		pid, err := strconv.Atoi(arg)
		if err != nil || pid <= 0 {
			return nil, usage("tiercel run -- COMMAND watches a command", "attach: %q is no process number", arg)
		}
		pids = append(pids, pid)
	}
	if len(pids) == 0 {
		return nil, usage("tiercel attach PID...", "attach: no process")
	}
	return pids, nil
}

func (f *attachFlags) attach(cmd *cobra.Command, pids []int) error {
	if err := errors.Join(checkOnDeath(f.onDeath), f.check(cmd, "stdout")); err != nil {
		return err
	}
	w, err := newWatch(&f.settings)
	if err != nil {
		return err
	}
	taken, err := take(pids)
	if err != nil {
		return err
	}
	defer taken.Close()
	defer w.close()
	if err := w.open(); err != nil {
		return err
	}
	r := &live{watch: w}
	if err := r.fit(taken); err != nil {
		return err
	}
	if err := r.startRecording(f.record); err != nil {
		return err
	}
	return r.watchOn(taken, keeper.Mode(f.onDeath))
}

// take asks for the workload that the processes are of.
func take(pids []int) (*keeper.Taken, error) {
	for _, pid := range pids {
		if err := readable(pid); err != nil {
			return nil, err
		}
	}
	taken, err := keeper.Take(pids)
	if err == nil {
		return taken, nil
	}
	hint := ""
	switch {
	case errors.Is(err, keeper.ErrNone):
		hint = "attach takes over what tiercel run --stops notify --on-death continue has left behind; tiercel host, as root, watches any process, and tiercel run a new one"
	case errors.Is(err, keeper.ErrRefused):
		hint = "attach as the user whose tiercel it was, or as root, and not from within what was watched"
	}
	return nil, &failure{code: launch.ExitFailed, err: fmt.Errorf("attach to process %d: %w", pids[0], err), hint: hint}
}

// readable says why nothing could be read of a process's calls, which without
// privilege Yama forbids who is none of its ancestors.
func readable(pid int) error {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/mem")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &failure{code: launch.ExitFailed, err: fmt.Errorf("attach to process %d: there is none", pid)}
	case errors.Is(err, fs.ErrPermission):
		return &failure{code: launch.ExitFailed, err: fmt.Errorf("attach to process %d: %w", pid, err),
			hint: "who is not root (CAP_SYS_PTRACE) can read just what is its own user's, and with kernel.yama.ptrace_scope above 0 just what it has started itself"}
	case err != nil:
		return err
	}
	return f.Close()
}

// fit cuts what the rules ask for to what the workload's filter stops, and says what is missing.
func (r *live) fit(taken *keeper.Taken) (err error) {
	if r.filter, err = tracer.Filtered(taken); err != nil {
		return err
	}
	needs := *r.set.Needs()
	r.needs = &needs
	wanted := seccomp.Watches(r.needs, seccomp.ByNotice)
	none := func(call string) bool {
		return len(r.filter[call]) == 0 && event.Table[event.Lookup(call)].When != event.Pseudo
	}
	part := func(call string) bool { return !none(call) && !seccomp.Covers(r.filter[call], wanted[call]) }
	r.warnOfMissing(none, "not stopped by the filter, which was made for other rules, so the rule cannot match them")
	r.warnOfMissing(part, "stopped by the filter just in part, as other rules asked for, so the rule may not match all of them")
	var changing []string
	for row, need := range needs.Rows {
		if name := event.Table[row].Name; need.State && !need.Match && (none(name) || part(name)) {
			changing = append(changing, name)
		}
	}
	if changing != nil {
		r.log.Warn().Msg("not stopped by the filter, so what these calls change of processes is not followed: " + shortly(changing))
	}
	r.cut(r.needs)
	return nil
}

// cut takes out of the needs what the filter does not stop at all, if it is not made from them.
func (r *live) cut(needs *event.Needs) {
	if r.filter == nil {
		return
	}
	for row := range needs.Rows {
		if len(r.filter[event.Table[row].Name]) == 0 && event.Table[row].When != event.Pseudo {
			needs.Rows[row] = event.RowNeed{}
		}
	}
}

// watchOn takes over, and watches until the workload has ended or a signal asks for the end.
func (r *live) watchOn(taken *keeper.Taken, onDeath keeper.Mode) error {
	t := tracer.New(tracer.Config{Taken: taken, Needs: r.needs, Gate: r.gate(), Stops: seccomp.ByNotice, OnDeath: onDeath})
	eng := engine.New(r.engineConfig())
	ctx, stop := context.WithCancel(context.Background())
	go r.endOn(catchEndings(), stop)
	r.log.Info().Str("source", event.SourcePtrace).Str("stops", stopsNotify).Int("processes", len(taken.Processes)).Int("rules", len(r.set.Rules)).Msg("watch on")
	result := make(chan error, 1)
	go func() {
		defer stop()
		result <- r.follow(ctx, eng, &source{t, event.SourcePtrace, func() {}})
	}()
	<-ctx.Done()
	return r.await(eng, endTime, result)
}

// catchEndings begins to catch the signals that ask for the end. Those that would
// stop us, and with us what we watch, are ignored, and that a reader of the alerts goes away.
func catchEndings() <-chan os.Signal {
	signal.Ignore(unix.SIGPIPE, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
	ends := make(chan os.Signal, 1)
	for s := range endings {
		if !signal.Ignored(s) { // nohup(1)
			signal.Notify(ends, s)
		}
	}
	return ends
}

func (r *live) endOn(ends <-chan os.Signal, stop func()) {
	s := <-ends
	r.log.Info().Stringer("signal", s).Msg("the watch ends")
	stop()
}
