package rules

import (
	"cmp"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// engineVersion is the version of the reference's engine whose language this is.
var engineVersion = version{0, 62, 0}

// plugins are the plugins of the reference whose fields tiercel has by itself.
var plugins = map[string]version{"container": {0, 7, 1}}

// version is a semantic version, major, minor and patch.
type version [3]int64

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// serves reports whether what is of the version can be used where another is required.
func (v version) serves(required version) bool {
	return v[0] == required[0] && cmp.Or(cmp.Compare(v[1], required[1]), cmp.Compare(v[2], required[2])) >= 0
}

func parseVersion(s string) (v version, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != len(v) {
		return v, false
	}
	for i, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return v, false
		}
		if v[i], ok = parseInteger(part); !ok {
			return v, false
		}
	}
	return v, true
}

// requireEngine checks the version that a file asks for: x.y.z, or a number N, which means 0.N.0.
func (d *document) requireEngine(e *entry) {
	t, ok := d.value(e, e.kind)
	if !ok {
		return
	}
	required, ok := parseVersion(t.value)
	if minor, isNumber := parseInteger(t.value); isNumber && minor >= 0 {
		required, ok = version{0, minor, 0}, true
	}
	switch {
	case !ok:
		d.errorf(e.at(e.kind), "version", "", "engine version %q: want a number or x.y.z", t.value)
	case !engineVersion.serves(required):
		d.errorf(e.at(e.kind), "version", "", "the rules require engine %s, and this is %s", required, engineVersion)
	}
}

// requirement is a plugin in some version.
type requirement struct {
	name    string
	version version
}

// requirePlugins checks that of each plugin, or one of its alternatives, a version is there that serves.
func (d *document) requirePlugins(e *entry) {
	n := e.keys[e.kind]
	if n.Kind != yaml.SequenceNode {
		d.errorf(e.src.at(n), "shape", "", "expected a list under %q", e.kind)
		return
	}
	for _, item := range n.Content {
		d.requirePlugin(e, resolveAlias(item))
	}
}

func (d *document) requirePlugin(e *entry, n *yaml.Node) {
	first, alternatives, ok := d.requirement(e, n)
	if !ok {
		return
	}
	all := []requirement{first}
	if alternatives != nil {
		for _, item := range alternatives.Content {
			r, _, good := d.requirement(e, resolveAlias(item))
			if !good {
				return
			}
			all = append(all, r)
		}
	}
	var names []string
	for _, r := range all {
		if have, known := plugins[r.name]; known && have.serves(r.version) {
			return
		}
		names = append(names, r.name+" "+r.version.String())
	}
	d.errorf(e.src.at(n), "plugin", "", "the rules require a plugin that there is not: %s", strings.Join(names, " or "))
}

func (d *document) requirement(e *entry, n *yaml.Node) (r requirement, alternatives *yaml.Node, ok bool) {
	var fields struct {
		Name         string    `yaml:"name"`
		Version      string    `yaml:"version"`
		Alternatives yaml.Node `yaml:"alternatives"`
	}
	if n.Kind != yaml.MappingNode || n.Decode(&fields) != nil || fields.Name == "" || fields.Version == "" {
		d.errorf(e.src.at(n), "shape", "", "expected a plugin with 'name' and 'version'")
		return r, nil, false
	}
	r.name = fields.Name
	if r.version, ok = parseVersion(fields.Version); !ok {
		d.errorf(e.src.at(n), "version", "", "version %q of plugin %s: want x.y.z", fields.Version, r.name)
		return r, nil, false
	}
	if fields.Alternatives.Kind == 0 {
		return r, nil, true
	}
	if fields.Alternatives.Kind != yaml.SequenceNode {
		d.errorf(e.src.at(n), "shape", "", "expected a list under %q", "alternatives")
		return r, nil, false
	}
	return r, &fields.Alternatives, true
}
