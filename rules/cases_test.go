package rules

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// The reference's own cases of conditions: which it compiles, and what they say
// of an event whose fields' values it gives.

type compileCase struct {
	Expr     string `json:"expr"`
	Factory  string `json:"factory"` // mock: with the fields of mockFields
	Compiles bool   `json:"compiles"`
	Result   *bool  `json:"result"`
}

type evalCase struct {
	Expr    string                     `json:"expr"`
	Test    string                     `json:"test"`
	Result  any                        `json:"result"` // true, false or "error"
	EvtType string                     `json:"evt_type"`
	Fields  map[string]json.RawMessage `json:"fields"`
	Types   map[string]string          `json:"types"`
}

// mockFields are the fields that only the reference's tests have, and their values.
var mockFields = map[string]struct {
	typ   event.FieldType
	value string
}{
	"c.true": {event.TypeString, "1"}, "c.false": {event.TypeString, "0"}, "c.buffer": {event.TypeBytes, ""},
	"c.singlequote": {event.TypeString, "hello 'quoted'"}, "c.doublequote": {event.TypeString, `hello "quoted"`},
	"sample.is_open": {typ: event.TypeUint}, "sample.proc_name": {typ: event.TypeString},
}

// withMockFields lets conditions read these fields, too, for the time of the test.
func withMockFields(t *testing.T) {
	real := findField
	t.Cleanup(func() { findField = real })
	absent, _, _ := event.LookupField("evt.plugininfo")
	fields := map[string]*event.Field{}
	for name, m := range mockFields {
		f := *absent
		f.Name, f.Type = name, m.typ
		fields[name] = &f
	}
	findField = func(name string) (*event.Field, string, bool) {
		if f := fields[name]; f != nil {
			return f, "", true
		}
		return real(name)
	}
}

func TestCompilingAgreesWithTheReference(t *testing.T) {
	withMockFields(t)
	var data struct {
		Cases []compileCase `json:"cases"`
	}
	readJSON(t, filepath.Join(falcoFolder(t), "cases", "compile.json"), &data)
	require.NotEmpty(t, data.Cases)
	given := map[string][]event.Value{}
	for name, m := range mockFields {
		given[name] = []event.Value{{Status: event.Known, Text: m.value}}
	}
	for _, c := range data.Cases {
		code, m, err := tryCondition(c.Expr)
		if got := err == nil; got != c.Compiles {
			t.Errorf("%s: got compiled %v (%v), want %v", c.Expr, got, err, c.Compiles)
			continue
		}
		if c.Result == nil || err != nil {
			continue
		}
		m.view.BeginGiven(event.Lookup("open"), 0, given)
		m.forget()
		if got := code.run(m, false); got != *c.Result {
			t.Errorf("%s: got %v, want %v", c.Expr, got, *c.Result)
		}
	}
	t.Logf("%d conditions compared", len(data.Cases))
}

// tryCondition compiles a condition of its own.
func tryCondition(cond string) (program, *Matcher, error) {
	c := newChecker(load(nil))
	tree := c.condition("R", script{lineOf("condition", cond)})
	if tree == nil {
		return nil, nil, c.doc.problems
	}
	code, _ := compile(tree)
	return code, (&Set{preds: c.preds}).Matcher(), nil
}

func TestEvaluationAgreesWithTheReference(t *testing.T) {
	withMockFields(t)
	var data struct {
		Cases []evalCase `json:"cases"`
	}
	readJSON(t, filepath.Join(falcoFolder(t), "cases", "eval.json"), &data)
	require.NotEmpty(t, data.Cases)
	known := knownValues(data.Cases)
	compared, notGiven := 0, 0
	for _, c := range data.Cases {
		code, m, err := tryCondition(c.Expr)
		if got, want := err != nil, c.Result == "error"; got != want {
			t.Errorf("%s: got refused %v (%v), want %v", c.Expr, got, err, want)
			continue
		}
		compared++
		if err != nil || c.EvtType == "" {
			continue
		}
		given, whole := c.given(t, known)
		if !whole {
			notGiven++
			continue
		}
		m.view.BeginGiven(c.row(), 0, given)
		m.forget()
		if got := code.run(m, false); got != (c.Result == true) {
			t.Errorf("%s over %v: got %v, want %v", c.Expr, c.Fields, got, c.Result)
		}
	}
	t.Logf("%d conditions compared, of these %d only compiled, as the reference cannot print a field's value", compared, notGiven)
}

// row is the case's event's, or that of open for an event that no row is of.
func (c *evalCase) row() int {
	if row := event.Lookup(c.EvtType); row >= 0 {
		return row
	}
	return event.Lookup("open")
}

// fieldIn finds the fields that a condition names.
var fieldIn = regexp.MustCompile(`[a-z]+(?:\.[a-z_0-9]+)+(?:\[[^\]]*\])?`)

// knownValues has the values that the cases of one test give, by the test and the field: not each gives all.
func knownValues(cases []evalCase) map[string]json.RawMessage {
	known := map[string]json.RawMessage{}
	for _, c := range cases {
		for name, value := range c.Fields {
			known[c.key(name)] = value
			if text := ""; name == "fd.name" && json.Unmarshal(value, &text) == nil && strings.Contains(text, "/") {
				known[c.key("fd.directory")] = fmt.Appendf(nil, "%q", text[:strings.LastIndexByte(text, '/')])
				known[c.key("fd.filename")] = fmt.Appendf(nil, "%q", text[strings.LastIndexByte(text, '/')+1:])
			}
		}
	}
	return known
}

func (c *evalCase) key(field string) string { return c.Test + " " + c.EvtType + " " + field }

// given returns the values of all fields that the condition names; whole is
// false where the reference cannot tell one.
func (c *evalCase) given(t *testing.T, known map[string]json.RawMessage) (given map[string][]event.Value, whole bool) {
	t.Helper()
	given = map[string][]event.Value{}
	for _, name := range fieldIn.FindAllString(c.Expr, -1) {
		f, arg, err := LookupField(name)
		if err != nil {
			continue // a value that looks like a field
		}
		value, ok := c.Fields[name]
		if !ok {
			value, ok = known[c.key(name)]
		}
		if !ok && f.Flags.Has(event.FilterOnly) {
			return nil, false
		}
		if ok {
			given[arg.FullName(f)] = c.values(t, f, arg, value)
		}
	}
	return given, true
}

// values reads what the reference gives for a field: null, a text, a number or a list.
func (c *evalCase) values(t *testing.T, f *event.Field, arg *event.Arg, raw json.RawMessage) (values []event.Value) {
	t.Helper()
	typ, _ := f.ValueType(arg)
	// A parameter without its bytes: the reference prints what is behind it in memory, and compares nothing.
	if strings.Contains(c.Test, "empty_params") && !typ.IsText() {
		return nil
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		var one any
		require.NoError(t, json.Unmarshal(raw, &one))
		if text, isText := one.(string); isText && f.Flags.Has(event.Many) {
			for _, word := range strings.Fields(text) {
				list = append(list, word)
			}
		} else if one != nil {
			list = []any{one}
		}
	}
	for _, item := range list {
		values = append(values, valueFrom(t, typ, item))
	}
	return values
}

func valueFrom(t *testing.T, typ event.FieldType, item any) event.Value {
	t.Helper()
	text := fmt.Sprint(item)
	if n, isNumber := item.(float64); isNumber {
		text = fmt.Sprint(int64(n))
	}
	switch {
	case typ.IsText():
		return event.Value{Status: event.Known, Text: text}
	case typ.IsAddr():
		return event.Value{Status: event.Known, Text: string(netip.MustParseAddr(text).AsSlice())}
	}
	n, err := parseNumber(typ, text)
	require.NoError(t, err)
	return event.Value{Status: event.Known, Num: n}
}
