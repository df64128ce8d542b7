package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/rules"
	"tiercel/seccomp"
	"tiercel/tracer"
)

// finding is one thing that doctor tried, or one rule that cannot fire.
type finding struct {
	Check  string `json:"check"`
	Source string `json:"source,omitempty"` // of a rule that can fire under another one
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func (f finding) cells() []string {
	detail := f.Detail
	if f.Source != "" {
		detail = "under " + f.Source + ": " + detail
	}
	return []string{f.Check, map[bool]string{true: "yes", false: "no"}[f.OK], detail}
}

const doctorHelp = `Find out by trying what this machine allows, which source tiercel run takes here
and why, and which rules cannot fire here and why. That the eBPF source is not
to be had is no fault where a command can be watched by ptrace, which needs no
privilege. Exits 1 if a command cannot be watched here at all.`

func newDoctor() *cobra.Command {
	var paths []string
	cmd := &cobra.Command{Use: "doctor [flags]", Short: "what this machine allows, and which rules cannot fire here", Long: doctorHelp, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := loadRules(paths)
			if err != nil {
				return err
			}
			d := &doctor{set: set, refused: map[string]error{}, unseen: map[string][]string{}}
			works := d.examine()
			err = printTable(cmd, d.findings, []string{"CHECK", "OK", "DETAIL"}, finding.cells)
			if err == nil && !works {
				return &failure{code: 1}
			}
			return err
		}}
	cmd.Flags().StringArrayVarP(&paths, "rules", "r", []string{rules.DefaultName}, "a rule file or a folder of them, repeatable; 'default' is the built-in set")
	addFormat(cmd)
	return cmd
}

// doctor tries what a set of rules asks of a machine.
type doctor struct {
	set      *rules.Set
	findings []finding
	refused  map[string]error    // why a source does not work, or nil
	unseen   map[string][]string // the calls that a source cannot see
}

// examine tries everything, and reports whether a command can be watched.
func (d *doctor) examine() bool {
	d.machine()
	d.ptrace()
	d.ebpf()
	works := d.choose()
	for _, r := range d.set.Rules {
		d.rule(r)
	}
	return works
}

// add adds what was found out: the detail, or the error in its place.
func (d *doctor) add(check, detail string, err error) {
	if err != nil {
		detail = brief(err)
	}
	d.findings = append(d.findings, finding{Check: check, OK: err == nil, Detail: detail})
}

// brief is an error as one line: of one with many, such as what the kernel's
// verifier has to say, the first and how it ends.
func brief(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	if n := len(lines); n > 5 {
		lines = []string{lines[0], "...", lines[n-2], lines[n-1]}
	}
	return strings.Join(lines, "; ")
}

// ptrace tries the source that traces.
func (d *doctor) ptrace() {
	stops := seccomp.ByNotice
	if seccomp.ProbeListener() != nil { // told of by a check of its own
		stops = seccomp.ByTrace
	}
	filter, gaps, err := seccomp.Compile(d.set.Needs(), stops)
	d.add("seccomp filter", fmt.Sprintf("%d instructions for these rules", len(filter)/8), err)
	if err == nil {
		err = tracer.Probe(d.set.Needs(), filter, stops)
	}
	d.refused[event.SourcePtrace], d.unseen[event.SourcePtrace] = err, gaps.Unknown
	d.add("ptrace source", "a command can be launched and watched; its calls stop by "+nameOf(stops), err)
}

// ebpf tries the source in the kernel, first each thing that it wants.
func (d *doctor) ebpf() {
	var blind error // why operations of io_uring go unseen
	for _, c := range kernel.Checks() {
		detail := "the eBPF source wants it"
		if c.Optional {
			detail = "operations of io_uring are seen by it"
		}
		if c.Optional && c.Err != nil {
			blind = c.Err
		}
		d.add(c.Name, detail, unprivileged(c.Err))
	}
	d.capabilities()
	d.load()
	if d.refused[event.SourceEBPF] != nil {
		blind = errors.New("the eBPF source does not work")
	}
	if blind != nil {
		blind = fmt.Errorf("under ptrace never, and not here by eBPF: %w", blind)
	}
	d.add("io_uring operations", "seen by eBPF; under ptrace never", blind)
}

// load tries the source in the kernel itself, with what the rules need.
func (d *doctor) load() {
	needs, calls := d.set.Needs(), seccomp.Calls(d.set.Needs(), seccomp.ByTrace)
	begin := time.Now()
	probe, err := loadProbe(kernel.Config{Needs: needs, Calls: calls, Gate: d.set.Matcher(), Tree: true})
	took := time.Since(begin).Round(time.Millisecond)
	if err == nil {
		err = probe.Close()
	}
	d.refused[event.SourceEBPF], d.unseen[event.SourceEBPF] = err, kernel.Unseen(needs, calls)
	d.add("ebpf source", fmt.Sprintf("loaded and attached for these rules in %v", took), err)
}

// unprivileged adds to the kernel's refusal of bpf(2) whom it lets use that at all.
func unprivileged(err error) error {
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("%w (%s)", err, sysctl("kernel.unprivileged_bpf_disabled"))
	}
	return err
}

// choose tells which source auto takes here and why, and reports whether there is one.
func (d *doctor) choose() bool {
	var before []error
	name, err := choose(func(name string) error { return d.refused[name] }, func(name string, err error) {
		before = append(before, fmt.Errorf("not %s: %w", name, err))
	})
	detail := name + ", the first of " + strings.Join(preferred, ", ") + " that works"
	if refused := errors.Join(before...); refused != nil {
		detail = name + ", " + brief(refused)
	}
	if err != nil {
		err = errors.Join(before...)
	}
	d.add("run --source auto", detail, err)
	return err == nil
}
