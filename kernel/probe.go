package kernel

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
)

// Gate says of an event whether a rule may match it. It is called on Run's goroutine.
type Gate interface {
	Decide(ev event.Event) event.Verdict
}

// Config is what a Probe is made of. Needs, Calls and Gate must be set.
type Config struct {
	Needs   *event.Needs
	Calls   map[event.Call]int // rows by the kernel's numbers
	Gate    Gate
	Ready   func() error // called by Run once all that happens from then on will be told, if set
	Tree    bool         // watch only the processes that this one starts from now on, and what comes of them, from their command's image on
	Outlive bool         // with Tree: if this process dies, what it watched goes on
}

// Probe is programs in the kernel, and the source of their events.
type Probe struct {
	objs    sourceObjects
	links   []link.Link
	entry   link.Link // of the program at the beginning of calls; nil while no row needs it
	ring    *ring
	wake    *waker
	tree    bool
	outlive bool
	ready   func() error
	wants   atomic.Pointer[wants]
	tracked tracked
	anew    chan chan error // asks Run to tell of all processes
	over    chan struct{}   // closed when Run ends

	rec  event.Builder
	proc *procfs.Reader

	counters event.Counters
	told     told
}

// wants is what the rules ask for at the moment.
type wants struct {
	needs *event.Needs
	gate  Gate
}

// New loads the programs into the kernel and attaches them: what happens from
// then on is in the ring, and Run will tell it. It needs CAP_BPF and
// CAP_PERFMON, which Run does not. The error says what the kernel refused; where
// its verifier did, it is an *ebpf.VerifierError with all that it said.
func New(c Config) (*Probe, error) {
	p := &Probe{tree: c.Tree, outlive: c.Outlive, ready: c.Ready, told: told{quiet: event.Now()}, anew: make(chan chan error, 1), over: make(chan struct{})}
	p.proc = procfs.New(&p.rec)
	defer liftMemlock()()
	if err := p.load(); err != nil {
		return nil, err
	}
	err := p.prepare()
	if err == nil {
		err = p.Update(c.Needs, c.Calls, c.Gate)
	}
	if err == nil {
		err = p.attach()
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Probe) load() error {
	spec, err := loadSource()
	if err != nil {
		return err
	}
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count processors: %w", err)
	}
	spec.Maps[sourceMapScratches].MaxEntries = uint32(cpus)
	if p.tree {
		spec.Maps[sourceMapRing].MaxEntries = treeRing
	}
	types, err := kernelTypes()
	if err != nil {
		return fmt.Errorf("read kernel types: %w", err)
	}
	if err := spec.LoadAndAssign(&p.objs, &ebpf.CollectionOptions{Programs: ebpf.ProgramOptions{KernelTypes: types}}); err != nil {
		return fmt.Errorf("load eBPF programs: %w", err)
	}
	return nil
}

// liftMemlock lifts the limit of locked memory, as maps count as that before Linux
// 5.11, and returns what sets it again: commands that are run inherit it. If it
// cannot be lifted, loading tells whether that matters; lowering it is always allowed.
func liftMemlock() (lower func()) {
	var limit unix.Rlimit
	none := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit) != nil || unix.Setrlimit(unix.RLIMIT_MEMLOCK, &none) != nil {
		return func() {}
	}
	return func() { _ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit) }
}

// The capacities of the ring, in bytes: of the machine as bpf/source.h has it.
const treeRing = 1 << 22

// What programs go on with, as bpf/source.h numbers it.
const (
	goOnWrite = iota
	goOnCallEnded
)

// prepare tells the programs where they are, and maps the ring.
func (p *Probe) prepare() (err error) {
	if _, err := p.objs.Locate.Run(&ebpf.RunOptions{}); err != nil {
		return fmt.Errorf("locate this process: %w", err)
	}
	size := int(p.objs.Ring.MaxEntries())
	if p.ring, err = openRing(p.objs.Ring.FD(), size); err != nil {
		return err
	}
	if p.wake, err = newWaker(p.objs.Ring.FD()); err != nil {
		return err
	}
	return errors.Join(
		p.objs.Boot.Set(p.proc.Boot), p.setEpoch(), p.objs.Scoped.Set(uint32(bit(p.tree))), p.objs.ShedAbove.Set(uint64(size/4*3)),
		p.objs.InfoRow.Set(uint32(event.RowProcInfo)), p.objs.SpawnRow.Set(uint32(event.RowSpawn)), p.objs.ExitRow.Set(uint32(event.RowProcExit)),
		p.objs.ExecRow.Set(uint32(event.Lookup("execve"))), p.objs.ExecveatRow.Set(uint32(event.Lookup("execveat"))),
		p.objs.Further.Put(uint32(goOnWrite), p.objs.Write), p.objs.Further.Put(uint32(goOnCallEnded), p.objs.CallEnded), p.setHierarchies(), p.setOperations(),
	)
}

// setHierarchies says how lines of /proc/PID/cgroup begin, by our own.
func (p *Probe) setHierarchies() error {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return fmt.Errorf("read control groups: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		number, rest, _ := strings.Cut(line, ":")
		controllers, _, _ := strings.Cut(rest, ":")
		var id uint32
		h := sourceHierarchy{}
		start := number + ":" + controllers + ":"
		if _, err := fmt.Sscan(number, &id); err != nil || id >= p.objs.Hierarchies.MaxEntries() || len(start) > len(h.Text) {
			continue // not one that the programs could tell
		}
		for i := range start {
			h.Text[i] = int8(start[i])
		}
		h.N = uint32(len(start))
		if err := p.objs.Hierarchies.Put(id, &h); err != nil {
			return fmt.Errorf("set hierarchy: %w", err)
		}
	}
	return nil
}

// attached is the tracepoints that programs are attached to from beginning to
// end, and which, but for io_uring's.
var attached = []struct {
	tracepoint string
	program    func(*sourcePrograms) *ebpf.Program
}{
	{"sched_process_fork", func(p *sourcePrograms) *ebpf.Program { return p.ProcessForks }},
	{"sched_process_exec", func(p *sourcePrograms) *ebpf.Program { return p.ProcessExecutes }},
	{"sched_process_exit", func(p *sourcePrograms) *ebpf.Program { return p.ProcessExits }},
	{"signal_deliver", func(p *sourcePrograms) *ebpf.Program { return p.SignalDelivered }},
	{"sys_exit", func(p *sourcePrograms) *ebpf.Program { return p.CallEnds }},
}

// entryTracepoint is where the program at the beginning of calls is attached while a row needs it.
const entryTracepoint = "sys_enter"

// attach attaches the programs.
func (p *Probe) attach() error {
	for _, at := range attached {
		l, err := attach(at.tracepoint, at.program(&p.objs.sourcePrograms))
		if err != nil {
			return err
		}
		p.links = append(p.links, l)
	}
	return p.attachOperations()
}

func attach(tracepoint string, program *ebpf.Program) (link.Link, error) {
	l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: tracepoint, Program: program})
	if err != nil {
		return nil, fmt.Errorf("attach to %s: %w", tracepoint, err)
	}
	return l, nil
}

// detach ends the writing of events.
func (p *Probe) detach() error {
	var errs []error
	for _, l := range p.links {
		errs = append(errs, l.Close())
	}
	p.links = nil
	if p.entry != nil {
		errs = append(errs, p.entry.Close())
		p.entry = nil
	}
	return errors.Join(errs...)
}

// Close takes the programs out of the kernel.
func (p *Probe) Close() error {
	errs := []error{p.detach()}
	if p.ring != nil {
		errs = append(errs, p.ring.close())
	}
	if p.wake != nil {
		errs = append(errs, p.wake.close())
	}
	return errors.Join(append(errs, p.objs.Close())...)
}
