package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/kernel"
	"tiercel/seccomp"
)

const doctoredRules = `- rule: On openat
  desc: d
  condition: evt.type in (openat, mkdir)
  output: o
  priority: info
- rule: On a call of no kernel
  desc: d
  condition: evt.type = timerfd
  output: o
  priority: info
- rule: On a field that nothing sets
  desc: d
  condition: evt.type = openat and evt.latency > 5
  output: o
  priority: info
- rule: Switched off
  desc: d
  condition: evt.type = openat
  output: o
  priority: info
  enabled: false
`

// patient is a doctor with doctoredRules who has tried nothing yet.
func patient(t *testing.T) *doctor {
	t.Helper()
	path := filepath.Join(t.TempDir(), "doctored.yaml")
	require.NoError(t, os.WriteFile(path, []byte(doctoredRules), 0o600))
	set, err := loadRules([]string{path})
	require.NoError(t, err)
	return &doctor{set: set, refused: map[string]error{}, unseen: map[string][]string{}}
}

// told is what the doctor says of the rule: source, detail, ...
func told(d *doctor, name string) (all []string) {
	d.findings = nil
	for _, r := range d.set.Rules {
		if r.Name == name {
			d.rule(r)
		}
	}
	for _, f := range d.findings {
		all = append(all, f.Source, f.Detail)
	}
	return all
}

func TestARuleIsToldOfUnderTheSourceThatCannotSeeItsCalls(t *testing.T) {
	const rule, why = "On openat", "libseccomp has no number here for openat, mkdir"
	both := []string{"mkdir", "openat"}
	refused := errors.New("refused")
	for _, c := range []struct {
		name                   string
		underPtrace, underEBPF []string
		ptrace, ebpf           error
		want                   []string
	}{
		{"both see all", nil, nil, nil, nil, nil},
		{"one of the calls is seen", []string{"openat"}, []string{"mkdir"}, nil, nil, nil},
		{"ptrace alone sees none", both, nil, nil, nil, []string{event.SourcePtrace, why}},
		{"eBPF alone sees none", nil, both, nil, nil, []string{event.SourceEBPF, why}},
		{"neither sees one", both, both, nil, nil, []string{"", why}},
		{"the only source that works sees none", both, nil, nil, refused, []string{"", why}},
		{"a source that does not work", both, nil, refused, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := patient(t)
			d.unseen = map[string][]string{event.SourcePtrace: c.underPtrace, event.SourceEBPF: c.underEBPF}
			d.refused = map[string]error{event.SourcePtrace: c.ptrace, event.SourceEBPF: c.ebpf}
			if got := told(d, rule); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRulesThatCannotFireSayWhy(t *testing.T) {
	d := patient(t)
	needs := d.set.Needs()
	_, gaps, err := seccomp.Compile(needs, seccomp.ByTrace)
	require.NoError(t, err)
	d.unseen = map[string][]string{event.SourcePtrace: gaps.Unknown, event.SourceEBPF: kernel.Unseen(needs, seccomp.Calls(needs, seccomp.ByTrace))}
	for _, c := range []struct{ rule, want string }{
		{"On openat", ""},
		{"On a call of no kernel", "libseccomp has no number here for timerfd"},
		{"On a field that nothing sets", "it needs evt.latency, which is never there: an event has one time, that of its entry"},
		{"Switched off", "it is disabled"},
	} {
		if got := strings.Join(told(d, c.rule), ""); got != c.want {
			t.Errorf("%s: got %q, want %q", c.rule, got, c.want)
		}
	}
}

func TestAutoTakesTheFirstSourceThatWorks(t *testing.T) {
	refused := errors.New("open it: refused")
	for _, c := range []struct {
		name         string
		ebpf, ptrace error
		ok           bool
		want         string
	}{
		{"both work", nil, nil, true, "ebpf, the first of ebpf, ptrace that works"},
		{"eBPF is refused", refused, nil, true, "ptrace, not ebpf: open it: refused"},
		{"ptrace is refused", nil, refused, true, "ebpf, the first of ebpf, ptrace that works"},
		{"both are refused", refused, refused, false, "not ebpf: open it: refused; not ptrace: open it: refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := patient(t)
			d.refused = map[string]error{event.SourceEBPF: c.ebpf, event.SourcePtrace: c.ptrace}
			ok := d.choose()
			want := []finding{{Check: "run --source auto", OK: c.ok, Detail: c.want}}
			if ok != c.ok || !slices.Equal(d.findings, want) {
				t.Errorf("got %v %+v, want %v %+v", ok, d.findings, c.ok, want)
			}
		})
	}
}

func TestCapabilitiesAreThoseThatThisProcessHas(t *testing.T) {
	d := patient(t)
	d.capabilities()
	have, err := effective()
	require.NoError(t, err)
	names := map[string]int{}
	for _, c := range append(slices.Clone(ofHost), capability{name: "CAP_SYS_RESOURCE", number: unix.CAP_SYS_RESOURCE}) {
		names[c.name] = c.number
	}
	require.GreaterOrEqual(t, len(d.findings), len(ofHost))
	for _, f := range d.findings {
		if want := have&(1<<names[f.Check]) != 0 && !inUserNamespace(); f.OK != want {
			t.Errorf("%s: got %v, want %v", f.Check, f.OK, want)
		}
	}
}

func TestLongErrorsAreCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"refused", "refused"},
		{"a\nb\n", "a; b"},
		{"load\n1\n2\n3\n4\nR1 is bad\nprocessed 4", "load; ...; R1 is bad; processed 4"},
	} {
		if got := brief(errors.New(c.text)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestASourcesNameStandsBeforeWhyARuleCannotFireUnderIt(t *testing.T) {
	f := finding{"rule: A", event.SourceEBPF, false, "no"}
	if got, want := f.cells(), []string{"rule: A", "no", "under ebpf: no"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	b, err := json.Marshal(f)
	require.NoError(t, err)
	require.JSONEq(t, `{"check":"rule: A","source":"ebpf","ok":false,"detail":"no"}`, string(b))
}
