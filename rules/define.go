package rules

import (
	"fmt"
	"regexp"
	"slices"
	"sync"

	"tiercel/engine/event"
)

type ruleDef struct {
	at         spot
	name       string
	desc       string
	cond       script
	output     script
	priority   Priority
	tags       []string
	source     string
	enabled    bool
	anyType    bool // it is meant to match events of any type: warn_evttypes is false
	skip       bool // where it asks for something unknown it is left out, not an error
	exceptions []*exception
	places     []Place

	state    *State // nil where one event is enough
	sequence []script
}

// engineSource is the source of events that this engine has.
const engineSource = event.EventSource

func (d *document) define(e entry) {
	d.defined++
	switch e.kind {
	case "list":
		d.defineList(&e)
	case "macro":
		d.defineMacro(&e)
	case "rule":
		d.defineRule(&e)
	case "required_engine_version":
		d.requireEngine(&e)
	case "required_plugin_versions":
		d.requirePlugins(&e)
	}
}

// The names that a condition can refer to.
var (
	listName  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^()"'\s=,]+$`) })
	macroID   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z]+[a-zA-Z0-9_]*$`) })
	nameHints = map[string]string{
		"list":  "write one without blanks, quotes, parentheses, commas and equals signs",
		"macro": "write one of letters, digits and underscores that begins with a letter",
	}
)

func (d *document) checkName(e *entry, want func() *regexp.Regexp) {
	if !want().MatchString(e.name) {
		d.warn(e.at(e.kind), "bad-name", e.name, fmt.Sprintf("no condition can refer to a %s of the name %q", e.kind, e.name), nameHints[e.kind])
	}
}

func (d *document) defineList(e *entry) {
	d.checkName(e, listName)
	items, ok := d.strings(e, "items")
	if !ok && e.keys["items"] == nil {
		d.errorf(e.src.at(e.node), "missing-key", e.name, "list %q without %q", e.name, "items")
	}
	if !ok {
		return
	}
	old := d.lists[e.name]
	switch {
	case !e.appends("items"):
		def := &listDef{shelf: d.place(e), items: items}
		if old != nil {
			def.first = old.first
		}
		d.lists[e.name] = def
	case old == nil:
		d.noSuch(e)
	default:
		old.items, old.last = append(old.items, items...), d.defined
	}
}

// place is where the item stands, if it is the first of its name.
func (d *document) place(e *entry) shelf { return shelf{e.src.at(e.node), d.defined, d.defined} }

func (d *document) noSuch(e *entry) {
	d.errorf(e.src.at(e.node), "append", e.name, "append to %s %q, which is not defined above", e.kind, e.name)
}

func (d *document) defineMacro(e *entry) {
	d.checkName(e, macroID)
	cond, ok := d.value(e, "condition")
	if !ok {
		return
	}
	old := d.macros[e.name]
	switch {
	case !e.appends("condition"):
		def := &macroDef{shelf: d.place(e), name: e.name, cond: script{cond}}
		if old != nil {
			def.first = old.first
		} else {
			d.order = append(d.order, e.name)
		}
		d.macros[e.name] = def
	case old == nil:
		d.noSuch(e)
	default:
		old.cond, old.last = append(old.cond, cond), d.defined
	}
}

// rule returns the rule of that name that is defined so far, or nil.
func (d *document) rule(name string) *ruleDef {
	if i, ok := d.ruleAt[name]; ok {
		return d.rules[i]
	}
	return nil
}

func (d *document) defineRule(e *entry) {
	switch {
	case e.append || len(e.override) > 0:
		d.changeRule(e)
	case !e.has("condition", "output", "desc", "priority", "sequence"):
		d.enableRule(e)
	default:
		if r, ok := d.newRule(e); ok {
			d.addRule(e, r)
		}
	}
}

// has reports whether the item has one of the keys.
func (e *entry) has(keys ...string) bool {
	for _, key := range keys {
		if e.keys[key] != nil {
			return true
		}
	}
	return false
}

func (d *document) addRule(e *entry, r *ruleDef) {
	i, known := d.ruleAt[r.name]
	if known && d.rules[i].source != r.source {
		d.errorf(e.src.at(e.node), "source", e.name, "rule %q is of source %s above, and of source %s here", r.name, d.rules[i].source, r.source)
		return
	}
	if r.source != engineSource {
		d.warn(e.src.at(e.node), "unknown-source", r.name, fmt.Sprintf("rule %q is for source %q, which there is not: it is left out", r.name, r.source), "")
	}
	if known {
		r.places = slices.Concat(d.rules[i].places, []Place{e.placeOf("defined anew")})
		d.rules[i] = r
		return
	}
	d.ruleAt[r.name] = len(d.rules)
	d.rules = append(d.rules, r)
}

// enableRule switches a rule on or off that is defined above.
func (d *document) enableRule(e *entry) {
	if _, ok := d.value(e, "enabled"); !ok {
		return
	}
	d.warn(e.at("enabled"), "deprecated", e.name, "'enabled' alone is deprecated", "add 'override:' with 'enabled: replace'")
	r := d.rule(e.name)
	if r == nil {
		d.errorf(e.src.at(e.node), "append", e.name, "rule %q is switched on or off, but is not defined above", e.name)
		return
	}
	r.enabled = d.boolean(e, "enabled", true)
	r.places = append(r.places, e.placeOf("switched on or off"))
}

func (d *document) newRule(e *entry) (*ruleDef, bool) {
	r := &ruleDef{at: e.src.at(e.node), name: e.name, source: engineSource, enabled: d.boolean(e, "enabled", true), places: []Place{e.placeOf("defined")}}
	ok := d.ruleCondition(e, r)
	output, okOutput := d.value(e, "output")
	desc, okDesc := d.value(e, "desc")
	r.output, r.desc = script{output}, desc.value
	if src, given := d.optional(e, "source"); given {
		r.source = src.value
	}
	r.anyType, r.skip = !d.boolean(e, "warn_evttypes", true), d.boolean(e, "skip-if-unknown-filter", false)
	okPriority := d.priority(e, r)
	r.tags = d.tags(e)
	d.capture(e)
	okState := d.state(e, r)
	var okExceptions bool
	r.exceptions, okExceptions = d.readExceptions(e, r, false)
	return r, ok && okOutput && okDesc && okPriority && okState && okExceptions // all is looked at: every problem is reported
}

// ruleCondition reads the condition, or the sequence in its place.
func (d *document) ruleCondition(e *entry, r *ruleDef) bool {
	if e.has("sequence") && !e.has("condition") {
		return true
	}
	cond, ok := d.value(e, "condition")
	r.cond = script{cond}
	return ok
}

func (d *document) tags(e *entry) (tags []string) {
	items, _ := d.strings(e, "tags") // what is wrong is reported there
	for _, t := range items {
		tags = append(tags, t.value)
	}
	return tags
}

func (d *document) priority(e *entry, r *ruleDef) bool {
	name, ok := d.value(e, "priority")
	if !ok {
		return false
	}
	p, err := ParsePriority(name.value)
	if err != nil {
		d.errorf(e.src.at(name.node), "priority", e.name, "%v", err)
		return false
	}
	r.priority = p
	return true
}

// capture checks the keys by which a rule of the reference starts a recording.
// They are accepted; tiercel records a run with --record.
func (d *document) capture(e *entry) {
	d.boolean(e, "capture", false)
	if t, ok := d.optional(e, "capture_duration"); ok {
		if _, isNumber := parseInteger(t.value); !isNumber {
			d.errorf(e.src.at(t.node), "shape", e.name, "expected milliseconds under %q", "capture_duration")
		}
	}
}
