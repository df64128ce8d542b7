package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// workload is one thing that is measured in each way.
type workload struct {
	name  string
	words string // what is done
	wants []string
	whole bool // a command that does the same each time: what it uses can be compared
	loop  bool // so short that what one more costs is of interest, in nanoseconds
	make  func(context.Context, *place) error
	// once returns how many nanoseconds one of it took that way.
	once func(context.Context, *place, way) (float64, error)
}

// workloads returns all of them, in the order of the table.
func workloads() []workload {
	return []workload{
		loop("getppid", "getppid(2), which nobody watches"),
		loop("open", "open and close of a file that no rule asks for"),
		loop("connect", "socket, connect to loopback, accept and closing"),
		loop("exec", "fork, execution of /bin/true and waiting for it"),
		shell.workload(),
		start,
		command{name: "find", words: "`find / -xdev`", status: 1, args: []string{"find", "/", "-xdev", "-ignore_readdir_race"}}.workload(),
		gitStatus.workload(),
		gitClone.workload(),
		cProject.workload(),
		cProjectPlain.workload(),
		npmInstall.workload(),
		redis.workload(),
		nginx.workload(),
		nginxCached.workload(),
		postgres.workload(),
		goBuild.workload(),
	}
}

// missing says why it cannot be run: a program is not here.
func (l workload) missing() error {
	for _, program := range l.wants {
		if _, err := exec.LookPath(program); err != nil {
			return err
		}
	}
	return nil
}

const loopTime = 300 * time.Millisecond

func loop(name, words string) workload {
	args := []string{name, strconv.FormatInt(loopTime.Milliseconds(), 10)}
	return workload{name: name, words: words, loop: true, once: func(ctx context.Context, p *place, w way) (float64, error) {
		return p.timed(ctx, w, job{args: args})
	}}
}

// start is what the others do not count: the way's own beginning and end.
var start = workload{name: "start", words: "`true`, with the start and the end of what watches it", whole: true,
	once: func(ctx context.Context, p *place, w way) (float64, error) {
		began := time.Now()
		err := p.run(ctx, w, job{args: []string{"true"}})
		return float64(time.Since(began)), err
	}}

// command is a workload that is a command, run some times in a row.
type command struct {
	name, words string
	count       int // 0: once
	status      int // that it may end with: 0 to this
	args        []string
	wants       []string                            // beside the command itself
	make        func(context.Context, *place) error // once, before all
	dir         func(*place) string                 // that it runs in
	fresh       func(*place) string                 // is removed before each run
	env         func(*place) []string
}

func (c command) workload() workload {
	return workload{name: c.name, words: c.words, wants: add(c.wants, c.args[0]), whole: true, make: c.make, once: c.once}
}

func (c command) once(ctx context.Context, p *place, w way) (float64, error) {
	j := job{args: add([]string{"times", strconv.Itoa(max(c.count, 1)), strconv.Itoa(c.status)}, c.args...)}
	if c.fresh != nil {
		if err := os.RemoveAll(c.fresh(p)); err != nil {
			return 0, fmt.Errorf("make room: %w", err)
		}
	}
	if c.dir != nil {
		j.dir = c.dir(p)
	}
	if c.env != nil {
		j.env = c.env(p)
	}
	return p.timed(ctx, w, j)
}

func in(name ...string) func(*place) string {
	return func(p *place) string { return p.path(name...) }
}

var shell = command{name: "shell", words: "a shell that starts /bin/true 200 times", args: []string{"sh", "shell.sh"}, dir: in(),
	make: func(_ context.Context, p *place) error {
		return write(p.path("shell.sh"), "i=0\nwhile [ $i -lt 200 ]; do /bin/true; i=$((i + 1)); done\n")
	}}

var gitStatus = command{name: "git-status", words: "`git status` of 20,000 files", count: 5,
	args: []string{"git", "status", "--porcelain"}, make: makeRepository, dir: in("repository"), env: gitEnv}

var gitClone = command{name: "git-clone", words: "`git clone` of the same, by git's protocol",
	args: []string{"git", "clone", "-q", "--no-local", "repository", "clone"}, make: makeRepository, dir: in(), fresh: in("clone"), env: gitEnv}

var (
	cProject      = building("make", "`make -j2` of 200 C files with `-g -O2`, as autoconf has them compiled: some 60 ms each", "-g -O2")
	cProjectPlain = building("make-O0", "the same without optimizing: half as long each, and as many files looked for", "")
)

func building(name, words, flags string) command {
	return command{name: name, words: words, args: []string{"make", "-s", "-j2"}, wants: []string{"cc"}, make: makeProject,
		dir: in("project"), fresh: in("project", "build"), env: func(*place) []string { return []string{"CFLAGS=" + flags} }}
}

var npmInstall = command{name: "npm-install", words: "`npm install` of 40 packages from files",
	args: []string{"npm", "install", "--offline", "--silent", "--no-audit", "--no-fund", "--no-package-lock"},
	make: makePackages, dir: in("app"), fresh: in("app", "node_modules"), env: npmEnv}

var goBuild = command{name: "go-build", words: "`go build` of this project with an empty cache",
	args: []string{"go", "build", "-tags", "osusergo,netgo", "-o", "/dev/null", "./wrappers/tiercel"},
	dir:  func(p *place) string { return p.root }, fresh: in("gocache"),
	env: func(p *place) []string { return []string{"GOCACHE=" + p.path("gocache")} }}
