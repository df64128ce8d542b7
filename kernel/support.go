package kernel

import (
	"errors"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"
)

// btfPath is where a kernel shows its own types (CONFIG_DEBUG_INFO_BTF).
const btfPath = "/sys/kernel/btf/vmlinux"

// Check is one thing that the source asks of a kernel, and why it is not to be had here, or nil.
type Check struct {
	Name     string
	Err      error
	Optional bool // only operations of io_uring go unseen without it
}

// Checks tries all that the source asks of a kernel, each by itself.
func Checks() []Check {
	_, btf := os.Stat(btfPath)
	checks := []Check{{Name: "btf", Err: btf}, {Name: "bpf ring buffer", Err: features.HaveMapType(ebpf.RingBuf)}}
	try, done := tracepointTrial()
	defer done()
	for _, at := range attached {
		checks = append(checks, Check{Name: tracepointCheck + at.tracepoint, Err: try(at.tracepoint)})
	}
	checks = append(checks, Check{Name: tracepointCheck + entryTracepoint, Err: try(entryTracepoint)})
	submit, complete, err := operationTracepoints()
	for _, name := range []string{submit, complete} {
		checks = append(checks, Check{tracepointCheck + name, errors.Join(err, try(name)), true})
	}
	return checks
}

// tracepointCheck begins the names of checks of tracepoints.
const tracepointCheck = "raw tracepoint "

// tracepointTrial returns what attaches a program that does nothing to a
// tracepoint and takes it off again, and what ends the program.
func tracepointTrial() (try func(name string) error, done func()) {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.RawTracepoint, License: "MIT", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	var errno unix.Errno
	if errors.As(err, &errno) {
		err = os.NewSyscallError("bpf(PROG_LOAD)", errno) // without the library's guess at why
	}
	if err != nil {
		return func(string) error { return err }, func() {}
	}
	return func(name string) error {
		l, err := attach(name, program)
		if err != nil {
			return err
		}
		return l.Close()
	}, func() { _ = program.Close() } // it was loaded to be tried
}

// Supported returns why the eBPF source could not run here, or nil.
func Supported() error {
	var errs []error
	for _, c := range Checks() {
		if !c.Optional {
			errs = append(errs, c.Err)
		}
	}
	return errors.Join(errs...)
}
