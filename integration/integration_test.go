// Package integration runs tiercel as its users do: each script below testdata
// is a story about one behaviour, with the real binary, kernel and servers.
//
// The trap: a script that wants something the machine may lack says so with a
// condition ([root], [docker], [exec:PROGRAM]); without one it must pass anywhere.
package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// binaries is the folder that the binaries under test are built in; scripts have it first in PATH.
var binaries string

func TestMain(m *testing.M) {
	code, err := withBinaries(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withBinaries builds what scripts run, where an ordinary user can reach it too.
func withBinaries(run func() int) (code int, err error) {
	if binaries, err = os.MkdirTemp("", "tiercel-integration-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(binaries)
	if err := os.Chmod(binaries, 0o755); err != nil {
		return 1, err
	}
	if err := build(filepath.Join(binaries, "tiercel")); err != nil {
		return 1, err
	}
	return run(), nil
}

// build builds tiercel as the Makefile does, or takes the one that TIERCEL_BINARY
// names (statically linked): where these tests are only run, there is no Go.
func build(path string) error {
	if binary := os.Getenv("TIERCEL_BINARY"); binary != "" {
		return copyProgram(path, binary)
	}
	cmd := exec.Command("go", "build", "-tags", "osusergo,netgo", "-o", path, "tiercel/wrappers/tiercel")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build tiercel: %w\n%s", err, out)
	}
	return nil
}

// copyProgram copies a program: a link would show where it leads to.
func copyProgram(path, from string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copy tiercel: %w", err)
	}
	return os.WriteFile(path, b, 0o755)
}

func TestScripts(t *testing.T) { runScripts(t, "testdata/script", commands) }
func TestRules(t *testing.T)   { runScripts(t, "testdata/rules", commands) }
func TestHost(t *testing.T)    { runScripts(t, "testdata/host", commands) }

// setup is what scripts find; way is the one that they run in, or nothing.
func setup(env *testscript.Env, way string) error {
	env.Setenv("PATH", binaries+string(filepath.ListSeparator)+os.Getenv("PATH"))
	env.Setenv("TIERCEL", filepath.Join(binaries, "tiercel"))
	env.Setenv("LC_ALL", "C")
	if way != "" {
		env.Vars = append(env.Vars, environment(way)...)
	}
	env.Setenv("HOME", env.WorkDir)
	return os.Chmod(env.WorkDir, 0o755)
}

// condition has what scripts ask for beside testscript's own conditions: the
// machine's capabilities, and the source that they run under, or without one, which
// there are; traced is whether what they run is traced for good, noticed whether just
// for a result, and can:ebpf and can:notify whether the machine has that, whatever they run under;
// yama is whether it keeps ordinary users from reading what they have not started.
func condition(way, cond string) (bool, error) {
	switch cond {
	case "ptrace", "ebpf":
		return sourceOf(way) == cond || way == "" && refusal(cond) == nil, nil
	case "traced":
		return way == traced, nil
	case "noticed":
		return way == noticed, nil
	case "can:ebpf":
		return refusal("ebpf") == nil, nil
	case "can:notify":
		return refusal(noticed) == nil, nil
	case "io_uring":
		return seesOperations(), nil
	case "root":
		return os.Geteuid() == 0, nil
	case "yama":
		scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
		return err == nil && string(scope) != "0\n", nil
	case "fuse":
		return unix.Access("/dev/fuse", unix.R_OK|unix.W_OK) == nil, nil
	case "docker":
		return exec.Command("docker", "info").Run() == nil, nil
	case "gate32":
		return hasGate(), nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// hasGate reports whether programs of 64 bits can make calls of 32 by int 0x80. Some
// virtual machines leave that out.
var hasGate = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "tiercel-gate-")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "gate")
	cc := exec.Command("cc", "-o", program, "-x", "c", "-")
	cc.Stdin = strings.NewReader(`int main(void) { int r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20)); return r <= 0; }`) // getpid
	return cc.Run() == nil && exec.Command(program).Run() == nil
})
