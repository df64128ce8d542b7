package rules

import (
	"fmt"
	"strings"
	"sync/atomic"

	"tiercel/engine/event"
)

// predicate is one comparison, ready to be evaluated. Equal comparisons of a
// set's rules share one, so that it is evaluated once per event.
type predicate struct {
	check
	made atomic.Pointer[evaluation] // nil before the first evaluation of one that was stored
}

// evaluation returns Known for true, Absent for false, else Unknown.
type evaluation func(v *event.View) event.Status

func (p *predicate) eval(v *event.View) event.Status {
	f := p.made.Load()
	if f == nil {
		f = p.make()
	}
	return (*f)(v)
}

// make compiles a comparison that was compiled before it was stored: there is no error.
func (p *predicate) make() *evaluation {
	f, err := p.compile()
	if err != nil {
		panic("stored rules: " + p.String() + ": " + err.Error())
	}
	p.made.Store(&f)
	return &f
}

// test says whether a value that is there compares well.
type test func(val event.Value) bool

// fields calls f with every field that the comparison reads.
func (p *predicate) fields(f func(*event.Field, *event.Arg)) {
	p.left.fields(f)
	if p.right != nil {
		p.right.fields(f)
	}
}

// badValue is an error about one of a comparison's values.
type badValue struct {
	index int
	err   error
}

func (e *badValue) Error() string { return e.err.Error() }

// check is a comparison whose sides are resolved.
type check struct {
	left   *operand
	op     operator
	mod    modifier
	values []string // constants that left is compared with, where there is no right
	right  *operand
}

// String is the comparison as disassembly shows it.
func (k *check) String() string {
	s := k.left.text + " " + k.op.String()
	if k.mod != noModifier {
		s += " " + k.mod.String()
	}
	switch {
	case k.right != nil:
		return s + " " + k.right.text
	case k.op.shape() == noValue:
		return s
	case k.op.shape() == listValue, k.mod != noModifier:
		return s + " (" + strings.Join(k.values, ", ") + ")"
	}
	return s + " " + k.values[0]
}

// predicate compiles the comparison. Its error is a *badValue where one of the values is wrong.
func (k *check) predicate() (*predicate, error) {
	f, err := k.compile()
	if err != nil {
		return nil, err
	}
	p := &predicate{check: *k}
	p.made.Store(&f)
	return p, nil
}

func (k *check) compile() (evaluation, error) {
	switch {
	case !k.op.fits(k.left.typ, k.left.list) || k.left.list && k.mod != noModifier:
		return nil, fmt.Errorf("operator '%s' does not fit %s", k.op, describeType(k.left))
	case k.op == opExists:
		return k.exists(), nil
	case k.right != nil:
		return k.compareRight()
	case k.left.list:
		return k.compareList()
	}
	return k.compareConstants()
}

func describeType(o *operand) string {
	if o.list {
		return "a list"
	}
	if o.field != nil {
		return "a field of type " + o.typ.String()
	}
	return "a value of type " + o.typ.String()
}

func anyValue(event.Value) bool { return true }

func not(t test) test { return func(val event.Value) bool { return !t(val) } }

// holds turns a truth into a status.
func holds(ok bool) event.Status {
	if ok {
		return event.Known
	}
	return event.Absent
}

// apply returns what evaluates a test over the operand's value; of a field with many values, over any of them.
func (o *operand) apply(t test) evaluation {
	if f, arg := o.field, o.arg; f != nil {
		return func(v *event.View) event.Status { return f.Any(v, arg, t) }
	}
	return func(v *event.View) event.Status {
		val := o.one(v)
		if val.Status != event.Known {
			return val.Status
		}
		return holds(t(val))
	}
}

func (k *check) exists() evaluation {
	if k.left.list {
		return func(v *event.View) event.Status { return k.left.each(v, func(event.Value) {}) }
	}
	return k.left.apply(anyValue)
}

// compareList compares a list with constants: all of its items are among them (in), or one is (intersects).
func (k *check) compareList() (evaluation, error) {
	among, err := constants(k.left.typ, opIn, k.values)
	if err != nil {
		return nil, err
	}
	all := k.op == opIn
	return func(v *event.View) event.Status {
		n, hits := 0, 0
		st := k.left.each(v, func(val event.Value) {
			n++
			if among(val) {
				hits++
			}
		})
		if st != event.Known {
			return st
		}
		return holds(hits == n || hits > 0 && !all)
	}, nil
}

// compareConstants compares one value with constants.
func (k *check) compareConstants() (evaluation, error) {
	// "!=" over several addresses or numbers is true where there is a value and none is equal.
	if f := k.left.field; k.op == opNe && f != nil && f.Flags.Has(event.Many) && !f.Type.IsText() {
		return k.compareNone()
	}
	t, err := modified(k.left.typ, k.op, k.mod, k.values)
	if err != nil {
		return nil, err
	}
	return k.left.apply(t), nil
}

func (k *check) compareNone() (evaluation, error) {
	exists := k.left.apply(anyValue)
	var equal []evaluation
	for i, value := range k.values {
		t, err := constants(k.left.typ, opEq, []string{value})
		if err != nil {
			return nil, at(i, err)
		}
		equal = append(equal, k.left.apply(t))
	}
	return func(v *event.View) event.Status {
		differs := 0
		for _, eq := range equal {
			switch eq(v) {
			case event.Unknown:
				return event.Unknown
			case event.Absent:
				differs++
			}
		}
		if !k.mod.met(differs, len(equal)) {
			return event.Absent
		}
		return exists(v)
	}, nil
}

// met reports whether a comparison holds that holds for n of the values.
func (m modifier) met(n, of int) bool {
	switch m {
	case oneOf:
		return n == 1
	case anyOf:
		return n > 0
	}
	return n == of && of > 0
}

// at says which value an error is about.
func at(i int, err error) error { return &badValue{i, err} }

// modified is the test of an operator with its modifier.
func modified(typ event.FieldType, op operator, mod modifier, values []string) (test, error) {
	switch {
	case mod == noModifier:
		return constants(typ, op, values)
	case mod == anyOf && op == opEq:
		return constants(typ, opIn, values)
	case mod == allOf && op == opNe && len(values) > 0:
		t, err := constants(typ, opIn, values)
		return not(t), err
	case mod == anyOf && typ.IsText() && (op == opStartsWith || op == opEndsWith):
		return newAffixes(values, op == opEndsWith), nil
	}
	tests := make([]test, len(values))
	for i, value := range values {
		var err error
		if tests[i], err = constants(typ, op, []string{value}); err != nil {
			return nil, at(i, err)
		}
	}
	return func(val event.Value) bool {
		n := 0
		for _, t := range tests {
			if t(val) {
				n++
			}
		}
		return mod.met(n, len(tests))
	}, nil
}

// constants is the test of an operator without a modifier.
func constants(typ event.FieldType, op operator, values []string) (t test, err error) {
	switch {
	case typ.IsText():
		t, err = textTest(op, values)
	case typ.IsAddr():
		t, err = addrTest(typ, values)
	case typ == event.TypeDouble:
		t, err = doubleTest(op, values)
	default:
		t, err = numberTest(typ, op, values)
	}
	if err == nil && op == opNe {
		t = not(t)
	}
	return t, err
}

// compareRight compares with another field or a transformer.
func (k *check) compareRight() (evaluation, error) {
	if err := k.checkRight(); err != nil {
		return nil, err
	}
	if k.left.list {
		return k.compareLists(), nil
	}
	compare := pairTest(k.left.typ, k.op)
	return func(v *event.View) event.Status {
		right := k.right.one(v)
		if right.Status != event.Known {
			return right.Status
		}
		left := k.left.one(v)
		if left.Status != event.Known {
			return left.Status
		}
		return holds(compare(left, right))
	}, nil
}

func (k *check) checkRight() error {
	if k.op == opRegex || k.op == opPMatch {
		return fmt.Errorf("operator '%s' takes no field or transformer on its right-hand side", k.op)
	}
	for _, o := range []*operand{k.left, k.right} {
		var refused error
		o.fields(func(f *event.Field, _ *event.Arg) {
			if f.Flags.Has(event.NoRHS) || f.Type == event.TypeNet {
				refused = fmt.Errorf("field %q cannot be compared with another field", f.Name)
			}
		})
		if refused != nil {
			return refused
		}
	}
	if k.left.typ != k.right.typ || k.left.list != k.right.list {
		return fmt.Errorf("%s (%s) is compared with %s (%s): the types differ", k.left.text, describeType(k.left), k.right.text, describeType(k.right))
	}
	return nil
}

func (k *check) compareLists() evaluation {
	all := k.op == opIn
	return func(v *event.View) event.Status {
		among := map[string]bool{}
		if st := k.right.each(v, func(val event.Value) { among[val.Text] = true }); st != event.Known {
			return st
		}
		n, hits := 0, 0
		st := k.left.each(v, func(val event.Value) {
			n++
			if among[val.Text] {
				hits++
			}
		})
		if st != event.Known {
			return st
		}
		return holds(hits == n || hits > 0 && !all)
	}
}
