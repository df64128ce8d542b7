// Package seccomp turns rows of the event table into a seccomp filter, and
// installs it.
//
// A call of a watched row stops with RET_TRACE and the row's index as data, so
// that whoever traces the process gets the row back from the kernel and needs no
// table of system call numbers. Where rules ask for arguments that registers hold,
// only calls with these stop. All other calls run on. Calls by an entry that
// the filter does not know (x32) are refused with ENOSYS, never let through
// unseen.
//
// The trap: a filter cannot be taken off again, and a RET_TRACE that nobody
// traces gives the workload ENOSYS.
package seccomp

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	lib "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// Program is a filter as the kernel takes it: an array of struct sock_filter.
type Program []byte

// instruction is the size of a struct sock_filter, in bytes.
const instruction = 8

// Len returns the number of its instructions.
func (p Program) Len() int { return len(p) / instruction }

// MaxInstructions is how long a filter the kernel takes (BPF_MAXINSNS).
const MaxInstructions = 4096

// compatible lists the 32-bit entries that a kernel for each architecture has beside its own.
var compatible = map[string]lib.ScmpArch{"amd64": lib.ArchX86, "arm64": lib.ArchARM}

// Gaps is what of the needs a filter does not do.
type Gaps struct {
	Unknown []string // rows of whose calls the installed libseccomp has no number here: these go unseen
	Whole   []string // rows of which all calls stop, as there was no room to look at their arguments
}

// Compile returns the filter for the rows that the needs watch. Of a row those
// calls stop whose arguments may be what is wanted.
func Compile(needs *event.Needs, stops Stops) (prog Program, gaps Gaps, err error) {
	f, err := newFilter()
	if err != nil {
		return nil, gaps, err
	}
	defer f.Release()
	tests := map[int][]unix.SockFilter{}
	for row := range event.Table {
		where, act := stops.where(needs, row), stops.action(row)
		if len(where) == 0 {
			continue
		}
		if !slices.ContainsFunc(where, isAny) {
			tests[row], act = stops.tests(row, where), mark(row)
		}
		missing, err := addRow(f, row, act)
		if err != nil {
			return nil, gaps, fmt.Errorf("add %s to filter: %w", event.Table[row].Name, err)
		}
		gaps.Unknown = append(gaps.Unknown, missing...)
	}
	if prog, err = export(f); err != nil {
		return nil, gaps, err
	}
	prog, loose := stops.narrow(prog, tests)
	for _, row := range loose {
		gaps.Whole = append(gaps.Whole, event.Table[row].Name)
	}
	return prog, gaps, nil
}

func newFilter() (*lib.ScmpFilter, error) {
	f, err := lib.NewFilter(lib.ActAllow)
	if err != nil {
		return nil, fmt.Errorf("make filter: %w", err)
	}
	steps := []error{
		f.SetBadArchAction(lib.ActErrno.SetReturnCode(int16(unix.ENOSYS))),
		f.SetOptimize(2), // a binary tree instead of a list
	}
	if arch, ok := compatible[runtime.GOARCH]; ok {
		steps = append(steps, f.AddArch(arch))
	}
	if err := errors.Join(steps...); err != nil {
		f.Release()
		return nil, fmt.Errorf("set up filter: %w", err)
	}
	return f, nil
}

// addRow adds all calls of a row, and returns the row's name if the library has a
// number for none of them.
func addRow(f *lib.ScmpFilter, row int, act lib.ScmpAction) (unknown []string, err error) {
	known := false
	for _, name := range event.Table[row].Names() {
		call, err := lib.GetSyscallFromName(name)
		if err != nil {
			continue
		}
		known = known || isNumbered(name)
		if err := f.AddRule(call, act); err != nil {
			return nil, err
		}
	}
	if !known && len(event.Table[row].Names()) > 0 {
		unknown = []string{event.Table[row].Name}
	}
	return unknown, nil
}

// neverNumbered is where the numbers end that libseccomp makes up for calls
// which an architecture lacks; above it, and below 0, are those that i386 makes
// by way of a multiplexer (seccomp-syscalls.h).
const neverNumbered = -10000

// isNumbered reports whether a call of that name can be made by one of this machine's entries.
func isNumbered(name string) bool {
	for _, arch := range arches() {
		if n, err := lib.GetSyscallFromNameByArch(name, arch); err == nil && n > neverNumbered {
			return true
		}
	}
	return false
}

// export takes the filter out by a pipe: ExportBPFMem fails on libseccomp 2.5, and
// of a file RLIMIT_FSIZE may not leave room enough.
func export(f *lib.ScmpFilter) (Program, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	defer r.Close()
	exported := make(chan error, 1)
	go func() { exported <- errors.Join(f.ExportBPF(w), w.Close()) }()
	prog, err := io.ReadAll(r)
	if err = errors.Join(err, <-exported); err != nil {
		return nil, fmt.Errorf("export filter: %w", err)
	}
	if n := Program(prog).Len(); n > MaxInstructions {
		return nil, fmt.Errorf("filter of %d instructions, the kernel takes %d", n, MaxInstructions)
	}
	return prog, nil
}
