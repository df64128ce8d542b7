package trial

import (
	"fmt"
	"slices"
	"strings"

	"tiercel/engine"
	"tiercel/engine/capture"
	"tiercel/engine/event"
	"tiercel/rules"
)

// Result is what came of a test. Diff and Hints are empty where it passed.
type Result struct {
	File   string   `json:"file"`
	Line   int      `json:"line"`
	Test   string   `json:"test"`
	Passed bool     `json:"passed"`
	Diff   []string `json:"diff"`  // lines that begin with "- " (wanted), "+ " (got) or blanks (both)
	Hints  []string `json:"hints"` // what may be the reason
}

// trial is a test that is being run.
type trial struct {
	*Test
	set     *rules.Set
	matcher *rules.Matcher
	raised  []*engine.Alert
	ofEvent []int           // how many alerts were raised once each event was judged
	header  *capture.Header // of the recording
}

// Write takes an alert: the trial is its engine's output.
func (t *trial) Write(a *engine.Alert) error {
	t.raised = append(t.raised, a)
	return nil
}

func (t *Test) run(set *rules.Set) Result {
	tr := &trial{Test: t, set: set, matcher: set.Matcher()}
	res := Result{Line: t.Line, Test: t.Name, Diff: []string{}, Hints: []string{}}
	if t.Recording == "" {
		tr.judge()
	} else if err := tr.replay(); err != nil {
		res.Hints = append(res.Hints, err.Error())
	}
	tr.compare(&res)
	if len(res.Diff) == 0 && len(res.Hints) == 0 {
		res.Hints = append(res.Hints, tr.blind()...)
	}
	tr.compareNot(&res)
	res.Passed = len(res.Diff) == 0 && len(res.Hints) == 0
	return res
}

// judge gives the events to an engine that has seen nothing yet.
func (t *trial) judge() {
	e := engine.New(engine.Config{Rules: t.set, Outputs: []engine.Output{t}, Priority: rules.Debug})
	for _, ev := range t.Events {
		e.Judge(ev.Row, ev.At, ev.Given)
		t.ofEvent = append(t.ofEvent, len(t.raised))
	}
}

// compare compares the alerts with what was expected.
func (t *trial) compare(res *Result) {
	got := t.raised
	if t.firstOnly && len(got) > 1 {
		got = got[:1]
	}
	var wantLines, gotLines []string
	for _, want := range t.Expect {
		wantLines = append(wantLines, want.lines()...)
	}
	for i, a := range got {
		var like Expected
		if i < len(t.Expect) {
			like = t.Expect[i]
		}
		gotLines = append(gotLines, like.linesOf(a)...)
	}
	if slices.Equal(wantLines, gotLines) {
		return
	}
	res.Diff = diff(wantLines, gotLines)
	for _, want := range t.Expect {
		if !slices.ContainsFunc(got, func(a *engine.Alert) bool { return a.Rule == want.Rule }) {
			res.Hints = append(res.Hints, t.explain(want.Rule)...)
		}
	}
}

// compareNot looks whether the rule matches that must not.
func (t *trial) compareNot(res *Result) {
	if t.Not == "" {
		return
	}
	r := t.rule(t.Not)
	for i := range t.Events {
		if r.Enabled && len(t.reasons(r, i)) == 0 {
			res.Diff = append(res.Diff, "- not "+r.Name, "+ "+r.Name)
			res.Hints = append(res.Hints, t.behind(r, i)...)
			return
		}
	}
}

// lines is an expected alert as the lines of a comparison.
func (e *Expected) lines() []string {
	lines := []string{e.Rule}
	if e.Priority != nil {
		lines = append(lines, "  priority: "+e.Priority.String())
	}
	if e.Output != nil {
		lines = append(lines, "  output: "+*e.Output)
	}
	for _, name := range e.fieldNames() {
		lines = append(lines, "  "+name+": "+e.Fields[name])
	}
	return lines
}

func (e *Expected) fieldNames() []string {
	var names []string
	for name := range e.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// linesOf is an alert as these lines, with just what the expected one asks for.
func (e *Expected) linesOf(a *engine.Alert) []string {
	got := Expected{Rule: a.Rule, Fields: map[string]string{}}
	if e.Priority != nil {
		got.Priority = &a.Priority
	}
	if e.Output != nil {
		got.Output = &a.Message
	}
	values := fieldsOf(a)
	for name := range e.Fields {
		if text, ok := values[name]; ok {
			got.Fields[name] = text
		} else {
			got.Fields[name] = "not in the rule's output"
		}
	}
	return got.lines()
}

// fieldsOf is the text of an alert's fields, by their full names.
func fieldsOf(a *engine.Alert) map[string]string {
	values := map[string]string{}
	for written, v := range a.Fields {
		if f, arg, err := rules.LookupField(written); err == nil {
			values[arg.FullName(f)] = textOf(v)
		}
	}
	return values
}

func textOf(v any) string {
	if v == nil {
		return string(event.TypeString.AppendText(nil, event.Value{}))
	}
	return fmt.Sprint(v)
}

// diff is the lines that were wanted and those that came, with what both begin and end with as they are.
func diff(want, got []string) []string {
	want, got = orNone(want), orNone(got)
	var lines, end []string
	for len(want) > 0 && len(got) > 0 && want[0] == got[0] {
		lines = append(lines, "  "+want[0])
		want, got = want[1:], got[1:]
	}
	for len(want) > 0 && len(got) > 0 && want[len(want)-1] == got[len(got)-1] {
		end = append(end, "  "+want[len(want)-1])
		want, got = want[:len(want)-1], got[:len(got)-1]
	}
	for _, w := range want {
		lines = append(lines, "- "+w)
	}
	for _, g := range got {
		lines = append(lines, "+ "+g)
	}
	slices.Reverse(end)
	return append(lines, end...)
}

func orNone(lines []string) []string {
	if len(lines) == 0 {
		return []string{"none"}
	}
	return lines
}

// Failure is a failed test's lines as a person reads them.
func (r Result) Failure() string {
	var b strings.Builder
	for _, line := range r.Diff {
		b.WriteString("    " + line + "\n")
	}
	for _, hint := range r.Hints {
		b.WriteString("    hint: " + hint + "\n")
	}
	return b.String()
}
