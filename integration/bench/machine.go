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

// occasion is one run of the harness, as it is told of.
type occasion struct {
	command string
	began   time.Time
	load    string // of the machine, before
}

func newOccasion(command string) occasion {
	load, _ := os.ReadFile("/proc/loadavg") // what it says is only told
	words := strings.Fields(string(load))
	return occasion{command, time.Now(), strings.Join(words[:min(3, len(words))], " ")}
}

// where says when and on which machine that was.
func (o occasion) where() string {
	return fmt.Sprintf("Made by `%s` on %s: %s, %d processors, %s, load average before %s.",
		o.command, o.began.Format(time.DateOnly), processor(), runtime.NumCPU(), kernel(), o.load)
}

// report is RESULTS.md.
func (o occasion) report(r *result) string {
	return fmt.Sprintf("# What it costs to be watched\n\n%s\nIt took %s, with %s.\n\n![times as long as bare](results.svg)\n\n%s",
		o.where(), time.Since(o.began).Round(time.Second), strings.Join(versions(r), ", "), r.markdown())
}

// The lines of the README that what is told there stands between.
const (
	briefBegin = "<!-- of make bench-peers -->\n"
	briefEnd   = "<!-- end of make bench-peers -->\n"
)

// brief is the text of the README with the newest chart and table in it.
func (o occasion) brief(r *result, readme string) (string, error) {
	before, rest, begins := strings.Cut(readme, briefBegin)
	_, after, ends := strings.Cut(rest, briefEnd)
	if !begins || !ends {
		return "", fmt.Errorf("find the place for the table: no %q and then %q", briefBegin, briefEnd)
	}
	const chart = "![times as long as bare, on a logarithmic axis](integration/bench/results.svg)"
	return fmt.Sprintf("%s%s%s\n\n%s\n\n%s%s%s", before, briefBegin, chart, o.where(), r.ratios(took, series.brief), briefEnd, after), nil
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
	release, _, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), "-") // behind it is who built it
	return "Linux " + release
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
