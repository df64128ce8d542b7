package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// document is what a set of rule files defines, in the order of first definition.
type document struct {
	lists    map[string]*listDef
	macros   map[string]*macroDef
	order    []string // the macros' names
	rules    []*ruleDef
	ruleAt   map[string]int // index in rules, by name
	defined  int            // how many definitions came so far
	problems Problems
}

// shelf is where a list or a macro stands among the definitions. The first
// definition counts for who sees it, the last change for what it sees.
type shelf struct {
	at          spot
	first, last int
}

type listDef struct {
	shelf
	items []text
	used  bool
}

type macroDef struct {
	shelf
	name string
	cond script
	used bool
}

// entry is one item of a rule file: its keys and their nodes.
type entry struct {
	src      *source
	node     *yaml.Node
	keys     map[string]*yaml.Node
	kind     string // "rule", "macro", "list", ...
	name     string
	append   bool
	override map[string]string // key: append or replace
}

// entryKeys is which keys each kind of item may have, beside its own.
var entryKeys = map[string][]string{
	"rule": {"desc", "condition", "output", "priority", "tags", "enabled", "source", "exceptions", "append", "override", "warn_evttypes",
		"skip-if-unknown-filter", "capture", "capture_duration", "count", "within", "by", "sequence"},
	"macro":                    {"condition", "append", "override"},
	"list":                     {"items", "append", "override"},
	"required_engine_version":  {},
	"required_plugin_versions": {},
}

// kindsOf is the kinds of item, in the order in which an item's keys are looked at for them.
var kindsOf = []string{"required_engine_version", "required_plugin_versions", "list", "macro", "rule"}

// load reads the files in order; later definitions replace or add to earlier ones.
func load(files []File) *document {
	doc := &document{lists: map[string]*listDef{}, macros: map[string]*macroDef{}, ruleAt: map[string]int{}}
	decoded := make([]yamlFile, len(files))
	var all sync.WaitGroup
	for i := range files { // decoding is a third of the time to the first event
		all.Go(func() { decoded[i] = decode(files[i].Data) })
	}
	all.Wait()
	for i, f := range files {
		doc.loadFile(newSource(f), decoded[i])
	}
	return doc
}

// yamlFile is a file's documents, up to the first that is none.
type yamlFile struct {
	documents []*yaml.Node
	err       error
}

func decode(data []byte) (f yamlFile) {
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var node yaml.Node
		err := dec.Decode(&node)
		if errors.Is(err, io.EOF) {
			return f
		}
		if err != nil {
			f.err = err
			return f
		}
		f.documents = append(f.documents, &node)
	}
}

func (d *document) report(p Problem) { d.problems = append(d.problems, p) }

func (d *document) errorf(at spot, code, rule, format string, args ...any) {
	d.report(at.problem(code, rule, fmt.Sprintf(format, args...)))
}

// warn reports what does not keep the file from being used.
func (d *document) warn(at spot, code, rule, message, hint string) {
	p := at.problem(code, rule, message)
	p.Severity, p.Hint = Warning, hint
	d.report(p)
}

func (d *document) loadFile(src *source, f yamlFile) {
	for _, node := range f.documents {
		d.loadDocument(src, node)
	}
	if f.err != nil {
		d.report(yamlProblem(src, f.err))
	}
}

var yamlLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: (?:line (\d+): )?`) })

// yamlProblem takes the line out of the YAML library's message.
func yamlProblem(src *source, err error) Problem {
	msg := err.Error()
	at := spot{src: src}
	if m := yamlLine().FindStringSubmatch(msg); m != nil {
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
	if isNull(node) {
		return
	}
	if node.Kind != yaml.SequenceNode {
		p := src.at(node).problem("shape", "", "no rule file: want a list of items")
		p.Hint = "a rule file is a YAML list whose items begin with '- rule:', '- macro:' or '- list:'"
		d.report(p)
		return
	}
	for _, item := range node.Content {
		if item = resolveAlias(item); isNull(item) {
			continue
		}
		if e, ok := d.entry(src, item); ok {
			d.define(e)
		}
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
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
			d.warn(src.at(key), "duplicate-key", "", fmt.Sprintf("key %q stands twice: the first one counts", key.Value), "")
			continue
		}
		e.keys[key.Value] = resolveAlias(value)
	}
	for _, kind := range kindsOf {
		if value, ok := e.keys[kind]; ok {
			e.kind, e.name = kind, value.Value
			break
		}
	}
	if e.kind == "" {
		d.warn(src.at(node), "unknown-item", "", "item that is no rule, macro or list: it is ignored", "begin it with 'rule:', 'macro:' or 'list:'")
		return e, false
	}
	return e, d.readEntry(&e)
}

// readEntry reads what all kinds of items have.
func (d *document) readEntry(e *entry) bool {
	if n := e.keys[e.kind]; len(entryKeys[e.kind]) > 0 && (n.Kind != yaml.ScalarNode || e.name == "" || isNull(n)) {
		d.errorf(e.src.at(e.node), "name", "", "%s without a name", e.kind)
		return false
	}
	d.unknownKeys(e)
	e.append = d.boolean(e, "append", false)
	if e.append {
		d.warn(e.at("append"), "deprecated", e.name, "'append: true' is deprecated", "write 'override:' with '"+overrideExample[e.kind]+": append' instead")
	}
	return d.overrides(e)
}

var overrideExample = map[string]string{"rule": "condition", "macro": "condition", "list": "items"}

// at returns the place of a key's value.
func (e *entry) at(key string) spot { return e.src.at(e.keys[key]) }

func (d *document) unknownKeys(e *entry) {
	for i := 0; i < len(e.node.Content); i += 2 {
		key := e.node.Content[i].Value
		if key == e.kind || slices.Contains(entryKeys[e.kind], key) {
			continue
		}
		hint := ""
		if near := nearest(key, entryKeys[e.kind]); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		d.warn(e.src.at(e.node.Content[i]), "unknown-key", e.name, fmt.Sprintf("unknown key %q in a %s: it is ignored", key, e.kind), hint)
	}
}

// value returns the key's scalar, which must be there and not empty; what is wrong is reported.
func (d *document) value(e *entry, key string) (text, bool) {
	n := e.keys[key]
	switch {
	case n == nil:
		d.errorf(e.src.at(e.node), "missing-key", e.name, "%s %q without %q", e.kind, e.name, key)
	case isNull(n) || n.Kind == yaml.ScalarNode && n.Value == "":
		d.errorf(e.src.at(n), "empty", e.name, "nothing under %q", key)
	case n.Kind != yaml.ScalarNode:
		d.errorf(e.src.at(n), "shape", e.name, "expected text under %q", key)
	default:
		return text{value: n.Value, node: n, src: e.src}, true
	}
	return text{}, false
}

// optional is value for a key that need not be there; ok is false where it is not, or is wrong.
func (d *document) optional(e *entry, key string) (t text, ok bool) {
	if e.keys[key] == nil {
		return text{}, false
	}
	return d.value(e, key)
}

// strings returns the scalars of the key's list; an item of another shape is reported.
func (d *document) strings(e *entry, key string) ([]text, bool) {
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
		items = append(items, text{value: item.Value, node: item, src: e.src})
	}
	return items, true
}

// truths are the words of YAML 1.1 for true and false, as the reference reads
// them, quoted or not.
var truths = map[string]bool{"true": true, "yes": true, "y": true, "on": true, "false": false, "no": false, "n": false, "off": false}

// boolean returns the key's truth value, or the one given where there is none.
func (d *document) boolean(e *entry, key string, otherwise bool) bool {
	n := e.keys[key]
	if n == nil {
		return otherwise
	}
	b, known := truths[strings.ToLower(n.Value)]
	if n.Kind != yaml.ScalarNode || !known {
		d.errorf(e.src.at(n), "shape", e.name, "expected true or false under %q", key)
		return otherwise
	}
	return b
}
