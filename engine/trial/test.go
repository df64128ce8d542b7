package trial

import (
	"time"

	"gopkg.in/yaml.v3"

	"tiercel/engine/capture"
	"tiercel/rules"
)

func (r *reader) test(n *yaml.Node) *Test {
	t := &Test{Line: n.Line}
	r.missing(n)
	r.mapping(n, keys{
		"test":      func(n *yaml.Node) { t.Name = r.name(n) },
		"event":     func(n *yaml.Node) { t.Events = append(t.Events, r.event(n)) },
		"events":    func(n *yaml.Node) { r.events(n, t) },
		"recording": func(n *yaml.Node) { t.Recording = r.recording(n) },
		"expect":    func(n *yaml.Node) { t.expectAt = n; r.expect(n, t) },
		"not":       func(n *yaml.Node) { t.notAt, t.Not = n, r.text(n) },
	})
	return t
}

// missing reports the keys that a test lacks.
func (r *reader) missing(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return // reported as what it is
	}
	for _, key := range []string{"test", "expect"} {
		if !hasKey(n, key) {
			r.errorf(n, "test without %q", key)
		}
	}
	given := 0
	for _, key := range []string{"event", "events", "recording"} {
		if hasKey(n, key) {
			given++
		}
	}
	if given != 1 {
		r.errorf(n, "expected one of 'event', 'events' and 'recording'")
	}
	if hasKey(n, "recording") && hasKey(n, "not") {
		r.errorf(n, "'not' is for given events: under 'expect' a recording lists all that alert")
	}
}

// name returns a test's name, which no other test of the file has.
func (r *reader) name(n *yaml.Node) string {
	name := r.text(n)
	if r.names[name] {
		r.errorf(n, "test %q stands twice", name)
	}
	r.names[name] = true
	return name
}

func (r *reader) events(n *yaml.Node, t *Test) {
	items := r.list(n, "a list of events")
	if n.Kind == yaml.SequenceNode && len(items) == 0 {
		r.errorf(n, "no events")
	}
	for i, item := range items {
		t.Events = append(t.Events, r.event(item))
		if i > 0 && t.Events[i].At < t.Events[i-1].At {
			r.errorf(item, "event that is earlier than the one before")
		}
	}
}

// recording returns the path of a recorded run; one that cannot be read is reported.
func (r *reader) recording(n *yaml.Node) string {
	path := beside(r.src.Name, r.text(n))
	src, err := capture.Open(path)
	if err != nil {
		r.errorf(n, "%v", err)
		return ""
	}
	src.Close()
	return path
}

// at reads the time since the first event.
func (r *reader) at(n *yaml.Node) uint64 {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < 0 || n.Kind != yaml.ScalarNode {
		r.errorf(n, "expected a time since the first event, such as 5s")
		return 0
	}
	return uint64(d)
}

func (r *reader) expect(n *yaml.Node, t *Test) {
	switch {
	case n.Kind == yaml.SequenceNode:
		for _, item := range r.list(n, "") {
			t.Expect = append(t.Expect, r.expected(item))
		}
		if len(t.Expect) == 0 {
			r.errorf(n, "no rule is expected: write 'expect: none'")
		}
	case n.Kind == yaml.ScalarNode && n.Value == "none":
	default:
		t.firstOnly = true
		t.Expect = []Expected{r.expected(n)}
	}
}

func (r *reader) expected(n *yaml.Node) Expected {
	e := Expected{at: n}
	if n.Kind != yaml.MappingNode {
		e.Rule = r.text(n)
		return e
	}
	if !hasKey(n, "rule") {
		r.errorf(n, "expected alert without 'rule'")
	}
	r.mapping(n, keys{
		"rule":     func(n *yaml.Node) { e.at, e.Rule = n, r.text(n) },
		"output":   func(n *yaml.Node) { text := r.text(n); e.Output = &text },
		"priority": func(n *yaml.Node) { e.Priority = r.priority(n) },
		"fields":   func(n *yaml.Node) { e.Fields = r.expectedFields(n) },
	})
	return e
}

func (r *reader) priority(n *yaml.Node) *rules.Priority {
	p, err := rules.ParsePriority(r.text(n))
	if err != nil {
		r.errorf(n, "%v", err)
	}
	return &p
}
