package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// base is a rule that changes refer to, and last that they are made by.
const base = `
- rule: R
  desc: first
  condition: evt.type = open
  output: out %proc.name
  priority: info
  tags: [a]
  exceptions:
    - name: known
      fields: [proc.name, fd.name]
      comps: [=, in]
      values:
        - [cat, [/a, /b]]
`

func TestChangesOfARule(t *testing.T) {
	tests := []struct {
		name, change, want string
	}{
		{"a condition that is appended", "  condition: and proc.name = x\n  override: {condition: append, exceptions: replace}\n  exceptions:\n", "evt.type = open and proc.name = x"},
		{"values that are appended", "  exceptions:\n    - name: known\n      values: [[dog, /c]]\n  override: {exceptions: append}\n",
			"( evt.type = open ) and not ((proc.name = cat and fd.name in (/a, /b)) or (proc.name = dog and fd.name in (/c)))"},
		{"an exception that is appended", "  exceptions: [{name: new, fields: proc.name, values: [x, y z]}]\n  override: {exceptions: append}\n",
			`( evt.type = open ) and not ((proc.name = cat and fd.name in (/a, /b))) and not (proc.name in (x, "y z"))`},
		{"exceptions that are replaced", "  exceptions: [{name: new, fields: fd.name, comps: startswith anyof, values: [/x]}]\n  override: {exceptions: replace}\n",
			"( evt.type = open ) and not (fd.name startswith anyof (/x))"},
		{"exceptions without values", "  exceptions: [{name: new, fields: [fd.name]}]\n  override: {exceptions: replace}\n", "evt.type = open"},
		{"'append: true'", "  append: true\n  condition: and proc.name = x\n", "( evt.type = open and proc.name = x ) and not ((proc.name = cat and fd.name in (/a, /b)))"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, problems := Compile([]File{{"x.yaml", []byte(base + "- rule: R\n" + tt.change)}})
			require.NotNil(t, set, "%v", problems)
			if got := set.Rules[0].Condition; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestKeysThatAreOverridden(t *testing.T) {
	set, problems := Compile([]File{{"x.yaml", []byte(base + `
- rule: R
  desc: second
  output: and %fd.name
  priority: critical
  tags: [a, b]
  enabled: "no"
  warn_evttypes: false
  capture: true
  override: {desc: append, output: append, priority: replace, tags: append, enabled: replace, warn_evttypes: replace, capture: replace}
`)}})
	require.NotNil(t, set, "%v", problems)
	require.Empty(t, problems)
	r := set.Rules[0]
	if r.Desc != "first second" || r.Output != "out %proc.name and %fd.name" || r.Priority != Critical || strings.Join(r.Tags, " ") != "a b" || r.Enabled {
		t.Errorf("got %q, %q, %v, %v, enabled %v", r.Desc, r.Output, r.Priority, r.Tags, r.Enabled)
	}
}

func TestItemsThatAreRefusedOrWarnedOf(t *testing.T) {
	rule := func(more string) string {
		return "- rule: N\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: info\n" + more
	}
	tests := []struct {
		name, text, want string // want begins with its severity
	}{
		{"an override without the key", base + "- rule: R\n  override: {condition: append}\n", `error: "condition" is to be overridden, but there is no`},
		{"a key without an override", base + "- rule: R\n  desc: x\n  priority: info\n  override: {desc: replace}\n", `error: "priority" has no entry under 'override'`},
		{"a key that cannot be appended to", base + "- rule: R\n  priority: info\n  override: {priority: append}\n", `error: "priority" cannot be appended to: use 'replace'`},
		{"a key that cannot be overridden", base + "- rule: R\n  source: x\n  override: {source: replace}\n", `error: "source" of a rule cannot be overridden`},
		{"an override of another kind", base + "- rule: R\n  desc: x\n  override: {desc: delete}\n", `error: "delete" under 'override': want 'append' or 'replace'`},
		{"an override that is no mapping", base + "- rule: R\n  desc: x\n  override: desc\n", `error: expected keys with 'append' or 'replace'`},
		{"both ways of appending", base + "- rule: R\n  append: true\n  condition: and evt.type = open\n  override: {condition: append}\n", `error: 'append: true' and 'override' do not go together`},
		{"an append of nothing", base + "- rule: R\n  append: true\n", `error: append to rule "R" without a condition or exceptions`},
		{"another source", base + "- rule: R\n  append: true\n  condition: and evt.type = open\n  source: k8s_audit\n", `error: rule "R" is of source syscall above, and of source k8s_audit here`},
		{"a second definition of another source", base + rule("") + "- {rule: N, desc: d, condition: x.y = z, output: o, priority: info, source: s}\n", `error: rule "N" is of source syscall above`},
		{"an unknown source", rule("  source: s\n"), `warning: rule "N" is for source "s", which there is not`},
		{"no source", rule("  source:\n"), `error: nothing under "source"`},
		{"an enabled rule that there is not", "- {rule: X, enabled: false}\n", `error: rule "X" is switched on or off, but is not defined above`},
		{"an enabled key alone", rule("") + "- {rule: N, enabled: false}\n", `warning: 'enabled' alone is deprecated`},
		{"something unknown", rule("") + "- {foo: bar}\n", `warning: item that is no rule, macro or list`},
		{"an engine that is newer", "- required_engine_version: 0.99.0\n", `error: the rules require engine 0.99.0`},
		{"an engine that is newer, by number", "- required_engine_version: 63\n", `error: the rules require engine 0.63.0`},
		{"an engine of another major version", "- required_engine_version: 1.0.0\n", `error: the rules require engine 1.0.0`},
		{"an engine version without a patch", "- required_engine_version: 0.5\n", `error: engine version "0.5": want a number or x.y.z`},
		{"a plugin that there is not", "- required_plugin_versions: [{name: json, version: 0.1.0}]\n", `error: the rules require a plugin that there is not: json 0.1.0`},
		{"a plugin that is newer", "- required_plugin_versions: [{name: container, version: 9.0.0, alternatives: [{name: json, version: 0.1.0}]}]\n", `container 9.0.0 or json 0.1.0`},
		{"a plugin without a version", "- required_plugin_versions: [{name: container}]\n", `error: expected a plugin with 'name' and 'version'`},
		{"an unknown field that is skipped", rule("  skip-if-unknown-filter: true\n") + "- {rule: M, desc: d, condition: no.field = 1, output: o, priority: info, skip-if-unknown-filter: true}\n", `warning: unknown field "no.field": the rule is left out`},
		{"an unknown output that is skipped", "- {rule: M, desc: d, condition: evt.type = open, output: '%no.field', priority: info, skip-if-unknown-filter: true}\n", `warning: output: unknown field "no.field": the rule is left out`},
		{"a syntax error is not skipped", "- {rule: M, desc: d, condition: evt.type =, output: o, priority: info, skip-if-unknown-filter: true}\n", `error: expected a value after '='`},
		{"an exception without a name", rule("  exceptions: [{fields: proc.name}]\n"), `error: exception without "name"`},
		{"an exception without fields", rule("  exceptions: [{name: x, values: [y]}]\n"), `error: exception "x" without "fields"`},
		{"an exception with few comps", rule("  exceptions: [{name: x, fields: [proc.name, fd.name], comps: [=]}]\n"), `2 fields and 1 comps`},
		{"an exception with few values", rule("  exceptions: [{name: x, fields: [proc.name, fd.name], values: [[a]]}]\n"), `each of its values wants one for each field`},
		{"an exception with a list for one field", rule("  exceptions: [{name: x, fields: proc.name, values: [[a]]}]\n"), `a list among the values of one field`},
		{"an exception of one field with =", rule("  exceptions: [{name: x, fields: proc.name, comps: =}]\n"), `comparison "=" of one field: want in`},
		{"an exception of an unknown field", rule("  exceptions: [{name: x, fields: [proc.nmae]}]\n"), `unknown field "proc.nmae"`},
		{"an exception that is no mapping", rule("  exceptions: [x]\n"), `error: expected an exception with 'name'`},
		{"exceptions that contain themselves", rule("  exceptions: [{name: x, fields: &a [*a]}]\n"), `error: expected text, or a list of texts`},
		{"a new exception without values", base + "- rule: R\n  exceptions: [{name: x, fields: [proc.name]}]\n  override: {exceptions: append}\n", `exception "x" is new: it wants 'fields' and 'values'`},
		{"new fields of an exception", base + "- rule: R\n  exceptions: [{name: known, fields: [proc.name], values: [[a]]}]\n  override: {exceptions: append}\n", `exception "known" is there already`},
		{"two exceptions of one name", rule("  exceptions: [{name: x, fields: proc.name}, {name: x, fields: fd.name}]\n"), `warning: exception "x" stands twice in one rule`},
		{"a field in the place of a value", rule("  exceptions: [{name: x, fields: [proc.name], values: [[proc.pname]]}]\n"), `warning: "proc.pname" is compared with as text, but is a field`},
		{"a count without a time", rule("  count: 5\n"), `error: rule "N" without "within"`},
		{"a count that is none", rule("  count: many\n  within: 1s\n"), `expected a number from 2 to 10000 under "count", not "many"`},
		{"a count of one", rule("  count: 1\n  within: 1s\n"), `count of 1: want 2 to 10000`},
		{"a time without a unit", rule("  count: 2\n  within: 10\n"), `expected a time such as 10s or 5m under "within", not "10"`},
		{"a time alone", rule("  within: 10s\n"), `"within" goes with "count" or "sequence"`},
		{"fields alone", rule("  by: proc.pid\n"), `"by" goes with "count" or "sequence"`},
		{"an unknown field to count by", rule("  count: 2\n  within: 1s\n  by: [proc.pdi]\n"), `by: unknown field "proc.pdi"`},
		{"a sequence beside a condition", rule("  sequence: [evt.type = open, evt.type = close]\n  within: 1s\n"), `rule "N" has a "sequence": its conditions stand there`},
		{"a sequence of one", "- {rule: N, desc: d, sequence: [evt.type = open], within: 1s, output: o, priority: info}\n", `sequence of 1: want 2 to 16 conditions`},
		{"a sequence with an error", "- {rule: N, desc: d, sequence: [evt.type = open, proc.nmae = x], within: 1s, output: o, priority: info}\n", `unknown field "proc.nmae"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Compile([]File{{"x.yaml", []byte(tt.text)}})
			if got := severeMessages(problems); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// severeMessages are the problems' messages, each behind its severity.
func severeMessages(problems Problems) string {
	var all []string
	for _, p := range problems {
		all = append(all, string(p.Severity)+": "+p.Message)
	}
	return strings.Join(all, "\n")
}

func TestOrderOfDefinitions(t *testing.T) {
	use := "- {rule: N, desc: d, condition: a, output: o, priority: info}\n"
	tests := []struct {
		name, text, want string // want is the program; of an error, the message
	}{
		{"a macro that is defined below the rule", use + "- {macro: a, condition: evt.type = open}\n", "  0  evt.type = open ? true : false\n"},
		{"a macro that another is built on below", "- {macro: a, condition: b}\n- {macro: b, condition: evt.type = open}\n" + use, `error: macro "b" is defined below`},
		{"a macro that is replaced later may use what came between", "- {macro: a, condition: evt.type = close}\n- {macro: b, condition: evt.type = open}\n- {macro: a, condition: b}\n" + use, "  0  evt.type = open ? true : false\n"},
		{"a list that is replaced later", "- {list: l, items: [open]}\n- {macro: a, condition: evt.type in (l)}\n" + use + "- {list: l, items: [close]}\n", "  0  evt.type in (close) ? true : false\n"},
		{"a list as one value", "- {list: l, items: [open]}\n- {macro: a, condition: evt.type = l}\n" + use, "  0  evt.type = open ? true : false\n"},
		{"a quoted value that a list is called", "- {list: l, items: [open]}\n- {macro: a, condition: proc.name = 'l' and evt.type in (l)}\n" + use, "  0  proc.name = l ? 1 : false\n  1  evt.type in (open) ? true : false\n"},
		{"a list of lists of lists", "- {list: x, items: [open]}\n- {list: y, items: [x, close]}\n- {list: z, items: [y]}\n- {macro: a, condition: evt.type in (z)}\n" + use, "  0  evt.type in (open, close) ? true : false\n"},
		{"items with blanks and quotes", "- {list: l, items: [a b, \"'c'\", 'd, e']}\n- {macro: a, condition: proc.name in (l)}\n" + use, "  0  proc.name in (a b, c, d, e) ? true : false\n"},
		{"a macro that nothing uses may ask for another source's fields", "- {macro: k, condition: ka.verb = get}\n- {macro: a, condition: evt.type = open}\n" + use, "  0  evt.type = open ? true : false\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, problems := Compile([]File{{"x.yaml", []byte(tt.text)}})
			got := severeMessages(problems)
			if set != nil {
				got = set.Program(set.Rules[0])
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
