package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tiercel/engine"
	"tiercel/engine/event"
)

const hostHelp = `Watch all processes of this machine, those of its containers too, by eBPF, and
raise alerts from rules. No process is slowed down for it to be read: where
events come faster than they are dealt with, some are lost, which is an alert.

It runs until SIGINT or SIGTERM. On SIGHUP, and when a file that --rules names
has changed, the rules are read anew and exchanged without a gap; rules that
have errors are told of in the log, and those before stay in force. So are the
names of users and groups, of /etc/passwd and /etc/group.

It needs CAP_BPF and CAP_PERFMON to begin with, and wants CAP_SYS_PTRACE and
CAP_DAC_READ_SEARCH to read /proc; once it has begun it gives up all others,
CAP_PERFMON too, for good. A service manager is told when it is ready (sd_notify).

The exit status is 0, 122 by --fail-on, 125 if tiercel itself failed, 2 for a
wrong command line.`

func newHost() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use: "host [flags]", Short: "watch all processes of this machine (eBPF)", Long: hostHelp,
		Example: "  tiercel host -o json=/var/log/tiercel.json\n  tiercel host -r default -r /etc/tiercel/rules.d --digest 60s\n  tiercel host --print --filter 'evt.type = execve'",
		Args: func(cmd *cobra.Command, args []string) error {
			args, err := s.takeFormat(cmd, args, 0)
			if err == nil && len(args) > 0 {
				err = usage("tiercel run -- COMMAND watches a command", "host: unexpected argument %q", args[0])
			}
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return s.host(cmd) },
	}
	s.addFlags(cmd)
	level := cmd.Flags().Lookup("log-level") // nobody's terminal is in the way, and exchanges are to be seen
	s.logLevel, level.DefValue = "info", "info"
	return cmd
}

func (s *settings) host(cmd *cobra.Command) error {
	if err := s.check(cmd, "stdout"); err != nil {
		return err
	}
	files, accounts := newNoted(s.ruleFiles()...), newNoted(engine.UserFile, engine.GroupFile)
	w, err := newWatch(s)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.open(); err != nil {
		return err
	}
	h := &host{watch: w, files: files, accounts: accounts, every: lookEach, patience: endTime}
	h.ends, h.hups = catchSignals()
	src, err := openProbe(h.asks(w.set))
	if err != nil {
		return err
	}
	h.tellOperations()
	if missing, err := lacking(false); err == nil && missing != nil {
		h.log.Warn().Strs("missing", missing).Msg("of processes that are here already, image, working directory and environment are told only where they are this user's own")
	}
	if err := dropPrivileges(h.log); err != nil {
		return errors.Join(err, src.Close())
	}
	return h.run(src)
}

// catchSignals begins to catch the signals that are meant for a host's watch, those
// that ask for the end apart, so that no storm of others takes their place. A reader
// of the alerts that goes away (SIGPIPE) does not end it.
func catchSignals() (ends, hups <-chan os.Signal) {
	signal.Ignore(unix.SIGPIPE)
	end, hup := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGINT, unix.SIGTERM)
	signal.Notify(hup, unix.SIGHUP)
	return end, hup
}

// host is a watch of the whole machine.
type host struct {
	*watch
	files      *noted // of --rules
	accounts   *noted
	every      time.Duration // between looks at the files
	patience   time.Duration // with outputs, at the end
	ends, hups <-chan os.Signal
	src        hostSource
	eng        *engine.Engine
}

// run watches until a signal asks for the end, or the source ends by itself.
func (h *host) run(src hostSource) error {
	c := h.engineConfig(true)
	c.Machine = engine.ThisMachine()
	c.Machine.Container = event.Container{ID: event.NoContainer} // ours is not that of all others
	h.src, h.eng = src, engine.New(c)
	ctx, stop := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- h.follow(ctx, stop) }()
	<-ctx.Done()
	return h.await(h.eng, h.patience, result)
}

// follow watches until ctx ends, which it has tended by stop, and accounts for what it saw.
func (h *host) follow(ctx context.Context, stop context.CancelFunc) error {
	tended := make(chan struct{})
	go func() {
		defer close(tended)
		h.tend(ctx, stop)
	}()
	h.inForce(h.set, "watch all processes of this machine")
	h.tell("READY=1")
	err := h.eng.Follow(ctx, h.src)
	stop()
	<-tended
	h.tell("STOPPING=1")
	counters := h.src.Counters() // which end with it
	if err = errors.Join(err, h.src.Close()); err != nil {
		return errors.Join(err, h.account(h.eng, event.SourceEBPF, counters))
	}
	return h.finish(h.eng, event.SourceEBPF, counters, 0)
}

// watched is how many calls are watched: of those without a number here there is nothing to watch.
func watched(n *event.Needs, unseen []string) int {
	rows := -len(unseen)
	for i := range n.Rows {
		if n.Rows[i].Watch() && event.Table[i].When != event.Pseudo {
			rows++
		}
	}
	return rows
}
