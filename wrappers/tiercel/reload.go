package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"tiercel/engine"
	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/rules"
	"tiercel/seccomp"
)

// lookEach is how often the rule files are looked at.
const lookEach = 2 * time.Second

// tend exchanges the rules and the accounts when they are to be, and stops the watch when a signal asks for it; until ctx ends.
func (h *host) tend(ctx context.Context, stop context.CancelFunc) {
	look := time.NewTicker(h.every)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-h.ends:
			signal.Reset(unix.SIGINT, unix.SIGTERM) // a second one does not wait
			h.log.Info().Stringer("signal", s).Msg("the watch ends")
			stop()
			return
		case <-h.hups:
			h.files.note()
			h.accounts.note()
			h.reload()
			h.reloadAccounts()
		case <-look.C:
			if h.files.changed() {
				h.reload()
			}
			if h.accounts.changed() {
				h.reloadAccounts()
			}
		}
	}
}

// reload exchanges the rules for what their files have now, and leaves them as
// they are where that cannot be used. The source is told first: what comes from
// then on is what the new rules ask for, too, and the engine never waits for it.
func (h *host) reload() {
	h.tell(reloading())
	defer h.tell("READY=1")
	set, err := h.readAgain()
	if err == nil {
		err = h.src.Update(h.asks(set))
	}
	if err != nil {
		h.log.Error().Err(err).Msg("the rules are left as they were")
		return
	}
	h.eng.Reload(set)
	h.inForce(set, "the rules are exchanged")
}

// reloadAccounts has users and groups called what the files have now.
func (h *host) reloadAccounts() {
	h.eng.ReloadAccounts(engine.ThisMachine())
	h.log.Info().Msg("the accounts are read again")
}

// inForce tells of the rules that are in force from now on, and of what they cannot do.
func (h *host) inForce(set *rules.Set, message string) {
	needs := set.Needs()
	unseen := kernel.Unseen(needs, seccomp.Calls(needs, seccomp.ByTrace))
	h.log.Info().Str("source", event.SourceEBPF).Int("rules", len(set.Rules)).Int("calls", watched(needs, unseen)).Msg(message)
	h.warnOfUnseen(set, unseen)
	if len(set.Rules) == 0 {
		h.log.Warn().Msg("there are no rules: nothing will be an alert")
	}
}

// readAgain reads and compiles the rules, and logs all that is wrong with them.
func (h *host) readAgain() (*rules.Set, error) {
	if h.printing() {
		return nil, errors.New("rules are not matched while printing")
	}
	if i := slices.IndexFunc(h.rules, onlyOnce); i >= 0 {
		return nil, fmt.Errorf("read rules: what %s has can be read once only", h.rules[i])
	}
	set, problems, err := compile(h.rules)
	if err != nil {
		return nil, err
	}
	for _, p := range problems.OfMeaning() {
		h.logProblem(p)
	}
	if set == nil {
		return nil, fmt.Errorf("compile rules: %d problem(s)", len(problems))
	}
	return set, nil
}

func (h *host) logProblem(p rules.Problem) {
	level := zerolog.WarnLevel
	if p.Severity == rules.Error {
		level = zerolog.ErrorLevel
	}
	e := h.log.WithLevel(level).Str("file", p.File).Int("line", p.Line).Int("column", p.Column).Str("rule", p.Rule)
	if p.Hint != "" {
		e = e.Str("hint", p.Hint)
	}
	e.Msg(p.Message)
}

// noted tells when files have changed since they were noted. Their bytes
// are compared: an editor may write into a file or put another in its place, and
// a folder or a link on the way may be what was exchanged.
type noted struct {
	paths        []string
	loaded, seen [sha256.Size]byte // the files as they were last told of, and last looked at
}

func newNoted(paths ...string) *noted {
	f := &noted{paths: paths}
	f.note()
	return f
}

// ruleFiles are the files that --rules names.
func (s *settings) ruleFiles() []string {
	if s.printing() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.rules), func(p string) bool { return p == rules.DefaultName })
}

// note takes the files as they are now for told of. It comes before they are
// read, so that what changes while they are is told of later.
func (f *noted) note() {
	f.loaded = f.look()
	f.seen = f.loaded
}

// changed reports a change once, when the files have stayed so for one look: not
// while they are being written, when half of them might be rules, too.
func (f *noted) changed() bool {
	now := f.look()
	settled := now == f.seen
	f.seen = now
	if !settled || now == f.loaded {
		return false
	}
	f.loaded = now
	return true
}

// look is the sum of what is there. That something cannot be read is a state as any other.
// What can be read only once is not touched: it is the rules' alone.
func (f *noted) look() [sha256.Size]byte {
	h := sha256.New()
	for _, path := range f.paths {
		if onlyOnce(path) {
			continue
		}
		files, err := rules.Read([]string{path})
		fmt.Fprintf(h, "%q %v\n", path, err)
		for _, file := range files {
			fmt.Fprintf(h, "%q %d\n%s", file.Name, len(file.Data), file.Data)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// onlyOnce reports a path whose bytes only its first reader gets, as a pipe's: no file and no folder.
func onlyOnce(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular()
}
