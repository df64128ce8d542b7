package rules

import (
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

func TestTheBuiltInRulesAreStoredAsTheyAre(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		require.False(t, *update, "what is stored is for amd64, and made there")
		t.Skip("what is stored is for amd64: elsewhere the built-in rules are compiled whenever they are read")
	}
	files, err := Read([]string{DefaultName})
	require.NoError(t, err)
	set, problems := Compile(files)
	require.NotNil(t, set, "%v", problems)
	require.Empty(t, problems.OfMeaning(), "nobody would see them")
	want := set.store(sum())
	if *update {
		require.NoError(t, os.WriteFile("default/compiled.bin", want, 0o644))
	}
	got, err := os.ReadFile("default/compiled.bin")
	require.NoError(t, err)
	if string(got) != string(want) {
		t.Error("rules/default/compiled.bin is not what the compiler makes of the built-in rules: go test ./rules -run TestTheBuiltInRules -update writes it anew")
	}
	require.NotNil(t, readStored(want, sum()))
	loaded, problems, err := Load([]string{DefaultName})
	require.NoError(t, err)
	require.Empty(t, problems)
	if !*update && loaded.preds[0].made.Load() != nil {
		t.Error("got the built-in rules compiled anew, want what is stored of them")
	}
}

// stateful has what the built-in rules do not: states with fields, transformers, constants in them.
const stateful = `
- rule: count
  desc: d
  condition: evt.type = setuid and tolower(proc.name) in (a, cat) and join("\",", (proc.name, 3)) != val(proc.exepath)
  output: '%proc.name %toupper(proc.name) %proc.aname[2] and %proc.name'
  priority: INFO
  tags: [x]
  count: 3
  within: 10s
  by: [proc.pid, "proc.aname[2]"]
- rule: steps
  desc: d
  sequence:
    - evt.type = openat and not (fd.name glob "/a*" or evt.arg.flags contains O_CREAT)
    - evt.type = setuid and getopt((proc.name, "b"), "ab:")[b] != x
  within: 1m
  output: o
  priority: ERROR
`

func TestAStoredSetIsTheSetThatWasStored(t *testing.T) {
	sets := map[string]*Set{}
	for _, rs := range ruleSets {
		t.Run(rs.name, func(t *testing.T) { sets[rs.name] = compileAll(t, rs.paths(t)...) })
	}
	set, problems := Compile([]File{{"x.yaml", []byte(stateful)}})
	require.NotNil(t, set, "%v", problems)
	sets["with states"] = set
	for name, want := range sets {
		t.Run(name, func(t *testing.T) {
			data := want.store(7)
			got := readStored(data, 7)
			require.NotNil(t, got)
			assert.Equal(t, data, got.store(7))
			assert.Equal(t, want.Needs(), got.Needs())
			require.Len(t, got.Rules, len(want.Rules))
			for i, r := range want.Rules {
				assert.Equal(t, want.Sheet(r, 0), got.Sheet(got.Rules[i], 0), r.Name)
			}
			assert.Len(t, got.Kept(want), len(want.Kept(want)))
			checkAlike(t, want, got)
		})
	}
}

// checkAlike matches random events with both sets, and has both tell of what they matched.
func checkAlike(t *testing.T, a, b *Set) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	ma, mb, matched := a.Matcher(), b.Matcher(), map[string]int{}
	for range 3000 {
		entry, whole := randomEvent(random)
		require.Equal(t, ma.Decide(entry), mb.Decide(entry))
		got, want := tell(mb, whole), tell(ma, whole)
		require.Equal(t, want, got)
		matched[want]++
	}
	if len(matched) < 3 {
		t.Errorf("got %v, want events that match, and others", matched)
	}
}

// tell is all that comes of an event: messages and steps.
func tell(m *Matcher, ev event.Event) string {
	m.View().Begin(ev, cat(), event.Whole)
	var b []byte
	if r := m.Match(); r != nil {
		b = r.Message.Append(append(b, r.Name...), m.View())
	}
	m.MatchState(func(r *Rule, steps uint64) {
		b = append(r.Message.Append(append(b, r.Name...), m.View()), byte('0'+steps))
	})
	return string(b)
}

func TestASetOfAFieldThatThereIsNoMoreIsLeftAlone(t *testing.T) {
	for _, name := range []string{"proc.nosuch", "evt.rawarg.nosuch", "evt.outputtime", "tolower("} {
		set := compileOne(t, "evt.type = openat and proc.name = a")
		set.preds[1].left = &operand{text: name}
		if readStored(set.store(7), 7) != nil {
			t.Errorf("got a set that asks for %q, want none", name)
		}
	}
}

func TestWhatIsNoStoredSetIsLeftAlone(t *testing.T) {
	data := defaultSet(t).store(7)
	if readStored(data, 8) != nil {
		t.Error("a set was read that is of other files")
	}
	for cut := 0; cut < len(data); cut += 1 + cut/50 {
		if readStored(data[:cut], 7) != nil {
			t.Fatalf("a set was read of which only %d bytes of %d are there", cut, len(data))
		}
	}
}
