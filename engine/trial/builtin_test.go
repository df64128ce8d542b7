package trial

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
	"tiercel/rules"
)

// builtinTests has the tests of the built-in rules, and the set that each file is about.
func builtinTests(t *testing.T) (files []*File, sets []*rules.Set) {
	t.Helper()
	sources, err := rules.Read([]string{"../../rules/default/test"})
	require.NoError(t, err)
	for _, src := range sources {
		file, problems := Read(src)
		require.Empty(t, problems)
		ruleFiles, err := rules.Read(file.RulePaths())
		require.NoError(t, err)
		set, problems := rules.Compile(ruleFiles)
		require.Empty(t, problems)
		require.Empty(t, file.Check(set))
		files, sets = append(files, file), append(sets, set)
	}
	return files, sets
}

func TestBuiltInRulesAlertOnWhatTheyAreFor(t *testing.T) {
	files, sets := builtinTests(t)
	for i, f := range files {
		for _, res := range f.Run(sets[i]) {
			if !res.Passed {
				t.Errorf("%s:%d: %s\n%s", res.File, res.Line, res.Test, res.Failure())
			}
		}
	}
}

func TestEachBuiltInRuleHasATestThatFiresAndANearMiss(t *testing.T) {
	files, sets := builtinTests(t)
	fires, misses := map[string]bool{}, map[string]bool{}
	for i, f := range files {
		for _, tt := range f.Tests {
			for _, e := range tt.Expect {
				fires[e.Rule] = true
			}
			if tt.Not != "" {
				misses[tt.Not] = true
				requireNear(t, tt, sets[i])
			}
		}
	}
	for _, r := range sets[0].Rules {
		if !fires[r.Name] {
			t.Errorf("rule %q: no test in which it fires", r.Name)
		}
		if !misses[r.Name] {
			t.Errorf("rule %q: no test with 'not: %s' in which it must not", r.Name, r.Name)
		}
	}
}

// requireNear refuses a miss that says nothing: an event that the rule never
// sees, unless the kind of event is all that the rule asks for.
func requireNear(t *testing.T, tt *Test, set *rules.Set) {
	t.Helper()
	tr := &trial{Test: tt, set: set, matcher: set.Matcher()}
	r := tr.rule(tt.Not)
	for i, ev := range tt.Events {
		seen := slices.Contains(set.Rows(r), event.Table[ev.Row].Name)
		if !seen && len(tr.reasons(r, i)) != 1 {
			t.Errorf("test %q: no near miss of %q, which never sees %s", tt.Name, tt.Not, event.Table[ev.Row].Name)
		}
	}
}
