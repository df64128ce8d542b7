package rules

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"
)

// duration reads a time such as 10s or 5m; a number alone is refused, as nobody could tell its unit.
func (d *document) duration(e *entry, key string) (time.Duration, bool) {
	t, ok := d.value(e, key)
	if !ok {
		return 0, false
	}
	v, err := time.ParseDuration(t.value)
	if err != nil || v <= 0 {
		d.errorf(e.src.at(t.node), "shape", e.name, "expected a time such as 10s or 5m under %q, not %q", key, t.value)
		return 0, false
	}
	return v, true
}

// state reads the keys by which a rule is about more than one event.
func (d *document) state(e *entry, r *ruleDef) bool {
	if !e.has("count", "sequence") {
		for _, key := range []string{"within", "by"} {
			if e.has(key) {
				d.errorf(e.at(key), "state", e.name, "%q goes with %q or %q", key, "count", "sequence")
				return false
			}
		}
		return true
	}
	s := &State{}
	within, ok := d.duration(e, "within")
	s.Within = within
	ok = d.count(e, s) && ok
	ok = d.sequence(e, r, s) && ok
	ok = d.by(e, s) && ok
	if !ok {
		return false
	}
	if err := s.Check(); err != nil {
		d.errorf(e.src.at(e.node), "state", e.name, "rule %q: %v", e.name, err)
		return false
	}
	r.state = s
	return true
}

func (d *document) count(e *entry, s *State) bool {
	if !e.has("count") {
		return true
	}
	t, ok := d.value(e, "count")
	if !ok {
		return false
	}
	n, isNumber := parseInteger(t.value)
	if !isNumber || n < 1 || n > MaxCount {
		d.errorf(e.src.at(t.node), "state", e.name, "expected a number from 2 to %d under %q, not %q", MaxCount, "count", t.value)
		return false
	}
	s.Count = int(n)
	return true
}

func (d *document) sequence(e *entry, r *ruleDef, s *State) bool {
	if !e.has("sequence") {
		return true
	}
	if e.has("condition", "exceptions") {
		d.errorf(e.at("sequence"), "state", e.name, "rule %q has a %q: its conditions stand there, and no exceptions go with them", e.name, "sequence")
		return false
	}
	steps, ok := d.strings(e, "sequence")
	for _, step := range steps {
		r.sequence = append(r.sequence, script{step})
	}
	s.Steps = len(steps)
	return ok
}

// by reads the fields, one or a list, whose values say which matches belong together.
func (d *document) by(e *entry, s *State) bool {
	if !e.has("by") {
		return true
	}
	names, ok := []text{}, true
	if n := e.keys["by"]; n.Kind == yaml.SequenceNode {
		names, ok = d.strings(e, "by")
	} else if t, good := d.value(e, "by"); good {
		names = append(names, t)
	}
	for _, name := range names {
		ref, err := NewRef(name.value)
		if err != nil {
			p := name.place(0).problem("field", e.name, fmt.Sprintf("by: %v", err))
			if near := nearest(name.value, fieldNames()); near != "" && near != name.value {
				p.Hint = fmt.Sprintf("did you mean %q?", near)
			}
			d.report(p)
			ok = false
		}
		s.By = append(s.By, ref)
	}
	return ok && len(names) > 0
}
