package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"
)

// document is what a set of rule files defines, in the order of first definition.
type document struct {
	lists    map[string]*listDef
	macros   map[string]*macroDef
	rules    []*ruleDef
	problems Problems
}

type listDef struct {
	at    spot
	items []text
}

type macroDef struct {
	at   spot
	cond script
}

type ruleDef struct {
	at       spot
	name     string
	desc     string
	cond     script
	output   text
	priority Priority
	tags     []string
	source   string
	enabled  bool
}

// entry is one item of a rule file: its keys and their nodes.
type entry struct {
	src    *source
	node   *yaml.Node
	keys   map[string]*yaml.Node
	kind   string // "rule", "macro", "list", ...
	name   string
	append bool
}

// entryKeys is which keys each kind of item may have.
var entryKeys = map[string][]string{
	"rule":                     {"desc", "condition", "output", "priority", "tags", "enabled", "source", "append", "warn_evttypes", "skip-if-unknown-filter"},
	"macro":                    {"condition", "append"},
	"list":                     {"items", "append"},
	"required_engine_version":  nil,
	"required_plugin_versions": nil,
}

// load reads the files in order; later definitions replace or add to earlier ones.
func load(files []File) *document {
	doc := &document{lists: map[string]*listDef{}, macros: map[string]*macroDef{}}
	for _, f := range files {
		doc.loadFile(newSource(f), f.Data)
	}
	return doc
}

func (d *document) report(p Problem) { d.problems = append(d.problems, p) }

func (d *document) errorf(at spot, code, rule, format string, args ...any) {
	d.report(at.problem(code, rule, fmt.Sprintf(format, args...)))
}

func (d *document) loadFile(src *source, data []byte) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var node yaml.Node
		err := dec.Decode(&node)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			d.report(yamlProblem(src, err))
			return
		}
		d.loadDocument(src, &node)
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// yamlProblem takes the line out of the YAML library's message.
func yamlProblem(src *source, err error) Problem {
	msg := err.Error()
	at := spot{src: src}
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		if n, convErr := strconv.Atoi(m[1]); convErr == nil {
			at.line, at.col = n, 1
		}
		msg = msg[len(m[0]):]
	}
	return at.problem("yaml", "", "not YAML: "+msg)
}

func (d *document) loadDocument(src *source, node *yaml.Node) {
	if node.Kind == yaml.DocumentNode {
		node = node.Content[0]
	}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.SequenceNode {
		p := src.at(node).problem("shape", "", "no rule file: want a list of items")
		p.Hint = "a rule file is a YAML list whose items begin with '- rule:', '- macro:' or '- list:'"
		d.report(p)
		return
	}
	for _, item := range node.Content {
		if e, ok := d.entry(src, item); ok {
			d.define(e)
		}
	}
}

// entry reads an item's keys, and finds out what it defines.
func (d *document) entry(src *source, node *yaml.Node) (entry, bool) {
	e := entry{src: src, node: node, keys: map[string]*yaml.Node{}}
	if node.Kind != yaml.MappingNode {
		d.errorf(src.at(node), "shape", "", "expected an item with keys, such as '- rule: NAME'")
		return e, false
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if _, twice := e.keys[key.Value]; twice {
			d.errorf(src.at(key), "duplicate-key", "", "key %q stands twice", key.Value)
		}
		e.keys[key.Value] = resolveAlias(value)
		if _, ok := entryKeys[key.Value]; ok && e.kind == "" {
			e.kind, e.name = key.Value, value.Value
		}
	}
	if e.kind == "" {
		p := src.at(node).problem("shape", "", "item that is no rule, macro or list")
		p.Hint = "begin it with 'rule:', 'macro:' or 'list:'"
		d.report(p)
		return e, false
	}
	if e.name == "" && entryKeys[e.kind] != nil {
		d.errorf(src.at(node), "name", "", "%s without a name", e.kind)
		return e, false
	}
	d.unknownKeys(e)
	e.append = d.boolean(e, "append", false)
	return e, true
}

func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func (d *document) unknownKeys(e entry) {
	for i := 0; i < len(e.node.Content); i += 2 {
		key := e.node.Content[i]
		if key.Value == e.kind || slices.Contains(entryKeys[e.kind], key.Value) {
			continue
		}
		p := e.src.at(key).problem("unknown-key", e.name, fmt.Sprintf("unknown key %q in a %s", key.Value, e.kind))
		if key.Value != "exceptions" && key.Value != "override" {
			p.Severity = Warning
		}
		d.report(p)
	}
}

func (d *document) define(e entry) {
	switch e.kind {
	case "list":
		d.defineList(e)
	case "macro":
		d.defineMacro(e)
	case "rule":
		d.defineRule(e)
	}
}

func (d *document) defineList(e entry) {
	items, ok := d.strings(e, "items")
	if !ok && e.keys["items"] != nil {
		return
	}
	if !ok {
		d.errorf(e.src.at(e.node), "missing-key", e.name, "list %q without items", e.name)
		return
	}
	old := d.lists[e.name]
	switch {
	case !e.append:
		d.lists[e.name] = &listDef{e.src.at(e.node), items}
	case old == nil:
		d.errorf(e.src.at(e.node), "append", e.name, "append to list %q, which is not defined above", e.name)
	default:
		old.items = append(old.items, items...)
	}
}

func (d *document) defineMacro(e entry) {
	cond, ok := d.text(e, "condition")
	if !ok && e.keys["condition"] != nil {
		return
	}
	if !ok {
		d.errorf(e.src.at(e.node), "missing-key", e.name, "macro %q without a condition", e.name)
		return
	}
	old := d.macros[e.name]
	switch {
	case !e.append:
		d.macros[e.name] = &macroDef{e.src.at(e.node), script{cond}}
	case old == nil:
		d.errorf(e.src.at(e.node), "append", e.name, "append to macro %q, which is not defined above", e.name)
	default:
		old.cond = append(old.cond, cond)
	}
}

func (d *document) defineRule(e entry) {
	i := slices.IndexFunc(d.rules, func(r *ruleDef) bool { return r.name == e.name })
	_, hasCond := e.keys["condition"]
	switch {
	case e.append && i < 0:
		d.errorf(e.src.at(e.node), "append", e.name, "append to rule %q, which is not defined above", e.name)
	case e.append:
		d.appendRule(e, d.rules[i])
	case !hasCond && e.keys["enabled"] != nil && i >= 0:
		d.rules[i].enabled = d.boolean(e, "enabled", true)
	default:
		if r, ok := d.newRule(e); ok && i >= 0 {
			d.rules[i] = r
		} else if ok {
			d.rules = append(d.rules, r)
		}
	}
}

func (d *document) appendRule(e entry, r *ruleDef) {
	if cond, ok := d.text(e, "condition"); ok {
		r.cond = append(r.cond, cond)
		return
	}
	d.errorf(e.src.at(e.node), "missing-key", e.name, "append to rule %q without a condition", e.name)
}

func (d *document) newRule(e entry) (*ruleDef, bool) {
	for _, key := range []string{"desc", "condition", "output", "priority"} {
		if e.keys[key] == nil {
			d.errorf(e.src.at(e.node), "missing-key", e.name, "rule %q without %q", e.name, key)
			return nil, false
		}
	}
	r := &ruleDef{at: e.src.at(e.node), name: e.name, source: "syscall", enabled: d.boolean(e, "enabled", true)}
	cond, okCond := d.text(e, "condition")
	output, okOutput := d.text(e, "output")
	desc, _ := d.text(e, "desc")
	r.cond, r.output, r.desc = script{cond}, output, desc.value
	if src, ok := d.text(e, "source"); ok {
		r.source = src.value
	}
	d.priority(e, r)
	d.tags(e, r)
	return r, okCond && okOutput // the rest is looked at all the same: every problem is reported
}

func (d *document) tags(e entry, r *ruleDef) {
	tags, _ := d.strings(e, "tags") // what is wrong is reported there
	for _, t := range tags {
		r.tags = append(r.tags, t.value)
	}
}

func (d *document) priority(e entry, r *ruleDef) {
	name, ok := d.text(e, "priority")
	if !ok {
		return
	}
	var err error
	if r.priority, err = ParsePriority(name.value); err != nil {
		d.errorf(e.src.at(name.node), "priority", e.name, "%v", err)
	}
}

// text returns the key's scalar; a value of another shape is reported.
func (d *document) text(e entry, key string) (text, bool) {
	n := e.keys[key]
	if n == nil {
		return text{}, false
	}
	if n.Kind != yaml.ScalarNode {
		d.errorf(e.src.at(n), "shape", e.name, "expected text under %q", key)
		return text{}, false
	}
	return text{n.Value, n, e.src}, true
}

// strings returns the scalars of the key's list; an item of another shape is reported.
func (d *document) strings(e entry, key string) ([]text, bool) {
	n := e.keys[key]
	if n == nil {
		return nil, false
	}
	if n.Kind != yaml.SequenceNode {
		d.errorf(e.src.at(n), "shape", e.name, "expected a list under %q", key)
		return nil, false
	}
	var items []text
	for _, item := range n.Content {
		item = resolveAlias(item)
		if item.Kind != yaml.ScalarNode {
			d.errorf(e.src.at(item), "shape", e.name, "expected text as an item of %q", key)
			return nil, false
		}
		items = append(items, text{item.Value, item, e.src})
	}
	return items, true
}

// boolean returns the key's truth value, or the one given where there is none.
func (d *document) boolean(e entry, key string, otherwise bool) bool {
	n := e.keys[key]
	if n == nil {
		return otherwise
	}
	var b bool
	if err := n.Decode(&b); err != nil {
		d.errorf(e.src.at(n), "shape", e.name, "expected true or false under %q", key)
		return otherwise
	}
	return b
}
