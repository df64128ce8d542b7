package rules

import (
	"encoding/base64"
	"fmt"
	"strings"

	"tiercel/engine/event"
)

// valTransformer is how a field is written on the right-hand side.
const valTransformer = "val"

// transformer makes a value of others.
type transformer struct {
	usage, doc string
	// check sets the result's type and how it is made of o.args, or says what is wrong with them.
	check func(o *operand, usage string) error
}

// transformers has every transformer by its name.
var transformers = map[string]transformer{
	"tolower":      {"tolower(TEXT)", "the text in small letters; of a list, of each item", checkMap(false, appendLower)},
	"toupper":      {"toupper(TEXT)", "the text in capital letters; of a list, of each item", checkMap(false, appendUpper)},
	"b64":          {"b64(TEXT)", "the text of which it is the base64; absent where it is of none", checkMap(true, appendBase64)},
	"basename":     {"basename(TEXT)", "what stands behind the last slash", checkMap(false, appendBasename)},
	"len":          {"len(TEXT or LIST)", "how many bytes, or items", checkLen},
	"join":         {"join(SEPARATOR, LIST)", "the items with the separator between them", checkJoin},
	"concat":       {"concat(TEXT, ...)", "the texts one after another", checkConcat},
	"getopt":       {"getopt(LIST, OPTIONS)[X]", "the options and their arguments among the items, as getopt(3) reads them; with [X], the argument of option X", checkGetopt},
	valTransformer: {"val(FIELD)", "on the right-hand side: the value of another field", checkVal},
}

// transform checks a transformer and its arguments; nil after an error, which is reported.
func (c *checker) transform(t *transform) *operand {
	o := &operand{}
	for _, arg := range t.args {
		kid := c.term(arg)
		if kid == nil {
			return nil
		}
		if f := kid.field; f != nil && f.Flags.Has(event.NoTransformer) && t.name != valTransformer {
			c.errorf(arg.place(), "transformer", "field %q does not support transformers", f.Name)
			return nil
		}
		o.args = append(o.args, kid)
	}
	o.text = t.name + "(" + textOfAll(o.args) + ")"
	err := transformers[t.name].check(o, transformers[t.name].usage)
	if err == nil && t.hasKey {
		o.text += "[" + t.key + "]"
		err = o.pick(t.name, t.key)
	}
	if err != nil {
		c.errorf(t.at, "transformer", "%v", err)
		return nil
	}
	return o
}

func wantArgs(o *operand, n int, usage string) error {
	if len(o.args) != n {
		return fmt.Errorf("%d argument(s) for %s", len(o.args), usage)
	}
	return nil
}

// checkMap is of a transformer that makes one text of one text.
func checkMap(bytes bool, f func(dst []byte, s string) ([]byte, bool)) func(o *operand, usage string) error {
	return func(o *operand, usage string) error {
		if err := wantArgs(o, 1, usage); err != nil {
			return err
		}
		in := o.args[0]
		if in.typ != event.TypeString && (!bytes || in.typ != event.TypeBytes) {
			return fmt.Errorf("%s does not fit %s of type %s", usage, in.text, in.typ)
		}
		o.typ, o.list = in.typ, in.list
		o.one = func(v *event.View) event.Value { return mapText(v, in.one(v), f) }
		o.each = func(v *event.View, yield func(event.Value)) event.Status {
			return in.each(v, func(val event.Value) { yield(mapText(v, val, f)) })
		}
		return nil
	}
}

func mapText(v *event.View, val event.Value, f func(dst []byte, s string) ([]byte, bool)) event.Value {
	if val.Status != event.Known {
		return val
	}
	ok := true
	out := v.Build(func(b []byte) []byte {
		b, ok = f(b, val.Text)
		return b
	})
	if !ok {
		return event.Value{}
	}
	return event.Value{Status: event.Known, Text: out}
}

func appendLower(b []byte, s string) ([]byte, bool) { return appendCase(b, s, 'A', 'Z'), true }
func appendUpper(b []byte, s string) ([]byte, bool) { return appendCase(b, s, 'a', 'z'), true }

// appendCase changes the case of the letters from first to last, as tolower(3) does in the C locale.
func appendCase(b []byte, s string, first, last byte) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= first && c <= last {
			c ^= 0x20
		}
		b = append(b, c)
	}
	return b
}

func appendBasename(b []byte, s string) ([]byte, bool) {
	return append(b, s[strings.LastIndexByte(s, '/')+1:]...), true
}

func appendBase64(b []byte, s string) ([]byte, bool) {
	start := len(b)
	b, err := base64.RawStdEncoding.AppendDecode(b, []byte(strings.TrimRight(s, "=")))
	if err != nil {
		return b[:start], false
	}
	return b, true
}

func checkLen(o *operand, usage string) error {
	if err := wantArgs(o, 1, usage); err != nil {
		return err
	}
	in := o.args[0]
	if !in.list && !in.typ.IsText() {
		return fmt.Errorf("%s does not fit %s of type %s", usage, in.text, in.typ)
	}
	o.typ = event.TypeUint
	o.one = func(v *event.View) event.Value {
		if !in.list {
			val := in.one(v)
			return event.Value{Status: val.Status, Num: int64(len(val.Text))}
		}
		n := int64(0)
		st := in.each(v, func(event.Value) { n++ })
		return event.Value{Status: st, Num: n}
	}
	return nil
}

func checkJoin(o *operand, usage string) error {
	if err := wantArgs(o, 2, usage); err != nil {
		return err
	}
	sep, items := o.args[0], o.args[1]
	if sep.list {
		return fmt.Errorf("separator %s of join: want one text, not a list", sep.text)
	}
	if !items.list {
		return fmt.Errorf("second argument %s of join: want a list", items.text)
	}
	o.typ = event.TypeString
	o.one = func(v *event.View) event.Value {
		between := sep.one(v)
		if between.Status != event.Known {
			return between
		}
		return joined(v, between.Text, items.each)
	}
	return nil
}

func checkConcat(o *operand, _ string) error {
	for _, arg := range o.args {
		if arg.list || arg.typ != event.TypeString {
			return fmt.Errorf("argument %s of concat: want text", arg.text)
		}
	}
	o.typ = event.TypeString
	o.one = func(v *event.View) event.Value {
		return joined(v, "", func(v *event.View, yield func(event.Value)) event.Status { return eachText(v, o.args, yield) })
	}
	return nil
}

// joined is the values as one text.
func joined(v *event.View, sep string, each func(*event.View, func(event.Value)) event.Status) event.Value {
	var parts []string // the values first: they are built in the same memory
	st := each(v, func(val event.Value) { parts = append(parts, val.Text) })
	if st != event.Known {
		return event.Value{Status: st}
	}
	return event.Value{Status: event.Known, Text: strings.Join(parts, sep)}
}

func checkVal(o *operand, usage string) error {
	if err := wantArgs(o, 1, usage); err != nil {
		return err
	}
	in := o.args[0]
	o.typ, o.list, o.one, o.each, o.text = in.typ, in.list, in.one, in.each, "val("+in.text+")"
	return nil
}

func checkGetopt(o *operand, usage string) error {
	if err := wantArgs(o, 2, usage); err != nil {
		return err
	}
	items, options := o.args[0], o.args[1]
	if !items.list || items.typ != event.TypeString {
		return fmt.Errorf("first argument %s of getopt: want a list", items.text)
	}
	if options.list || options.typ != event.TypeString {
		return fmt.Errorf("second argument %s of getopt: want one text", options.text)
	}
	o.typ, o.list = event.TypeString, true
	o.each = func(v *event.View, yield func(event.Value)) event.Status {
		return eachOption(v, items, options, func(opt option) {
			yield(event.Value{Status: event.Known, Text: opt.name})
			if opt.hasArg {
				yield(event.Value{Status: event.Known, Text: opt.arg})
			}
		})
	}
	return nil
}

// pick makes a getopt's list the argument of one option: the last one that was given.
func (o *operand) pick(name, key string) error {
	if name != "getopt" {
		return fmt.Errorf("'%s' takes no key behind it: only getopt does", name)
	}
	items, options := o.args[0], o.args[1]
	o.list, o.each = false, nil
	o.one = func(v *event.View) event.Value {
		var found event.Value
		st := eachOption(v, items, options, func(opt option) {
			if opt.name == key {
				found = event.Value{Status: event.Known, Text: opt.arg}
			}
		})
		if st != event.Known {
			return event.Value{Status: st}
		}
		return found
	}
	return nil
}

// option is an option that was given, with its argument.
type option struct {
	name, arg string
	hasArg    bool
}

func eachOption(v *event.View, items, options *operand, yield func(option)) event.Status {
	var argv []string
	if st := items.each(v, func(val event.Value) { argv = append(argv, val.Text) }); st != event.Known {
		return st
	}
	spec := options.one(v)
	if spec.Status != event.Known {
		return spec.Status
	}
	found, ok := getopt(argv, spec.Text)
	if !ok || len(found) == 0 {
		return event.Absent
	}
	for _, opt := range found {
		yield(opt)
	}
	return event.Known
}

// getopt finds the options in argv up to the first argument that is none, as
// getopt(3) does in the POSIX way. An option that the spec does not have, or one
// without the argument that it wants, makes ok false; if the spec begins with a
// colon, the latter has an empty argument.
func getopt(argv []string, spec string) (found []option, ok bool) {
	spec, lenient := strings.CutPrefix(spec, ":")
	for i := 0; i < len(argv); i++ {
		letters, isOption := strings.CutPrefix(argv[i], "-")
		if !isOption || letters == "" || letters == "-" {
			break
		}
		for letters != "" {
			at := strings.IndexByte(spec, letters[0])
			if at < 0 || letters[0] == ':' {
				return nil, false
			}
			opt := option{name: letters[:1]}
			letters = letters[1:]
			if at+1 < len(spec) && spec[at+1] == ':' {
				opt.hasArg = true
				switch {
				case letters != "":
					opt.arg, letters = letters, ""
				case i+1 < len(argv):
					i++
					opt.arg = argv[i]
				case !lenient:
					return nil, false
				}
			}
			found = append(found, opt)
		}
	}
	return found, true
}
