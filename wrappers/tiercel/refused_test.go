package main

import (
	"strings"
	"testing"
)

func TestTheHintNamesWhatRefusesPtrace(t *testing.T) {
	for _, c := range []struct{ name, status, scope, want string }{
		{"a tracer before all else", "TracerPid:\t12\nSeccomp:\t2\n", "3", "process 12 "},
		{"privileged tracers only", "TracerPid:\t0\nSeccomp:\t2\n", "2", "kernel.yama.ptrace_scope is 2: who has no CAP_SYS_PTRACE"},
		{"no tracers", "TracerPid:\t0\nSeccomp:\t0\n", "3", "kernel.yama.ptrace_scope is 3: nobody may trace"},
		{"children may be traced", "TracerPid:\t0\nSeccomp:\t2\n", "1", "a seccomp filter is in place"},
		{"a filter", "TracerPid:\t0\nSeccomp:\t2\n", "", "a seccomp filter is in place"},
		{"nothing to be seen", "TracerPid:\t0\nSeccomp:\t0\n", "", "is the command traced already, or does a security module"},
		{"no /proc", "", "", "is the command traced already, or does a security module"},
	} {
		if got := whyUntraceable(c.status, c.scope); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAKernelsNameTellsThatItIsGVisor(t *testing.T) {
	for release, want := range map[string]bool{"4.4.0 x86_64": true, "4.19.0-gvisor x86_64": true, "4.4.0-210-generic x86_64": false, "6.18.44 x86_64": false} {
		if got := isSandboxed(release); got != want {
			t.Errorf("%s: got %v, want %v", release, got, want)
		}
	}
}
