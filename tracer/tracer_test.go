package tracer

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
	"tiercel/tracer/keeper"
	"tiercel/tracer/launch"
)

// loopVariable makes the test binary a workload: it opens files that are not there so many times.
const loopVariable = "TIERCEL_TEST_LOOP"

// loopPaths are the absolute and the relative one that it opens in turn.
var loopPaths = [...]string{"/nowhere/at/all", "nowhere/at/all"}

func TestMain(m *testing.M) {
	keeper.Keep()
	if n, err := strconv.Atoi(os.Getenv(loopVariable)); err == nil {
		for i := range n {
			_, _ = unix.Open(loopPaths[i%len(loopPaths)], unix.O_RDONLY, 0)
		}
		os.Exit(0)
	}
	if script := os.Getenv(leaveVar); script != "" {
		if err := superviseScript(script); err != nil {
			os.Stderr.WriteString(err.Error())
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// verdict is a gate that says the same of every call.
type verdict event.Verdict

func (v verdict) Decide(event.Event) event.Verdict { return event.Verdict(v) }

// watching returns needs that match the named rows.
func watching(names ...string) *event.Needs {
	var n event.Needs
	for _, name := range names {
		n.Rows[event.Lookup(name)].Match = true
	}
	return &n
}

// doors are the ways by which calls stop.
var doors = map[string]seccomp.Stops{"traced": seccomp.ByTrace, "noticed": seccomp.ByNotice}

// throughEach runs a test by each door that the kernel has.
func throughEach(t *testing.T, test func(t *testing.T, door seccomp.Stops)) {
	for name, door := range doors {
		t.Run(name, func(t *testing.T) {
			if err := seccomp.ProbeListener(); door == seccomp.ByNotice && err != nil {
				t.Skipf("needs notifications that no signal interrupts: %v", err)
			}
			test(t, door)
		})
	}
}

// started starts the child that becomes a command.
func started(t testing.TB, command launch.Command) *launch.Child {
	t.Helper()
	child, err := launch.Start(command)
	require.NoError(t, err)
	return child
}

// run traces a command and returns the tracer and copies of its events.
func run(t testing.TB, needs *event.Needs, gate Gate, argv ...string) (*Tracer, []event.Event, error) {
	t.Helper()
	return runThrough(t, seccomp.ByTrace, needs, gate, argv...)
}

func runThrough(t testing.TB, door seccomp.Stops, needs *event.Needs, gate Gate, argv ...string) (*Tracer, []event.Event, error) {
	t.Helper()
	command, err := launch.Find(argv)
	require.NoError(t, err)
	filter, _, err := seccomp.Compile(needs, door)
	require.NoError(t, err)
	tr := New(Config{Child: started(t, command), Needs: needs, Filter: filter, Gate: gate, Linger: true, Stops: door})
	ring := event.NewRing(event.DefaultRing)
	var events []event.Event
	drained := make(chan error, 1)
	go func() {
		drained <- ring.Drain(context.Background(), func(ev event.Event) {
			events = append(events, append(event.Event(nil), ev...))
		})
	}()
	err = tr.Run(context.Background(), ring)
	require.NoError(t, <-drained)
	return tr, events, err
}

// rows returns the events of a row.
func rows(events []event.Event, name string) (found []event.Event) {
	for _, ev := range events {
		if ev.Row().Name == name {
			found = append(found, ev)
		}
	}
	return found
}

func TestRunReportsTheExitStatus(t *testing.T) {
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		for _, c := range []struct {
			script string
			want   int
		}{{"exit 0", 0}, {"exit 7", 7}, {"kill -9 $$", 137}, {"kill -15 $$", 143}} {
			tr, _, err := runThrough(t, door, watching(), verdict(event.Drop), "sh", "-c", c.script)
			require.NoError(t, err)
			if tr.ExitCode() != c.want {
				t.Errorf("%s: got %d, want %d", c.script, tr.ExitCode(), c.want)
			}
		}
	})
}

// What rules see of a process's end is made of the status as wait(2) has it.
func TestAProcessEndsWithTheStatusOfWait(t *testing.T) {
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		for _, c := range []struct {
			script string
			want   unix.WaitStatus
		}{{"exit 0", 0}, {"exit 7", 7 << 8}, {"kill -15 $$", 15}} {
			_, events, err := runThrough(t, door, watching(), verdict(event.Drop), "sh", "-c", c.script)
			require.NoError(t, err)
			ends := rows(events, "procexit")
			require.Len(t, ends, 1)
			if got := unix.WaitStatus(ends[0].Arg(0)); got != c.want {
				t.Errorf("%s: got status %#x, want %#x", c.script, got, c.want)
			}
		}
	})
}

func TestACommandThatCannotBeExecutedIsAnError(t *testing.T) {
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		path := t.TempDir() + "/script"
		require.NoError(t, os.WriteFile(path, []byte("#!/no/interpreter\n"), 0o755))
		_, _, err := runThrough(t, door, watching(), verdict(event.Drop), path)
		var start *launch.StartError
		if !errors.As(err, &start) || start.Code != launch.ExitNotFound {
			t.Errorf("got %v, want status %d", err, launch.ExitNotFound)
		}
	})
}

func TestEventsCarryArgumentsAndResults(t *testing.T) {
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		_, events, err := runThrough(t, door, watching("openat", "open"), verdict(event.Watch), "sh", "-c", ": </etc/passwd; : <relative")
		require.NoError(t, err)
		found := map[string]int64{}
		for _, ev := range append(rows(events, "openat"), rows(events, "open")...) {
			path, _ := ev.Bytes(event.Part(ev.Row().Param("name")))
			ret, ok := ev.Ret()
			if !ok {
				t.Errorf("open of %s: no result", path)
			}
			found[string(path)] = ret
		}
		if found["/etc/passwd"] < 3 {
			t.Errorf("open of /etc/passwd: got %d, want a descriptor, in %v", found["/etc/passwd"], found)
		}
		if found["relative"] != -int64(unix.ENOENT) {
			t.Errorf("open of relative: got %d, want %d", found["relative"], -int64(unix.ENOENT))
		}
	})
}

// seen is a gate that lets nothing through, and keeps what it was asked: paths, and where they start from.
type seen map[string]string

func (s seen) Decide(ev event.Event) event.Verdict {
	part := event.Part(ev.Row().Param("name"))
	path, _ := ev.Bytes(part)
	base, _ := ev.Bytes(event.Base + part)
	s[string(path)] = string(base)
	return event.Drop
}

func TestTheGateIsAskedOnlyWhatMayMatch(t *testing.T) {
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		needs, asked := watching("openat"), seen{}
		need := &needs.Rows[event.Lookup("openat")]
		need.Only = []event.Clause{{Path: true}}
		dir := t.TempDir()
		need.Paths = &event.Paths{Param: 1, Texts: []string{"/etc/passwd", dir + "/relative"}}
		_, events, err := runThrough(t, door, needs, asked, "sh", "-c", "cd "+dir+"; : </etc/hostname; : </etc/passwd; : <relative; : <other; : </srv/../etc/hostname")
		require.NoError(t, err)
		require.Equal(t, seen{"/etc/passwd": "", "relative": dir}, asked)
		require.Len(t, rows(events, "execve"), 1, "of one that executes the process is told of, whatever may match")
	})
}

func TestEveryProcessIsToldOfOnce(t *testing.T) {
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		tr, events, err := runThrough(t, door, watching(), verdict(event.Drop), "sh", "-c", "i=0; while [ $i -lt 50 ]; do (exit 0); /bin/true; i=$((i+1)); done")
		require.NoError(t, err)
		born, died := map[uint64]int{}, map[int]int{}
		for _, ev := range rows(events, "spawn") {
			born[ev.Arg(0)]++
		}
		for _, ev := range rows(events, "procexit") {
			died[ev.PID()]++
		}
		if len(born) != 101 || len(died) != 101 || tr.Counters().Processes != 101 {
			t.Errorf("got %d born, %d died, %d counted, want 101 each", len(born), len(died), tr.Counters().Processes)
		}
	})
}

// A debugger's child asks to be traced, which fails in what is traced already.
func TestAProgramThatAsksToBeTracedIs(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("needs python3: calls ptrace")
	}
	script := "import ctypes, os; os._exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) & 1)"
	tr, events, err := runThrough(t, seccomp.ByNotice, watching("ptrace"), verdict(event.Watch), "python3", "-c", script)
	require.NoError(t, err)
	if tr.ExitCode() != 0 || len(rows(events, "ptrace")) != 1 {
		t.Errorf("got status %d and %d events, want 0 and 1", tr.ExitCode(), len(rows(events, "ptrace")))
	}
}

func TestTheLedgerAddsUp(t *testing.T) {
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		tr, _, err := runThrough(t, door, watching("openat", "open", "close", "execve"), verdict(event.Watch), "sh", "-c", "for i in 1 2 3; do cat /etc/passwd; done >/dev/null; cat /missing 2>/dev/null")
		require.NoError(t, err)
		c := tr.Counters()
		if c.Seen == 0 || c.Seen != c.Filtered+c.Queued+c.Lost || c.Lost != 0 {
			t.Errorf("got %+v, want seen = filtered + queued, nothing lost", c)
		}
	})
}

func TestNoAllocationPerStop(t *testing.T) {
	const stops = 20000
	t.Setenv(loopVariable, strconv.Itoa(stops))
	throughEach(t, func(t *testing.T, door seccomp.Stops) {
		for _, gate := range []verdict{verdict(event.Drop), verdict(event.Watch)} {
			var before, after runtime.MemStats
			needs := watching("openat", "open")
			command, err := launch.Find([]string{os.Args[0]})
			require.NoError(t, err)
			filter, _, err := seccomp.Compile(needs, door)
			require.NoError(t, err)
			tr := New(Config{Child: started(t, command), Needs: needs, Filter: filter, Gate: gate, Stops: door})
			ring := event.NewRing(event.DefaultRing)
			go func() { _ = ring.Drain(context.Background(), func(event.Event) {}) }()
			runtime.ReadMemStats(&before)
			require.NoError(t, tr.Run(context.Background(), ring))
			runtime.ReadMemStats(&after)
			if got := float64(after.Mallocs-before.Mallocs) / stops; got > 0.1 { // start, end and a dozen processes' facts are in it
				t.Errorf("gate %d: got %.3f allocations a stop, want none", gate, got)
			}
			if tr.Counters().Entry < stops {
				t.Errorf("gate %d: got %d stops, want at least %d", gate, tr.Counters().Entry, stops)
			}
		}
	})
}

func TestTheLauncherIsNotDumpable(t *testing.T) {
	_, _, err := run(t, watching(), verdict(event.Drop), "true")
	require.NoError(t, err)
	got, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	require.NoError(t, err)
	if got != 0 {
		t.Errorf("got dumpable %d, want 0", got)
	}
}

func TestProbe(t *testing.T) {
	needs := watching("openat")
	filter, _, err := seccomp.Compile(needs, seccomp.ByTrace)
	require.NoError(t, err)
	if err := Probe(needs, filter, seccomp.ByTrace); err != nil {
		t.Errorf("got %v, want none where every other test runs", err)
	}
}

// BenchmarkCall is the cost of a failing open: bare, let through by the filter,
// stopped and dropped by the gate, and stopped twice and queued.
func BenchmarkCall(b *testing.B) {
	for _, c := range []struct {
		name  string
		needs *event.Needs
		gate  verdict
	}{{"unwatched", watching("ptrace"), 0}, {"entry", watching("openat", "open"), verdict(event.Drop)}, {"exit", watching("openat", "open"), verdict(event.Watch)}} {
		b.Run(c.name, func(b *testing.B) {
			b.Setenv(loopVariable, strconv.Itoa(b.N))
			_, _, err := run(b, c.needs, c.gate, os.Args[0])
			require.NoError(b, err)
		})
		b.Run(c.name+" noticed", func(b *testing.B) {
			b.Setenv(loopVariable, strconv.Itoa(b.N))
			_, _, err := runThrough(b, seccomp.ByNotice, c.needs, c.gate, os.Args[0])
			require.NoError(b, err)
		})
	}
	b.Run("bare", func(b *testing.B) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), loopVariable+"="+strconv.Itoa(b.N))
		require.NoError(b, cmd.Run())
	})
}

func TestPathsOfFactsAreReadable(t *testing.T) {
	needs := watching("connect")
	needs.Rows[event.Lookup("connect")].Facts = 1<<event.FactObject | 1<<event.FactSocket | 1<<event.FactCwd | 1<<event.FactStdio
	script := `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))`
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("needs python3: connects")
	}
	_, events, err := run(t, needs, verdict(event.Watch), "python3", "-c", script)
	require.NoError(t, err)
	connects := rows(events, "connect")
	require.NotEmpty(t, connects)
	ev := connects[len(connects)-1]
	object, _ := ev.Bytes(event.FactObject)
	cwd, _ := ev.Bytes(event.FactCwd)
	here, err := os.Getwd()
	require.NoError(t, err)
	if !strings.HasPrefix(string(object), "socket:[") || string(cwd) != here || !ev.Has(event.FactSocket) {
		t.Errorf("got object %q, directory %q, want a socket and %q", object, cwd, here)
	}
}
