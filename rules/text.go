package rules

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"tiercel/engine/event"
)

// textTest is the test of text with constants; "!=" is negated by the caller.
func textTest(op operator, values []string) (test, error) {
	switch op {
	case opIn, opIntersects:
		return inTexts(values), nil
	case opPMatch:
		return pathTest(values)
	case opBContains, opBStartsWith:
		return bytesTest(op, values[0])
	case opGlob, opIGlob:
		return globTest(op, values[0])
	case opRegex:
		if _, err := syntax.Parse(values[0], syntax.POSIX); err != nil {
			return nil, fmt.Errorf("regular expression: %w", err)
		}
		return regexpTest("^(?:" + values[0] + ")$")
	}
	if op == opNe {
		op = opEq
	}
	compare, want := textPairs[op], values[0]
	return func(val event.Value) bool { return compare(val.Text, want) }, nil
}

// textPairs compares two texts.
var textPairs = map[operator]func(a, b string) bool{
	opEq:         func(a, b string) bool { return a == b },
	opNe:         func(a, b string) bool { return a != b },
	opIn:         func(a, b string) bool { return a == b },
	opIntersects: func(a, b string) bool { return a == b },
	opLt:         func(a, b string) bool { return a < b },
	opLe:         func(a, b string) bool { return a <= b },
	opGt:         func(a, b string) bool { return a > b },
	opGe:         func(a, b string) bool { return a >= b },
	opContains:   strings.Contains, opBContains: strings.Contains,
	opStartsWith: strings.HasPrefix, opBStartsWith: strings.HasPrefix,
	opEndsWith:  strings.HasSuffix,
	opIContains: containsFold,
	opGlob:      func(a, b string) bool { return globs(opGlob, a, b) },
	opIGlob:     func(a, b string) bool { return globs(opIGlob, a, b) },
}

// globs matches a text with a glob that is another field's value: made anew for each event, which costs.
func globs(op operator, s, glob string) bool {
	t, err := globTest(op, glob)
	return err == nil && t(event.Value{Text: s})
}

func globTest(op operator, glob string) (test, error) {
	flags := map[operator]string{opGlob: "(?s)", opIGlob: "(?is)"}[op]
	return regexpTest(flags + "^" + globRegexp(glob) + "$")
}

// pairTest compares two values of one type.
func pairTest(typ event.FieldType, op operator) func(a, b event.Value) bool {
	if typ.IsText() || typ.IsAddr() {
		compare := textPairs[op]
		return func(a, b event.Value) bool { return compare(a.Text, b.Text) }
	}
	compare := numberPair(typ, op)
	return func(a, b event.Value) bool { return compare(a.Num, b.Num) }
}

func inTexts(values []string) test {
	if len(values) == 1 {
		want := values[0]
		return func(val event.Value) bool { return val.Text == want }
	}
	set := newTextSet(values)
	return func(val event.Value) bool { return set.has(val.Text) }
}

// textSet is a set of texts. A text of a length that none of them has, as most
// are, is refused without being hashed.
type textSet struct {
	texts   map[string]struct{}
	lengths uint64 // a bit each, the last for all that are as long or longer
}

func newTextSet(values []string) textSet {
	s := textSet{texts: setOf(values)}
	for _, v := range values {
		s.lengths |= lengthBit(v)
	}
	return s
}

func lengthBit(s string) uint64 { return 1 << min(len(s), 63) }

func (s *textSet) has(text string) bool {
	if s.lengths&lengthBit(text) == 0 {
		return false
	}
	_, ok := s.texts[text]
	return ok
}

func setOf[T comparable](values []T) map[T]struct{} {
	set := make(map[T]struct{}, len(values))
	for _, v := range values {
		set[v] = struct{}{}
	}
	return set
}

// newAffixes is a test for any of many beginnings, or ends: a look into a set for each length that there is.
func newAffixes(values []string, ends bool) test {
	set := setOf(values)
	var lengths []int
	for s := range set {
		lengths = append(lengths, len(s))
	}
	slices.Sort(lengths)
	lengths = slices.Compact(lengths)
	return func(val event.Value) bool {
		for _, n := range lengths {
			if n > len(val.Text) {
				return false
			}
			part := val.Text[:n]
			if ends {
				part = val.Text[len(val.Text)-n:]
			}
			if _, ok := set[part]; ok {
				return true
			}
		}
		return false
	}
}

// pathTest matches paths that are one of the values or below one: each
// beginning of the path that ends before a slash is looked up. A value may be a glob.
func pathTest(values []string) (test, error) {
	var whole []string
	var globs []test
	for i, s := range values {
		if len(s) > 1 {
			s = strings.TrimSuffix(s, "/")
		}
		if !strings.ContainsAny(s, "*?[") {
			whole = append(whole, s)
			continue
		}
		glob, err := regexpTest("(?s)^" + globRegexp(s) + "(?:/.*)?$")
		if err != nil {
			return nil, at(i, err)
		}
		globs = append(globs, glob)
	}
	set := newTextSet(whole)
	return func(val event.Value) bool {
		return isBelow(val.Text, &set) || slices.ContainsFunc(globs, func(glob test) bool { return glob(val) })
	}, nil
}

// isBelow reports whether a path is in the set or below one that is.
func isBelow(path string, set *textSet) bool {
	if strings.HasPrefix(path, "/") && set.has("/") {
		return true
	}
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		if set.has(path[:i]) {
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

func bytesTest(op operator, want string) (test, error) {
	b, err := hex.DecodeString(want)
	if err != nil {
		return nil, fmt.Errorf("'%s' wants bytes in hexadecimal, not %q", op, want)
	}
	compare, text := textPairs[op], string(b)
	return func(val event.Value) bool { return compare(val.Text, text) }, nil
}

func regexpTest(pattern string) (test, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return func(val event.Value) bool { return re.MatchString(val.Text) }, nil
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
