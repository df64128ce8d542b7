package rules

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

func defaultSet(t testing.TB) *Set {
	t.Helper()
	return setFrom(t, DefaultName)
}

func setFrom(t testing.TB, paths ...string) *Set {
	t.Helper()
	files, err := Read(paths)
	require.NoError(t, err)
	set, problems := Compile(files)
	require.NotNil(t, set, "%v", problems)
	return set
}

func TestDefaultRulesCompileWithoutAWord(t *testing.T) {
	files, err := Read([]string{DefaultName})
	require.NoError(t, err)
	set, problems := Compile(files)
	if len(problems) > 0 || set == nil || len(set.Rules) == 0 {
		t.Errorf("got %v, problems %v, want rules and no problem", set, problems)
	}
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
		"openat":     both(newEvent("openat", 1<<64-100, 0, 0x80000).with(1, "/usr/lib/locale/C.utf8/LC_CTYPE"), 3, nothing),
		"openat dot": both(newEvent("openat", 1<<64-100, 0, 0x80000).with(1, "a/../LC_CTYPE"), 3, func(r *recorder) { r.with(event.Base+1, "/usr/lib") }),
		"close":      both(newEvent("close", 3), 0, nothing),
		"connect":    both(newEvent("connect", 3).with(1, ip4(10, 0, 0, 2, 443)), 0, func(r *recorder) { r.with(event.FactSocket, string(s.Append(nil))) }),
		"execve":     both(newEvent("execve").with(0, "/usr/bin/cat").with(1, "cat\x00-n\x00/etc/hosts\x00"), 0, nothing),
		"unlinkat":   both(newEvent("unlinkat", 1<<64-100).with(1, "/tmp/scratch"), 0, nothing),
		"setuid":     both(newEvent("setuid", 1000), 0, nothing),
		"mmap":       both(newEvent("mmap", 0, 4096, 1, 2, 3), 1<<40, nothing),
		"fchmod":     both(newEvent("fchmod", 3, 0o644), 0, func(r *recorder) { r.with(event.FactObject, "/tmp/scratch") }),
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	m := defaultSet(t).Matcher()
	random := rand.New(rand.NewPCG(1, 1))
	for name, ev := range everyday() {
		checkAllocs(t, name, func() { m.Decide(ev[0]) })
	}
	for range 200 {
		entry, _ := randomEvent(random)
		checkAllocs(t, entry.Row().Name, func() { m.Decide(entry) })
	}
}

func TestMatchAllocatesNothingWhenNothingMatches(t *testing.T) {
	eachSet(t, func(t *testing.T, paths []string) {
		m, proc, quiet := setFrom(t, paths...).Matcher(), cat(), 0
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
	})
}

// eachSet runs f for the built-in rules, the reference's stock rules where they are here, and both together.
func eachSet[T interface {
	testing.TB
	Run(name string, f func(T)) bool
}](t T, f func(t T, paths []string)) {
	for name, paths := range map[string]func(t testing.TB) []string{
		"builtin": func(testing.TB) []string { return []string{DefaultName} },
		"stock":   func(t testing.TB) []string { return []string{stockFolder(t)} },
		"both":    func(t testing.TB) []string { return []string{DefaultName, stockFolder(t)} },
	} {
		t.Run(name, func(t T) { f(t, paths(t)) })
	}
}

func stockFolder(t testing.TB) string { return filepath.Join(falcoFolder(t), "rules") }

func checkAllocs(t *testing.T, name string, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(20, f); got != 0 {
		t.Errorf("%s: got %v allocations, want 0", name, got)
	}
}

func BenchmarkMatch(b *testing.B) {
	eachSet(b, func(b *testing.B, paths []string) {
		set, proc := setFrom(b, paths...), cat()
		for name, ev := range everyday() {
			b.Run(name, func(b *testing.B) {
				m := set.Matcher()
				b.ReportAllocs()
				for b.Loop() {
					m.View().Begin(ev[1], proc, event.Whole)
					m.Match()
				}
			})
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	eachSet(b, func(b *testing.B, paths []string) {
		set := setFrom(b, paths...)
		for name, ev := range everyday() {
			b.Run(name, func(b *testing.B) {
				m := set.Matcher()
				b.ReportAllocs()
				for b.Loop() {
					m.Decide(ev[0])
				}
			})
		}
	})
}

// BenchmarkCompile is the time from rule files to a set, and what the set holds.
func BenchmarkCompile(b *testing.B) {
	eachSet(b, func(b *testing.B, paths []string) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		set := setFrom(b, paths...)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "B/set")
		runtime.KeepAlive(set)
		for b.Loop() {
			setFrom(b, paths...)
		}
	})
}

func TestMatcherForgetsTheEventBefore(t *testing.T) {
	m := compileOne(t, "evt.type = setuid and evt.arg.uid = 0").Matcher()
	m.gen = 1<<30 - 3 // about to start again
	root, ann := newEvent("setuid", 0).ret(0).Event(), newEvent("setuid", 1000).ret(0).Event()
	for i := range 8 {
		if got := match(m, root, cat()); got != "R" {
			t.Errorf("event %d: got %q, want R", 2*i, got)
		}
		if got := match(m, ann, cat()); got != "" {
			t.Errorf("event %d: got %q, want no match", 2*i+1, got)
		}
	}
}

func TestReadTakesFilesAndFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.yml", "c.txt", "d.yaml.bak"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "e.yaml"), 0o700))
	files, err := Read([]string{dir, filepath.Join(dir, "c.txt")})
	require.NoError(t, err)
	var got []string
	for _, f := range files {
		rel, err := filepath.Rel(dir, f.Name)
		require.NoError(t, err)
		got = append(got, rel+"="+string(f.Data))
	}
	if want := "a.yml=a.yml b.yaml=b.yaml c.txt=c.txt"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestReadSaysWhatIsMissing(t *testing.T) {
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none.yaml")} {
		if files, err := Read([]string{path}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, %v, want an error that names %s", files, err, path)
		}
	}
}

func TestQueryPrintsWhatItMatches(t *testing.T) {
	set, problems := Query("evt.type = openat and fd.name = /a", "%evt.type %fd.name")
	require.NotNil(t, set, "%v", problems)
	m := set.Matcher()
	if got := match(m, newEvent("openat").with(1, "/a").ret(3).Event(), cat()); got != "print" {
		t.Errorf("got %q, want print", got)
	}
	if got := string(set.Rules[0].Message.Append(nil, m.View())); got != "openat /a" {
		t.Errorf("got %q, want openat /a", got)
	}
	if _, problems := Query("evt.type = ", "%no.field"); len(problems) != 2 || problems[0].File != "filter" {
		t.Errorf("got %v, want a problem of the filter and one of the format", problems)
	}
}
