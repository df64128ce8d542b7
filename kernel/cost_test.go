package kernel

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// workerName is argv[0] of this binary where it makes calls to be measured: not
// in the process of the probe, which is not watched.
const workerName = "kernel.test: worker"

// work makes each kind of call that it reads the name of, and writes how long one took, in nanoseconds.
func work() {
	path := append([]byte(os.Args[1]), 0)
	other := append([]byte(os.Args[2]), 0)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		call := map[string]func(){"getppid": getppid, "open": func() { open(path) }, "other": func() { open(other) }}[lines.Text()]
		const calls = 50_000
		start := time.Now()
		for range calls {
			call()
		}
		fmt.Println(float64(time.Since(start).Nanoseconds()) / calls)
	}
}

// worker is a process that makes calls when told to.
type worker struct {
	orders  io.Writer
	results *bufio.Scanner
}

func newWorker(b *testing.B) *worker {
	dir := b.TempDir()
	paths := []string{filepath.Join(dir, "asked-for"), filepath.Join(dir, "other")}
	for _, p := range paths {
		require.NoError(b, os.WriteFile(p, nil, 0o600))
	}
	cmd := exec.Command("/proc/self/exe", paths...)
	cmd.Args[0] = workerName
	orders, err := cmd.StdinPipe()
	require.NoError(b, err)
	results, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() { require.NoError(b, cmd.Wait()) })
	b.Cleanup(func() { require.NoError(b, orders.Close()) })
	return &worker{orders, bufio.NewScanner(results)}
}

func (w *worker) measure(b *testing.B, call string) (ns float64) {
	_, err := fmt.Fprintln(w.orders, call)
	require.NoError(b, err)
	require.True(b, w.results.Scan())
	_, err = fmt.Sscan(w.results.Text(), &ns)
	require.NoError(b, err)
	return ns
}

// opens asks for every openat, with its path and what the descriptor is of.
func opens() *event.Needs {
	n := &event.Needs{}
	row := &n.Rows[event.Lookup("openat")]
	row.Match = true
	return n
}

// BenchmarkCost measures what a call costs more with the probe than without, in
// rounds that take turns: one that no rule watches, one that is captured with its
// path, and one whose path no rule asks for.
func BenchmarkCost(b *testing.B) {
	needUsable(b)
	only := opens()
	only.Rows[event.Lookup("openat")].Only = []event.Clause{{Path: true}}
	only.Rows[event.Lookup("openat")].Paths = &event.Paths{Param: 1, Prefixes: []string{"/etc/"}}
	for _, c := range []struct {
		name, call string
		needs      *event.Needs
	}{{"unwatched", "getppid", opens()}, {"captured", "open", opens()}, {"filtered by path", "other", only}} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorker(b)
			var bare, added []float64
			for b.Loop() {
				before := w.measure(b, c.call)
				with := watched(b, c.needs, func() float64 { return w.measure(b, c.call) })
				bare, added = append(bare, before), append(added, with-before)
			}
			b.ReportMetric(median(bare), "ns/bare")
			b.ReportMetric(median(added), "ns/added")
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// watched calls f while a probe watches the machine.
func watched(b *testing.B, needs *event.Needs, f func() float64) float64 {
	probe, err := New(Config{Needs: needs, Calls: map[event.Call]int{{Number: unix.SYS_OPENAT}: event.Lookup("openat")}, Gate: everything{}})
	require.NoError(b, err)
	ring := event.NewRing(event.DefaultRing)
	ctx, cancel := context.WithCancel(b.Context())
	drained := make(chan error, 2)
	go func() { drained <- ring.Drain(context.Background(), func(event.Event) {}) }()
	go func() { drained <- probe.Run(ctx, ring) }()
	time.Sleep(50 * time.Millisecond)
	ns := f()
	cancel()
	require.NoError(b, <-drained)
	require.NoError(b, <-drained)
	require.NoError(b, probe.Close())
	return ns
}
