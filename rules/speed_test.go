package rules

import (
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

func defaultSet(t testing.TB) *Set {
	t.Helper()
	return compileAll(t, DefaultName)
}

// stockFolder has the reference's own rules, where they are here.
func stockFolder(t testing.TB) string {
	t.Helper()
	return filepath.Join(falcoFolder(t), "rules")
}

func compileAll(t testing.TB, paths ...string) *Set {
	t.Helper()
	files, err := Read(paths)
	require.NoError(t, err)
	set, problems := Compile(files)
	require.NotNil(t, set, "%v", problems)
	return set
}

// ruleSets are the paths of the sets that are measured.
var ruleSets = []struct {
	name  string
	paths func(t testing.TB) []string
}{
	{"built-in", func(testing.TB) []string { return []string{DefaultName} }},
	{"stock and built-in", func(t testing.TB) []string { return []string{stockFolder(t), DefaultName} }},
}

// everyday are events such as any program has, at their entries and at their ends.
func everyday() map[string][2]event.Event {
	both := func(r *recorder, ret int64, facts func(*recorder)) [2]event.Event {
		entry := append(event.Event(nil), r.Event()...)
		facts(r)
		return [2]event.Event{entry, r.ret(ret).Event()}
	}
	nothing := func(*recorder) {}
	s := event.Socket{Domain: 2, Kind: 1, Local: []byte(ip4(10, 0, 0, 1, 5000)), Remote: []byte(ip4(10, 0, 0, 2, 443))}
	return map[string][2]event.Event{
		"openat":       both(newEvent("openat", 1<<64-100, 0, 0x80000).with(1, "/usr/lib/locale/C.utf8/LC_CTYPE"), 3, nothing),
		"openat write": both(newEvent("openat", 1<<64-100, 0, 0x80241, 0o600).with(1, "/tmp/scratch"), 3, nothing),
		"openat dot":   both(newEvent("openat", 1<<64-100, 0, 0x80000).with(1, "a/../LC_CTYPE"), 3, func(r *recorder) { r.with(event.Base+1, "/usr/lib") }),
		"close":        both(newEvent("close", 3), 0, nothing),
		"connect":      both(newEvent("connect", 3).with(1, ip4(10, 0, 0, 2, 443)), 0, func(r *recorder) { r.with(event.FactSocket, string(s.Append(nil))) }),
		"execve":       both(newEvent("execve").with(0, "/usr/bin/cat").with(1, "cat\x00-n\x00/etc/hosts\x00"), 0, nothing),
		"unlinkat":     both(newEvent("unlinkat", 1<<64-100).with(1, "/tmp/scratch"), 0, nothing),
		"setuid":       both(newEvent("setuid", 1000), 0, nothing),
		"mmap":         both(newEvent("mmap", 0, 4096, 1, 2, 3), 1<<40, nothing),
		"clone":        both(newEvent("clone", 0x1200011), 321, nothing),
		"fchmod":       both(newEvent("fchmod", 3, 0o644), 0, func(r *recorder) { r.with(event.FactObject, "/tmp/scratch") }),
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	for _, rs := range ruleSets {
		t.Run(rs.name, func(t *testing.T) {
			m := compileAll(t, rs.paths(t)...).Matcher()
			random := rand.New(rand.NewPCG(1, 1))
			for name, ev := range everyday() {
				checkAllocs(t, name, func() { m.Decide(ev[0]) })
			}
			for range 200 {
				entry, _ := randomEvent(random)
				checkAllocs(t, entry.Row().Name, func() { m.Decide(entry) })
			}
		})
	}
}

func TestMatchAllocatesNothingWhenNothingMatches(t *testing.T) {
	for _, rs := range ruleSets {
		t.Run(rs.name, func(t *testing.T) { checkQuietMatches(t, compileAll(t, rs.paths(t)...).Matcher()) })
	}
}

func checkQuietMatches(t *testing.T, m *Matcher) {
	t.Helper()
	proc, quiet := cat(), 0
	for name, ev := range everyday() {
		if match(m, ev[1], proc) != "" {
			continue
		}
		quiet++
		checkAllocs(t, name, func() {
			m.View().Begin(ev[1], proc, event.Whole)
			m.Match()
		})
	}
	if quiet < 4 {
		t.Errorf("got %d everyday events that match no rule, want 4 or more", quiet)
	}
}

func checkAllocs(t *testing.T, name string, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(20, f); got != 0 {
		t.Errorf("%s: got %v allocations, want 0", name, got)
	}
}

// What archives are unpacked with, and folders removed, is decided at its entry. The descriptor
// of a folder that a path starts from is no reason to wait for a call's end.
func TestBuiltInRulesLetOrdinaryChangesOfFilesGo(t *testing.T) {
	const folder = 5
	m := compileAll(t, DefaultName).Matcher()
	for _, r := range []*recorder{
		newEvent("unlinkat", folder).with(1, "x").with(event.Base+1, "/srv/a"),
		newEvent("unlinkat", folder, 0, 0x200).with(1, "x").with(event.Base+1, "/srv"),
		newEvent("symlinkat", 0, folder).with(0, "y").with(2, "x").with(event.Base+2, "/srv/a"),
		newEvent("linkat", folder, 0, folder).with(1, "y").with(event.Base+1, "/srv/a").with(3, "x").with(event.Base+3, "/srv/a"),
		newEvent("renameat", folder, 0, folder).with(1, "y").with(event.Base+1, "/srv/a").with(3, "x").with(event.Base+3, "/srv/a"),
		newEvent("mkdirat", folder, 0, 0o755).with(1, "x").with(event.Base+1, "/srv/a"),
		newEvent("fchmodat", folder, 0, 0o644).with(1, "x").with(event.Base+1, "/srv/a"),
		newEvent("unlink").with(0, "/srv/a/x"),
		newEvent("rename").with(0, "/srv/a/y").with(1, "/srv/a/x"),
	} {
		if ev := r.Event(); m.Decide(ev) != event.Drop {
			t.Errorf("%s: got that a rule may match, want that none can", ev.Row().Name)
		}
	}
}

// TestCompiledSetIsSmall bounds what all stock rules hold while a workload runs.
func TestCompiledSetIsSmall(t *testing.T) {
	const limit = 4 << 20
	paths := []string{stockFolder(t), DefaultName}
	compileAll(t, paths...) // what is made once
	before := heap()
	set := compileAll(t, paths...)
	m := set.Matcher()
	if got := heap() - before; got > limit {
		t.Errorf("got %d bytes, want %d or less", got, limit)
	} else {
		t.Logf("%d rules, %d comparisons: %d KiB", len(set.Rules), len(m.memo), got>>10)
	}
}

// heap is the bytes that are reachable.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first made free of finalizers
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func BenchmarkMatch(b *testing.B) {
	benchmarkEveryday(b, func(m *Matcher, ev [2]event.Event, proc *event.Process) {
		m.View().Begin(ev[1], proc, event.Whole)
		m.Match()
	})
}

func BenchmarkDecide(b *testing.B) {
	benchmarkEveryday(b, func(m *Matcher, ev [2]event.Event, _ *event.Process) { m.Decide(ev[0]) })
}

// benchmarkEveryday measures f over each everyday event, with each set of rules.
func benchmarkEveryday(b *testing.B, f func(*Matcher, [2]event.Event, *event.Process)) {
	proc := cat()
	for _, rs := range ruleSets {
		b.Run(rs.name, func(b *testing.B) {
			m := compileAll(b, rs.paths(b)...).Matcher()
			for name, ev := range everyday() {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						f(m, ev, proc)
					}
				})
			}
		})
	}
}

func BenchmarkCompileRules(b *testing.B) {
	for _, rs := range ruleSets {
		b.Run(rs.name, func(b *testing.B) {
			files, err := Read(rs.paths(b))
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				Compile(files)
			}
		})
	}
}

func BenchmarkLoadBuiltInRules(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _, err := Load([]string{DefaultName})
		require.NoError(b, err)
	}
}
