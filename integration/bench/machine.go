package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// occasion is one run of the harness, as RESULTS.md tells of it.
type occasion struct {
	args  []string
	began time.Time
	load  string // of the machine, before
}

func newOccasion(args []string) occasion {
	load, _ := os.ReadFile("/proc/loadavg") // what it says is only told
	return occasion{args, time.Now(), strings.Join(strings.Fields(string(load))[:3], " ")}
}

// report is RESULTS.md: the machine, then the tables.
func (o occasion) report(r *result) string {
	return fmt.Sprintf(`# What it costs to be watched

Made by %s in %s on %s, on %s, %d processors, %s;
its load before that: %s. With %s.

![times as long as bare](results.svg)

%s`, o.command(), time.Since(o.began).Round(time.Second), o.began.Format(time.DateOnly), processor(), runtime.NumCPU(), kernel(), o.load,
		strings.Join(versions(r), ", "), r.markdown())
}

// command is what one types for it.
func (o occasion) command() string {
	return "`" + strings.TrimSpace("make bench-peers "+strings.Join(o.args, " ")) + "`"
}

var modelLine = regexp.MustCompile(`(?m)^model name\s*: (.*)$`)

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if found := modelLine.FindSubmatch(text); err == nil && found != nil {
		return string(found[1])
	}
	return "a processor of " + runtime.GOARCH
}

func kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "Linux"
	}
	return "Linux " + unix.ByteSliceToString(name.Release[:])
}

var versionIn = regexp.MustCompile(`[0-9]+(\.[0-9]+)+(-[a-z0-9.]+)?`)

// versions returns the versions of the programs that ways and workloads are of.
func versions(r *result) (told []string) {
	programs := []string{}
	for _, w := range r.watched() {
		programs = append(programs, w.begin[0])
	}
	for _, l := range r.workloads {
		programs = append(programs, l.wants...)
	}
	seen := map[string]bool{}
	for _, program := range programs {
		if seen[program] {
			continue
		}
		seen[program] = true
		if v := version(program); v != "" {
			told = append(told, v)
		}
	}
	return told
}

// versionFlags is how programs are asked that do not know --version.
var versionFlags = map[string]string{"go": "version", "nginx": "-v", "wrk": "-v"}

func version(program string) string {
	flag, other := versionFlags[program]
	if !other {
		flag = "--version"
	}
	out, _ := exec.Command(program, flag).CombinedOutput() // wrk exits 1 for its version
	name := program[strings.LastIndex(program, "/")+1:]
	if found := versionIn.Find(out); found != nil {
		return name + " " + string(found)
	}
	return ""
}
