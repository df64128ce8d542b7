package rules

import "fmt"

// Kept returns which rules of the set wait for the same as those of an earlier
// set, by these: rules with a State that have the same name, State and
// conditions, these as they are compiled, so that a macro or a list that has
// changed counts. What was counted for such a rule is worth the same afterwards.
func (s *Set) Kept(earlier *Set) map[*Rule]*Rule {
	ours, kept := map[string]*Rule{}, map[*Rule]*Rule{}
	for _, r := range s.Rules {
		if r.Enabled && r.State != nil {
			ours[s.waitsFor(r)] = r
		}
	}
	for _, r := range earlier.Rules {
		if r.State == nil {
			continue
		}
		if same := ours[earlier.waitsFor(r)]; same != nil {
			kept[r] = same
		}
	}
	return kept
}

// waitsFor is all that says what a rule with a State waits for.
func (s *Set) waitsFor(r *Rule) string {
	by := make([]string, len(r.State.By))
	for i, ref := range r.State.By {
		by[i] = ref.Arg.FullName(ref.Field)
	}
	return fmt.Sprintf("%q %d %d %d %q\n%s", r.Name, r.State.Count, r.State.Steps, r.State.Within, by, s.Program(r))
}
