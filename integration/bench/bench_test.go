package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheMedianIsBetweenTheTwoInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		values []float64
		share  float64
		want   float64
	}{
		{[]float64{3}, 0.5, 3},
		{[]float64{9, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 2, 9}, 0.5, 3},
		{[]float64{5, 1, 2, 3, 4}, 0.25, 2},
		{[]float64{1, 2}, 0.75, 1.75},
	} {
		if got := quantile(c.values, c.share); got != c.want {
			t.Errorf("quantile(%v, %v): got %v, want %v", c.values, c.share, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing: got %v, want none", got)
	}
}

func TestARatioIsOfMediansAndItsQuartilesAreOfRounds(t *testing.T) {
	bare, watched := series{100, 200, 100}, series{200, 200, 300}
	if got, want := watched.ratioTo(bare), (ratio{2, 1.5, 2.5}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDurationsHaveThreeDigits(t *testing.T) {
	for ns, want := range map[float64]string{12.4: "12 ns", 1234: "1.23 us", 45.6e6: "45.6 ms", 2e9: "2 s", -25000: "-25 us", math.NaN(): "-"} {
		if got := duration(ns); got != want {
			t.Errorf("duration(%v): got %q, want %q", ns, got, want)
		}
	}
}

// sample is a run of two workloads, of which one could not be run in one way.
func sample() *result {
	return &result{
		ways:      []way{{name: "bare"}, {name: "notify"}, {name: "other"}},
		workloads: []workload{{name: "open", loop: true}, {name: "make"}},
		cells: map[cellOf]*cell{
			{"open", "bare"}: {took: []float64{1000, 1000}}, {"open", "notify"}: {took: []float64{9000, 11000}}, {"open", "other"}: {took: []float64{1500, 1500}},
			{"make", "bare"}: {took: []float64{2e9}, used: []float64{4e9}}, {"make", "notify"}: {took: []float64{3e9}, used: []float64{5e9}}, {"make", "other"}: {why: "no such thing"},
		},
	}
}

func TestTheTableHasMediansRatiosAndReasons(t *testing.T) {
	got := sample().markdown()
	for _, want := range []string{
		"| workload | n | bare | notify | other |\n|---|--:|--:|--:|--:|\n",
		"| open | 2 | 1 us | 10.0 (9.50 to 10.5) | 1.50 (1.50 to 1.50) |\n",
		"| make | 1 | 2 s | 1.50 | - |\n",
		"|--:|\n| make | 1 | 4 s | 1.25 | - |\n\n",
		"| loop | notify | other |\n|---|--:|--:|\n| open | 9 us | 500 ns |\n\n",
		"- **other**, make: no such thing.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it\n%s", got, want)
		}
	}
}

func TestTheReadmesTableIsReplaced(t *testing.T) {
	o := newOccasion("make bench-peers")
	got, err := o.brief(sample(), "before\n"+briefBegin+"old\n"+briefEnd+"after\n")
	require.NoError(t, err)
	require.Regexp(t, "^before\n"+briefBegin+"!.*results.svg\\)\n\nMade by `make bench-peers` on [^|]*\n\n\\| workload .*\n.*\n\\| open \\| 2 \\| 1 us \\| 10.0 \\| 1.50 \\|\n.*\n"+briefEnd+"after\n$", got)
	if _, err := o.brief(sample(), "a README without a place"); err == nil {
		t.Error("no place: got no error")
	}
}

// What the README shows is what RESULTS.md has, if there has been a run.
func TestTheReadmeShowsTheNewestResults(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, rest, begins := strings.Cut(string(readme), briefBegin)
	shown, _, ends := strings.Cut(rest, briefEnd)
	require.True(t, begins && ends, "the README has no place for the results")
	results, err := os.ReadFile("RESULTS.md")
	if errors.Is(err, os.ErrNotExist) {
		require.Empty(t, shown)
		return
	}
	require.NoError(t, err)
	require.Contains(t, shown, "\n| getppid |")
	quartiles := regexp.MustCompile(` \([0-9.]+ to [0-9.]+\)`)
	for line := range strings.Lines(shown[strings.Index(shown, "\n"):]) { // below the chart
		if !strings.Contains(quartiles.ReplaceAllString(string(results), ""), line) {
			t.Errorf("README: got %q, which RESULTS.md has not", line)
		}
	}
}

func TestTheChartHasABarForEachFigure(t *testing.T) {
	bars, titles := 0, []string{}
	for d := xml.NewDecoder(strings.NewReader(sample().chart())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "title" {
			var title string
			require.NoError(t, d.DecodeElement(&title, &e))
			titles = append(titles, title)
			bars++
		}
	}
	require.Equal(t, []string{"open, notify: 10.0", "open, other: 1.50", "make, notify: 1.50"}, titles)
	if bare, twice, most := along(1, 16), along(4, 16), along(16, 16); bare != chartLeft || twice != chartLeft+chartWide/2 || most != chartLeft+chartWide {
		t.Errorf("along the axis: got %v, %v, %v, want its beginning, middle and end", bare, twice, most)
	}
}

func TestWaysAndWorkloadsAreChosenByName(t *testing.T) {
	n, err := parse([]string{"-ways", "strace notify", "-workloads", "open", "-out", "there", "-rounds", "3"})
	require.NoError(t, err)
	require.Equal(t, []string{"bare", "notify", "strace"}, []string{n.ways[0].name, n.ways[1].name, n.ways[2].name})
	require.Len(t, n.workloads, 1)
	require.Equal(t, "there", n.out)
	require.Equal(t, `make bench-peers ROUNDS="3" WAYS="strace notify" WORKLOADS="open"`, n.command)
	for _, args := range [][]string{{"-ways", "telepathy"}, {"-workloads", "open idleness"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v: got no error", args)
		}
	}
}

func TestTheOthersLookAtTheCallsThatTiercelLooksAt(t *testing.T) {
	calls, err := watched()
	require.NoError(t, err)
	var found []string
	for _, name := range calls {
		if name == "openat" || name == "execve" || name == "getppid" {
			found = append(found, name)
		}
	}
	require.ElementsMatch(t, []string{"openat", "execve"}, found)
}

func TestStacksAreReadAndAddedUp(t *testing.T) {
	stacks := parseStacks(`
    75.00%  tiercel
2 main.main;a;b
1 0x123;main.main;a;a

    25.00%  find  `+`
1 [unknown];a
`, "notify find")
	got := tops(stacks, 2)
	want := "notify find\n   75.0 %  tiercel\n   25.0 %  find\nitself:\n   50.0 %  tiercel b\n   25.0 %  find a\n" +
		"with what it calls:\n   75.0 %  tiercel a\n   50.0 %  tiercel b\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	root := grow(stacks)
	if a := root.calls["notify find"].calls["tiercel"].calls["main.main"].calls["a"]; root.count != 4 || root.depth() != 6 || a.count != 3 || a.calls["b"].count != 2 {
		t.Errorf("got the tree %+v", root)
	}
	for d := xml.NewDecoder(strings.NewReader(flame(stacks))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
	}
}

// One loop, bare and watched, from the command line to the files.
func TestALoopIsMeasuredInTwoWays(t *testing.T) {
	for _, program := range []string{"go", "cc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("wants %s", program)
		}
	}
	dir := t.TempDir()
	bench, tiercel := filepath.Join(dir, "bench"), filepath.Join(dir, "tiercel")
	for path, pkg := range map[string]string{bench: ".", tiercel: "tiercel/wrappers/tiercel"} {
		out, err := exec.Command("go", "build", "-tags", "osusergo,netgo", "-o", path, pkg).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	// A program of its own: it takes in all orphans below it, and ends them.
	out, err := exec.Command(bench, "-tiercel", tiercel, "-out", dir, "-ways", "ptrace", "-workloads", "open", "-rounds", "1").CombinedOutput()
	require.NoError(t, err, string(out))
	text, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	require.NoError(t, err)
	require.Regexp(t, `\n\| open \| 1 \| [0-9.]+ [a-z]s \| [0-9.]+ \|\n`, string(text))
	_, err = os.Stat(filepath.Join(dir, "results.svg"))
	require.NoError(t, err)
}
