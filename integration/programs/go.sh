#!/bin/bash
# Go's own tests of files, processes, signals, calls and sockets
# needs: go
# limit: 600
set -o pipefail
go test -v -count=1 os os/exec os/signal syscall net |
	sed -nE 's/^ *(--- (PASS|FAIL|SKIP): [^ ]+).*/\1/p; s/^(ok|FAIL)[[:space:]]+([^[:space:]]+).*/\1 \2/p' | sort
