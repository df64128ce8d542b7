package main

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/rules"
	"tiercel/seccomp"
)

// needs returns what the default rules need to be told of.
func needs() (*event.Needs, error) {
	set, problems, err := rules.Load([]string{rules.DefaultName})
	if err != nil {
		return nil, fmt.Errorf("read the default rules: %w", err)
	}
	if set == nil {
		return nil, fmt.Errorf("compile the default rules: %w", problems)
	}
	return set.Needs(), nil
}

// filterHeader returns the filter by which tiercel is notified under these, as C.
func filterHeader() (string, error) {
	needs, err := needs()
	if err != nil {
		return "", err
	}
	program, _, err := seccomp.Compile(needs, seccomp.ByNotice)
	if err != nil {
		return "", fmt.Errorf("make the filter: %w", err)
	}
	var b strings.Builder
	b.WriteString("#include <linux/filter.h>\n#include <linux/seccomp.h>\n\nstatic const struct sock_filter filter[] = {\n")
	for i := 0; i < len(program); i += unix.SizeofSockFilter {
		code, k := binary.NativeEndian.Uint16(program[i:]), binary.NativeEndian.Uint32(program[i+4:])
		fmt.Fprintf(&b, "\t{%#x, %d, %d, %#x},\n", code, program[i+2], program[i+3], k)
	}
	return b.String() + "};\n", nil
}

// watched returns the calls of this architecture that the default rules have tiercel watch, by number.
func watched() (names map[uint32]string, err error) {
	needs, err := needs()
	if err != nil {
		return nil, err
	}
	names = map[uint32]string{}
	for call, row := range seccomp.Calls(needs, seccomp.ByTrace) {
		if !call.Is32 {
			names[call.Number] = event.Table[row].Names()[0] // the others are 32-bit ones
		}
	}
	return names, nil
}

// script is bpftrace's, which prints a line where such a call ends. That is one
// probe: with one for each call, bpftrace takes six seconds to start and end.
func script(calls map[uint32]string) string {
	var numbers strings.Builder
	for _, number := range slices.Sorted(maps.Keys(calls)) {
		fmt.Fprintf(&numbers, "@watched[%d] = 1; ", number)
	}
	return "BEGIN { " + numbers.String() + `} tracepoint:raw_syscalls:sys_exit /@watched[args->id]/ { printf("%s %d %d %d\n", comm, tid, args->id, args->ret); } END { clear(@watched); }`
}

var unknownToPerf = regexp.MustCompile(`syntax error: '(\w+)`)

// perfKnows returns those of the names that perf takes, which ends at the first
// that is newer than it; none where it takes none.
func perfKnows(calls []string) []string {
	known := slices.Clone(calls)
	for len(known) > 0 {
		out, err := exec.Command("perf", "trace", "-o", "/dev/null", "-e", strings.Join(known, ","), "true").CombinedOutput()
		unknown := unknownToPerf.FindSubmatch(out)
		if err == nil || unknown == nil { // without it the way says itself what is wrong
			break
		}
		known = slices.DeleteFunc(known, func(name string) bool { return name == string(unknown[1]) })
	}
	return known
}
