package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tiercel/engine"
	"tiercel/engine/capture"
)

const replayHelp = `Match rules over the events in FILE, which tiercel run --record has written, and
raise the alerts that a run with these rules would have raised: with the time,
the host and the names of the machine that was watched. FILE may be '-' for
standard input. It needs no privilege, and nothing of that machine.

Rules can match only the calls that were recorded: those that the rules of the
recorded run watch. Others are named in a warning.

With --print, the events that match --filter are printed on standard output.

The exit status is 0, 122 by --fail-on, 125 if FILE or the rules cannot be read,
2 for a wrong command line. A file that is cut off, as its recording was killed,
is replayed as far as it goes, with a warning.`

func newReplay() *cobra.Command {
	var s settings
	var file string
	cmd := &cobra.Command{
		Use: "replay [flags] FILE", Short: "match rules over a recorded run", Long: replayHelp,
		Example: "  tiercel run --record build.cap -- make test\n  tiercel replay -r default -r mine.yaml build.cap\n  tiercel replay --print --filter 'evt.type = execve' build.cap",
		Args: func(cmd *cobra.Command, args []string) error {
			args, err := s.takeFormat(cmd, args, slices.IndexFunc(args, hasField))
			switch {
			case err != nil:
				return err
			case len(args) != 1:
				return usage("tiercel replay --help", "replay: %d files, want one", len(args))
			}
			file = args[0]
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return s.replay(cmd, file) },
	}
	s.addFlags(cmd)
	return cmd
}

func (s *settings) replay(cmd *cobra.Command, file string) error {
	if err := s.check(cmd, "stdout"); err != nil {
		return err
	}
	w, err := newWatch(s)
	if err != nil {
		return err
	}
	src, err := capture.Open(file)
	if err != nil {
		return err
	}
	defer src.Close()
	defer w.close()
	if err := w.open(); err != nil {
		return err
	}
	return w.replay(src)
}

func (w *watch) replay(src *capture.Reader) error {
	h := src.Header()
	time.Local = h.Zone() // what is told in local time was told in that of the run
	w.warnOfMissing(func(call string) bool { return !h.Recorded(call) }, "not recorded, so the rule cannot match them")
	c := w.engineConfig(false)
	c.Machine, c.Started = h.Machine, h.Started
	eng := engine.New(c)
	done := showProgress(src)
	err := eng.Follow(context.Background(), src)
	done()
	if err != nil {
		return errors.Join(err, w.account(eng, "capture", src.Counters()))
	}
	if src.Cut() {
		w.log.Warn().Msgf("the capture is cut off after %d events", src.Counters().Queued)
	}
	return w.finish(eng, "capture", src.Counters(), 0)
}
