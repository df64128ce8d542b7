package trial

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tiercel/engine"
	"tiercel/engine/capture"
	"tiercel/rules"
)

// replay gives the recorded run's events to an engine, as the replay command
// does. A recording that is cut off is an error: what its end would have raised
// is not known.
func (t *trial) replay() error {
	src, err := capture.Open(t.Recording)
	if err != nil {
		return err
	}
	defer src.Close()
	t.header = src.Header()
	defer func(zone *time.Location) { time.Local = zone }(time.Local)
	time.Local = t.header.Zone() // what is told in local time was told in that of the run
	e := engine.New(engine.Config{
		Rules: t.set, Outputs: []engine.Output{t}, Priority: rules.Debug, Machine: t.header.Machine, Started: t.header.Started,
	})
	if err := e.Follow(context.Background(), src); err != nil {
		return err
	}
	if src.Cut() {
		return fmt.Errorf("the recording is cut off after %d events", src.Counters().Queued)
	}
	return nil
}

// blind names the rules that could not have matched, as none of their calls was
// recorded: where no alert is expected, that they are silent says nothing.
func (t *trial) blind() (hints []string) {
	if t.header == nil || len(t.Expect) > 0 {
		return nil
	}
	for _, r := range t.set.Rules {
		rows := t.set.Rows(r)
		if r.Enabled && len(rows) > 0 && !slices.ContainsFunc(rows, t.header.Recorded) {
			hints = append(hints, t.unrecorded(r)...)
		}
	}
	return hints
}

// unrecorded says why a rule raised nothing over the recording, as far as that can
// be told without going through it once more.
func (t *trial) unrecorded(r *rules.Rule) []string {
	other := "another rule stands before it"
	if r.State != nil {
		other = unreached // such a rule speaks beside others
	}
	missing := slices.DeleteFunc(t.set.Rows(r), t.header.Recorded)
	if len(missing) == 0 {
		return []string{r.Name + " matches none of the recorded events, or " + other + ": tiercel replay --print shows them"}
	}
	return []string{r.Name + " is about calls that were not recorded: " + strings.Join(missing, ", ")}
}
