#!/bin/bash
# Go's own tests of files, processes, signals, calls and, the short ones, of sockets
# needs: go
# limit: 300
# differs ptrace: os's TestRemoveAllNoFcntl runs strace, and a process has one tracer
set -o pipefail
{
	go test -v -count=1 os os/exec os/signal syscall && go test -v -short -count=1 net # the long ones want the internet
} | sed -nE 's/^ *(--- (PASS|FAIL|SKIP): [^ ]+).*/\1/p; s/^(ok|FAIL)[[:space:]]+([^[:space:]]+).*/\1 \2/p' | sort
