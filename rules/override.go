package rules

import (
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// What may be done with each key under "override".
const (
	canReplace = 1 << iota
	canAppend
)

var overridable = map[string]map[string]int{
	"list":  {"items": canAppend | canReplace},
	"macro": {"condition": canAppend | canReplace},
	"rule": {
		"condition": canAppend | canReplace, "output": canAppend | canReplace, "desc": canAppend | canReplace, "tags": canAppend | canReplace,
		"exceptions": canAppend | canReplace, "priority": canReplace, "enabled": canReplace, "warn_evttypes": canReplace,
		"skip-if-unknown-filter": canReplace, "capture": canReplace, "capture_duration": canReplace,
	},
}

// overrides reads what is under "override", and reports what is wrong with it.
func (d *document) overrides(e *entry) bool {
	n := e.keys["override"]
	if n == nil || overridable[e.kind] == nil {
		return true
	}
	if n.Kind != yaml.MappingNode {
		d.errorf(e.src.at(n), "shape", e.name, "expected keys with 'append' or 'replace' under %q", "override")
		return false
	}
	if e.append {
		d.errorf(e.src.at(n), "override", e.name, "'append: true' and 'override' do not go together: say 'append' under 'override'")
		return false
	}
	e.override = map[string]string{}
	ok := true
	for i := 0; i+1 < len(n.Content); i += 2 {
		ok = d.overrideKey(e, n.Content[i], resolveAlias(n.Content[i+1])) && ok
	}
	return ok
}

func (d *document) overrideKey(e *entry, key, how *yaml.Node) bool {
	can := overridable[e.kind][key.Value]
	switch {
	case how.Value == "append" && can&canAppend != 0, how.Value == "replace" && can&canReplace != 0:
	case how.Value == "append" && can != 0:
		d.errorf(e.src.at(key), "override", e.name, "%q cannot be appended to: use 'replace'", key.Value)
		return false
	case can == 0:
		d.errorf(e.src.at(key), "override", e.name, "%q of a %s cannot be overridden", key.Value, e.kind)
		return false
	default:
		d.errorf(e.src.at(how), "override", e.name, "%q under 'override': want 'append' or 'replace'", how.Value)
		return false
	}
	if e.keys[key.Value] == nil {
		d.errorf(e.src.at(key), "override", e.name, "%q is to be overridden, but there is no %q", key.Value, key.Value)
		return false
	}
	e.override[key.Value] = how.Value
	return true
}

// appends reports whether the item adds to the key of what is defined above.
func (e *entry) appends(key string) bool { return e.append || e.override[key] == "append" }

// changeRule appends to or overrides a rule that is defined above.
func (d *document) changeRule(e *entry) {
	r := d.rule(e.name)
	switch {
	case r == nil && !slices.Contains(slices.Collect(maps.Values(e.override)), "append") && !e.append:
		d.errorf(e.src.at(e.node), "append", e.name, "override of rule %q, which is not defined above", e.name)
		return
	case r == nil:
		d.noSuch(e)
		return
	case !d.sameSource(e, r):
		return
	}
	r.places = append(r.places, e.placeOf(e.changes()))
	if e.append {
		d.appendRule(e, r)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(overridable["rule"])) {
		switch {
		case e.override[key] != "":
			d.changeKey(e, r, key)
		case e.keys[key] != nil:
			d.errorf(e.at(key), "override", e.name, "%q has no entry under 'override'", key)
		}
	}
}

// sameSource checks that a change of a rule names its source, if any.
func (d *document) sameSource(e *entry, r *ruleDef) bool {
	n := e.keys["source"]
	if n == nil || isNull(n) || n.Value == "" || n.Value == r.source {
		return true
	}
	d.errorf(e.src.at(n), "source", e.name, "rule %q is of source %s above, and of source %s here", r.name, r.source, n.Value)
	return false
}

// appendRule does what "append: true" says: it adds to condition and exceptions.
func (d *document) appendRule(e *entry, r *ruleDef) {
	if !e.has("condition", "exceptions") {
		d.errorf(e.src.at(e.node), "missing-key", e.name, "append to rule %q without a condition or exceptions", e.name)
		return
	}
	for _, key := range []string{"condition", "exceptions"} {
		if e.keys[key] != nil {
			d.changeKey(e, r, key)
		}
	}
}

// changeKey appends to or replaces one key of a rule.
func (d *document) changeKey(e *entry, r *ruleDef, key string) {
	switch key {
	case "condition":
		d.changeScript(e, &r.cond, key)
	case "output":
		d.changeScript(e, &r.output, key)
	case "desc":
		if t, ok := d.value(e, key); ok && e.appends(key) {
			r.desc += " " + t.value
		} else if ok {
			r.desc = t.value
		}
	case "tags":
		d.changeTags(e, r)
	case "exceptions":
		d.changeExceptions(e, r)
	case "priority":
		d.priority(e, r)
	case "enabled":
		r.enabled = d.boolean(e, key, r.enabled)
	case "warn_evttypes":
		r.anyType = !d.boolean(e, key, !r.anyType)
	case "skip-if-unknown-filter":
		r.skip = d.boolean(e, key, r.skip)
	case "capture", "capture_duration":
		d.capture(e)
	default:
		panic(fmt.Sprintf("unreachable: override of %q", key))
	}
}

func (d *document) changeScript(e *entry, s *script, key string) {
	t, ok := d.value(e, key)
	if !ok {
		return
	}
	if !e.appends(key) {
		*s = nil
	}
	*s = append(*s, t)
}

func (d *document) changeTags(e *entry, r *ruleDef) {
	if !e.appends("tags") {
		r.tags = nil
	}
	for _, tag := range d.tags(e) {
		if !slices.Contains(r.tags, tag) {
			r.tags = append(r.tags, tag)
		}
	}
}
