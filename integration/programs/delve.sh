#!/bin/bash
# delve: a breakpoint in one goroutine of many, and a step, of a Go program
# needs: dlv go
# limit: 180
# differs ptrace: a process has one tracer, and tiercel is it; --stops notify leaves it to the debugger
set -eu
mkdir program && cd program # Go takes no module right in the folder of temporary files
cat >main.go <<'END'
package main

import (
	"fmt"
	"os"
	"sync"
)

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return info.Size()
}

func main() {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { os.ReadFile("/etc/passwd") })
	}
	all.Wait()
	fmt.Println(size("/etc/hostname") > 0)
}
END
export GOCACHE=${GOCACHE:-$(go env GOCACHE)} GOFLAGS=-mod=mod
go mod init program 2>/dev/null
go build -gcflags 'all=-N -l' -ldflags=-compressdwarf=false -o program
printf '%s\n' 'break main.size' continue 'print path' next next continue quit >commands
status=0
dlv exec --check-go-version=false --allow-non-terminal-interactive=true --init commands ./program >log 2>&1 </dev/null || status=$?
echo "delve ends with $status"
sed -nE "s|$PWD/||g; s/0x[0-9a-f]+/ADDRESS/g; /main\.(size|main)|^\"\/|^true|has exited/p" log | sed -E 's/Process [0-9]+/Process N/; s/goroutine\([0-9]+\)/goroutine(N)/'
