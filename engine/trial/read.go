package trial

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"tiercel/rules"
)

// reader reads a file of tests, and collects what is wrong with it.
type reader struct {
	src      rules.File
	problems rules.Problems
	names    map[string]bool // of the tests so far
}

// Read reads a file of tests. Where there are problems there is no file.
func Read(src rules.File) (*File, rules.Problems) {
	root, problems := src.Node()
	if problems != nil {
		return nil, problems
	}
	r := &reader{src: src, names: map[string]bool{}}
	f := &File{Name: src.Name, src: src}
	for i, item := range r.list(root, "a list of items that begin with '- test: NAME'") {
		if i == 0 && hasKey(item, "rules") {
			r.mapping(item, keys{"rules": func(n *yaml.Node) { f.rules = r.texts(n) }})
			continue
		}
		f.Tests = append(f.Tests, r.test(item))
	}
	if r.problems != nil {
		return nil, r.problems
	}
	return f, nil
}

func (r *reader) errorf(at *yaml.Node, format string, args ...any) {
	r.unknown(at, fmt.Sprintf(format, args...), "", nil)
}

// unknown reports a wrong name, with the known one that is like it.
func (r *reader) unknown(at *yaml.Node, message, wrong string, known []string) {
	r.problems = append(r.problems, r.src.Problem(at, message, wrong, known))
}

// keys has what is done with the value of each key that a mapping may have.
type keys map[string]func(*yaml.Node)

// mapping reads a mapping with these keys, and reports others.
func (r *reader) mapping(n *yaml.Node, known keys) {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	r.each(n, func(key, value *yaml.Node) {
		if read, ok := known[key.Value]; ok {
			read(value)
			return
		}
		message := fmt.Sprintf("unknown key %q: want one of %s", key.Value, strings.Join(names, ", "))
		if key.Value == "rules" {
			message = `"rules" stands once, in an item of its own before the tests`
		}
		r.unknown(key, message, key.Value, names)
	})
}

// each calls f with the pairs of a mapping, and reports what is none and keys that stand twice.
func (r *reader) each(n *yaml.Node, f func(key, value *yaml.Node)) {
	if n = target(n); n.Kind != yaml.MappingNode {
		r.errorf(n, "expected keys with values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := target(n.Content[i]), target(n.Content[i+1])
		if seen[key.Value] {
			r.errorf(n.Content[i], "key %q stands twice", key.Value)
			continue
		}
		seen[key.Value] = true
		f(key, value)
	}
}

// list returns the items of a list; anything else is reported.
func (r *reader) list(n *yaml.Node, want string) []*yaml.Node {
	if n = target(n); n.Kind != yaml.SequenceNode {
		r.errorf(n, "expected %s", want)
		return nil
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		items[i] = target(item)
	}
	return items
}

func (r *reader) texts(n *yaml.Node) []string {
	all := []string{}
	for _, item := range r.list(n, "a list of paths") {
		all = append(all, r.text(item))
	}
	return all
}

// text returns a scalar's text; anything else is reported, nothing and an empty text too.
func (r *reader) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || isNull(n) || n.Value == "" {
		r.errorf(n, "expected a text")
		return ""
	}
	return n.Value
}

// target is the node that an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func hasKey(n *yaml.Node, name string) bool {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return true
		}
	}
	return false
}
