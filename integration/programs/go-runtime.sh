#!/bin/bash
# Go's own tests of its runtime, the short ones
# needs: go
# limit: 900
# differs ptrace: they run gdb and strace, and a process has one tracer; debug calls are skipped where there is one
set -o pipefail
go test -v -short -count=1 runtime |
	sed -nE 's/^ *(--- (PASS|FAIL|SKIP): [^ ]+).*/\1/p; s/^(ok|FAIL)[[:space:]]+([^[:space:]]+).*/\1 \2/p' | sort
