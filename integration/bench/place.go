package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

//go:embed load
var sources embed.FS

// place is the folder that the workloads are made and run in.
type place struct {
	dir  string        // has no blank in it: see way.join
	root string        // of this project
	used time.Duration // of processors: by the last command that was run, and all that came of it
}

// job is one thing to run.
type job struct {
	args []string
	dir  string
	env  []string // beside the harness's own
}

// inMemory is where no disk is waited for: shm_overview(7).
const inMemory = "/dev/shm"

// newPlace makes the folder. Another user (postgres) must get into it.
func newPlace(ctx context.Context) (*place, error) {
	dir, err := os.MkdirTemp(inMemory, "tiercel-bench-")
	if err != nil {
		return nil, err
	}
	p := &place{dir: dir}
	if err := os.Chmod(dir, 0o755); err != nil {
		return p, err
	}
	if p.root, err = os.Getwd(); err != nil {
		return p, err
	}
	if err := os.CopyFS(p.dir, sources); err != nil {
		return p, err
	}
	return p, p.build(ctx, deedsProgram)
}

// The programs of our own: one does the loops and times commands, the other is a way.
const (
	deedsProgram = "deeds"
	floorProgram = "floor"
)

// build compiles one of our own programs.
func (p *place) build(ctx context.Context, name string) error {
	return p.run(ctx, way{}, job{args: []string{"cc", "-O2", "-static", "-pthread", "-o", p.path(name), p.path("load", name+".c")}})
}

// buildFloor compiles it with the filter that tiercel has.
func (p *place) buildFloor(ctx context.Context) error {
	header, err := filterHeader()
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.path("load", "filter.h"), []byte(header), 0o600); err != nil {
		return err
	}
	return p.build(ctx, floorProgram)
}

func (p *place) path(name ...string) string {
	return filepath.Join(append([]string{p.dir}, name...)...)
}

// close ends what is left and removes the folder.
func (p *place) close() error {
	sweep()
	return os.RemoveAll(p.dir)
}

// started is a job that runs.
type started struct {
	*exec.Cmd
	said *os.File // what it says on standard error: in no pipe, which what it leaves behind would keep open
}

// start runs the job that way, in a session of its own: no key press and no
// terminal reaches it but by us.
func (p *place) start(ctx context.Context, w way, j job) (*started, error) {
	args := w.command(j.args)
	if w.own {
		args[0] = p.path(args[0])
	}
	said, err := os.Create(p.path("said"))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Stderr = j.dir, said
	cmd.Env = append(os.Environ(), j.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		said.Close()
		return nil, err
	}
	return &started{cmd, said}, nil
}

// wait waits for its end, and gives the first and the last line that it said with its failure.
func (s *started) wait() error {
	defer s.said.Close()
	err := s.Wait()
	if err == nil {
		return nil
	}
	text, readErr := os.ReadFile(s.said.Name())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return errors.Join(fmt.Errorf("run %s: %w: %s", filepath.Base(s.Path), err, strings.Join(ends(lines), " ... ")), readErr)
}

// ends returns the first and the last.
func ends(lines []string) []string {
	if len(lines) == 1 {
		return lines
	}
	return []string{lines[0], lines[len(lines)-1]}
}

// run runs the job that way to its end, and leaves nothing of it.
func (p *place) run(ctx context.Context, w way, j job) error {
	s, err := p.start(ctx, w, j)
	if err != nil {
		return err
	}
	err = s.wait()
	p.used = s.ProcessState.UserTime() + s.ProcessState.SystemTime() + sweep()
	return err
}

// timed runs deeds that way, and returns the nanoseconds that it measured.
func (p *place) timed(ctx context.Context, w way, j job) (float64, error) {
	result := p.path("result")
	j.args = add([]string{p.path(deedsProgram), result}, j.args...)
	if err := p.run(ctx, w, j); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(result)
	if err != nil {
		return 0, err
	}
	if err := os.Remove(result); err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
}

// adopt has what loses its parent become a child of ours, so that sweep finds it: prctl(2).
func adopt() error {
	return os.NewSyscallError("prctl(SET_CHILD_SUBREAPER)", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
}

// sweep kills all children, and theirs as they become ours, until there are none,
// and returns the processor time that they have used: perf, for one, does not wait
// for what it runs. Must not be called while a command that is waited for runs.
func sweep() (used time.Duration) {
	for {
		for _, pid := range children() {
			_ = unix.Kill(pid, unix.SIGKILL) // one that has ended meanwhile is waited for all the same
		}
		var of unix.Rusage
		switch _, err := unix.Wait4(-1, nil, 0, &of); err {
		case unix.ECHILD:
			return used
		case nil:
			used += time.Duration(of.Utime.Nano() + of.Stime.Nano())
		}
	}
}

// children returns the processes that any of our threads is the parent of: proc(5).
func children() (pids []int) {
	lists, _ := filepath.Glob("/proc/self/task/*/children") // the pattern is right
	for _, list := range lists {
		text, _ := os.ReadFile(list) // a thread that has ended has none
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
