package rules

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tiercel/engine/event"
)

// predicate is one comparison, ready to be evaluated. Equal comparisons of a
// set's rules share one, so that it is evaluated once per event.
type predicate struct {
	field *event.Field
	arg   *event.Arg
	text  string // as disassembly shows it
	match func(event.Value) bool
	none  bool // true when a value is there and none matches: "!=" over several addresses
}

// eval returns Known for true, Absent for false, else Unknown.
func (p *predicate) eval(v *event.View) event.Status {
	st := p.field.Any(v, p.arg, p.match)
	if !p.none || st == event.Unknown {
		return st
	}
	if st == event.Known {
		return event.Absent
	}
	return p.field.Any(v, p.arg, anyValue)
}

func anyValue(event.Value) bool { return true }

// newPredicate makes the comparison of the field with the values. The error
// says what is wrong with which value (its index, or -1).
func newPredicate(f *event.Field, arg *event.Arg, op operator, values []string) (p *predicate, bad int, err error) {
	p = &predicate{field: f, arg: arg, text: describe(f, arg, op, values)}
	if err := checkOperator(f.Type, op); err != nil {
		return nil, -1, err
	}
	switch {
	case op == opExists:
		p.match = anyValue
	case f.Type.IsText():
		p.match, bad, err = matchText(op, values)
	case f.Type.IsAddr():
		p.match, bad, err = matchAddr(values)
	default:
		p.match, bad, err = matchNumber(f.Type, op, values)
	}
	if err != nil {
		return nil, bad, err
	}
	if op == opNe && f.Flags.Has(event.Many) && !f.Type.IsText() {
		p.none = true
	} else if op == opNe {
		p.match = not(p.match)
	}
	return p, -1, nil
}

func not(match func(event.Value) bool) func(event.Value) bool {
	return func(v event.Value) bool { return !match(v) }
}

func describe(f *event.Field, arg *event.Arg, op operator, values []string) string {
	name := f.Name
	if arg.Set {
		name += "[" + arg.Key + "]"
	}
	switch op.shape() {
	case noValue:
		return name + " " + op.String()
	case listValue:
		return name + " " + op.String() + " (" + strings.Join(values, ", ") + ")"
	}
	return name + " " + op.String() + " " + values[0]
}

// checkOperator reports an operator that the reference refuses for the type.
func checkOperator(t event.FieldType, op operator) error {
	kinds := operators[op.String()].kinds
	ok := kinds == "any"
	switch {
	case t == event.TypeString:
		ok = ok || strings.Contains(kinds, "text") || kinds == "ordered"
	case t == event.TypeBytes:
		ok = ok || strings.Contains(kinds, "bytes")
	case t != event.TypeBool && !t.IsAddr():
		ok = ok || kinds == "ordered"
	}
	if !ok {
		return fmt.Errorf("operator '%s' does not fit a field of type %s", op, t)
	}
	return nil
}

func matchText(op operator, values []string) (match func(event.Value) bool, bad int, err error) {
	switch op {
	case opIn, opIntersects:
		return inSet(values), -1, nil
	case opPMatch:
		return pathMatch(values)
	}
	want := values[0]
	switch op {
	case opEq, opNe:
		match = func(v event.Value) bool { return v.Text == want }
	case opLt:
		match = func(v event.Value) bool { return v.Text < want }
	case opLe:
		match = func(v event.Value) bool { return v.Text <= want }
	case opGt:
		match = func(v event.Value) bool { return v.Text > want }
	case opGe:
		match = func(v event.Value) bool { return v.Text >= want }
	case opContains:
		match = func(v event.Value) bool { return strings.Contains(v.Text, want) }
	case opStartsWith:
		match = func(v event.Value) bool { return strings.HasPrefix(v.Text, want) }
	case opEndsWith:
		match = func(v event.Value) bool { return strings.HasSuffix(v.Text, want) }
	case opIContains:
		match = func(v event.Value) bool { return containsFold(v.Text, want) }
	case opBContains, opBStartsWith:
		match, err = matchHex(op, want)
	case opGlob:
		match, err = matchRegexp("(?s)^" + globRegexp(want) + "$")
	case opIGlob:
		match, err = matchRegexp("(?is)^" + globRegexp(want) + "$")
	default:
		if _, err = regexp.Compile(want); err == nil { // alone first: a stray parenthesis must not close ours
			match, err = matchRegexp("^(?:" + want + ")$")
		}
	}
	return match, 0, err
}

func inSet(values []string) func(event.Value) bool {
	if len(values) == 1 {
		want := values[0]
		return func(v event.Value) bool { return v.Text == want }
	}
	set := make(map[string]struct{}, len(values))
	for _, s := range values {
		set[s] = struct{}{}
	}
	return func(v event.Value) bool {
		_, ok := set[v.Text]
		return ok
	}
}

// pathMatch matches paths that are one of the values or below one: each
// beginning of the path that ends before a slash is looked up. A value may be a glob.
func pathMatch(values []string) (match func(event.Value) bool, bad int, err error) {
	set := make(map[string]struct{}, len(values))
	var globs []func(event.Value) bool
	for i, s := range values {
		if len(s) > 1 {
			s = strings.TrimSuffix(s, "/")
		}
		if !strings.ContainsAny(s, "*?[") {
			set[s] = struct{}{}
			continue
		}
		glob, err := matchRegexp("(?s)^" + globRegexp(s) + "(?:/.*)?$")
		if err != nil {
			return nil, i, err
		}
		globs = append(globs, glob)
	}
	return func(v event.Value) bool {
		return isBelow(v.Text, set) || slices.ContainsFunc(globs, func(glob func(event.Value) bool) bool { return glob(v) })
	}, -1, nil
}

// isBelow reports whether a path is in the set or below one that is.
func isBelow(path string, set map[string]struct{}) bool {
	if _, ok := set["/"]; ok && strings.HasPrefix(path, "/") {
		return true
	}
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		if _, ok := set[path[:i]]; ok {
			return true
		}
	}
	return false
}

func containsFold(s, want string) bool {
	for i := 0; i+len(want) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(want)], want) {
			return true
		}
	}
	return false
}

func matchHex(op operator, want string) (func(event.Value) bool, error) {
	b, err := hex.DecodeString(want)
	if err != nil {
		return nil, fmt.Errorf("'%s' wants bytes in hexadecimal, not %q", op, want)
	}
	if op == opBStartsWith {
		return func(v event.Value) bool { return strings.HasPrefix(v.Text, string(b)) }, nil
	}
	return func(v event.Value) bool { return strings.Contains(v.Text, string(b)) }, nil
}

func matchRegexp(pattern string) (func(event.Value) bool, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return func(v event.Value) bool { return re.MatchString(v.Text) }, nil
}

// globRegexp is the pattern of a shell glob as fnmatch(3) reads it without
// FNM_PATHNAME: a star matches slashes too.
func globRegexp(glob string) string {
	var b strings.Builder
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		case '[':
			n := globClass(glob[i:])
			if n == 0 {
				b.WriteString(`\[`)
				continue
			}
			class := glob[i+1 : i+n-1]
			class = strings.ReplaceAll(class, `\`, `\\`)
			if strings.HasPrefix(class, "!") {
				class = "^" + class[1:]
			}
			b.WriteString("[" + class + "]")
			i += n - 1
		case '\\':
			if i+1 < len(glob) {
				i++
			}
			b.WriteString(regexp.QuoteMeta(string(glob[i])))
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String()
}

// globClass returns the length of the bracket expression that s starts with, 0 if it is none.
func globClass(s string) int {
	i := 1
	if i < len(s) && s[i] == '!' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for ; i < len(s); i++ {
		if end := strings.Index(s[i:], ":]"); end > 0 && strings.HasPrefix(s[i:], "[:") {
			i += end + 1 // a named class, [:digit:]
		} else if s[i] == ']' {
			return i + 1
		}
	}
	return 0
}

func matchAddr(values []string) (func(event.Value) bool, int, error) {
	nets := make([]netip.Prefix, len(values))
	for i, s := range values {
		p, err := parseNet(s)
		if err != nil {
			return nil, i, err
		}
		nets[i] = p
	}
	return func(v event.Value) bool {
		a, ok := addrOf(v.Text)
		if !ok {
			return false
		}
		for _, n := range nets {
			if n.Contains(a) {
				return true
			}
		}
		return false
	}, -1, nil
}

func parseNet(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address or network", s)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func addrOf(raw string) (netip.Addr, bool) {
	switch len(raw) {
	case 4:
		return netip.AddrFrom4([4]byte{raw[0], raw[1], raw[2], raw[3]}), true
	case 16:
		var b [16]byte
		copy(b[:], raw)
		return netip.AddrFrom16(b), true
	}
	return netip.Addr{}, false
}

func matchNumber(t event.FieldType, op operator, values []string) (func(event.Value) bool, int, error) {
	nums := make([]int64, len(values))
	for i, s := range values {
		n, err := parseNumber(t, s)
		if err != nil {
			return nil, i, err
		}
		nums[i] = n
	}
	switch op {
	case opIn, opIntersects:
		return inNumbers(nums), -1, nil
	case opLt:
		return func(v event.Value) bool { return v.Num < nums[0] }, -1, nil
	case opLe:
		return func(v event.Value) bool { return v.Num <= nums[0] }, -1, nil
	case opGt:
		return func(v event.Value) bool { return v.Num > nums[0] }, -1, nil
	case opGe:
		return func(v event.Value) bool { return v.Num >= nums[0] }, -1, nil
	}
	return func(v event.Value) bool { return v.Num == nums[0] }, -1, nil
}

func inNumbers(nums []int64) func(event.Value) bool {
	set := make(map[int64]struct{}, len(nums))
	for _, n := range nums {
		set[n] = struct{}{}
	}
	return func(v event.Value) bool {
		_, ok := set[v.Num]
		return ok
	}
}

func parseNumber(t event.FieldType, s string) (int64, error) {
	if t == event.TypeBool {
		b, err := strconv.ParseBool(s)
		if err != nil {
			return 0, fmt.Errorf("%q is neither true nor false", s)
		}
		if b {
			return 1, nil
		}
		return 0, nil
	}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return n, nil
	}
	if n, err := strconv.ParseUint(s, 0, 64); err == nil {
		return int64(n), nil
	}
	return 0, fmt.Errorf("%q is no whole number", s)
}
