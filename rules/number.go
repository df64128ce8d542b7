package rules

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"tiercel/engine/event"
)

// numberTest is the test of a whole number or a boolean with constants.
func numberTest(typ event.FieldType, op operator, values []string) (test, error) {
	nums := make([]int64, len(values))
	for i, s := range values {
		n, err := parseNumber(typ, s)
		if err != nil {
			return nil, at(i, err)
		}
		nums[i] = n
	}
	switch op {
	case opIn, opIntersects:
		set := setOf(nums)
		return func(val event.Value) bool {
			_, ok := set[val.Num]
			return ok
		}, nil
	case opNe:
		op = opEq // the caller negates
	}
	compare, want := numberPair(typ, op), nums[0]
	return func(val event.Value) bool { return compare(val.Num, want) }, nil
}

// numberPair compares two numbers of a type.
func numberPair(typ event.FieldType, op operator) func(a, b int64) bool {
	switch typ {
	case event.TypeUint:
		return pair[uint64](op, func(n int64) uint64 { return uint64(n) })
	case event.TypeDouble:
		return pair[float64](op, func(n int64) float64 { return math.Float64frombits(uint64(n)) })
	}
	return pair[int64](op, func(n int64) int64 { return n })
}

func pair[T int64 | uint64 | float64](op operator, of func(int64) T) func(a, b int64) bool {
	switch op {
	case opLt:
		return func(a, b int64) bool { return of(a) < of(b) }
	case opLe:
		return func(a, b int64) bool { return of(a) <= of(b) }
	case opGt:
		return func(a, b int64) bool { return of(a) > of(b) }
	case opGe:
		return func(a, b int64) bool { return of(a) >= of(b) }
	case opNe:
		return func(a, b int64) bool { return of(a) != of(b) }
	}
	return func(a, b int64) bool { return of(a) == of(b) }
}

// doubleTest is the test of a fraction with constants.
func doubleTest(op operator, values []string) (test, error) {
	var tests []test
	if op == opNe {
		op = opEq // the caller negates
	}
	one := op
	if op == opIn || op == opIntersects {
		one = opEq
	}
	for i, s := range values {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, at(i, fmt.Errorf("%q is no number", s))
		}
		compare, want := numberPair(event.TypeDouble, one), int64(math.Float64bits(f))
		tests = append(tests, func(val event.Value) bool { return compare(val.Num, want) })
	}
	return func(val event.Value) bool {
		for _, t := range tests {
			if t(val) {
				return true
			}
		}
		return false
	}, nil
}

// parseNumber reads a whole number, in base 10 or 16, as a value of the type: a
// negative one as an unsigned type is the number that has the same bits. A port
// may be a service's name, services(5).
func parseNumber(typ event.FieldType, s string) (int64, error) {
	switch typ {
	case event.TypeBool:
		return parseBool(s)
	case event.TypePort:
		if port, err := net.LookupPort("tcp", s); err == nil && strings.Trim(s, "0123456789") != "" {
			return int64(port), nil
		}
	}
	n, ok := parseInteger(s)
	if !ok {
		return 0, fmt.Errorf("%q is no whole number", s)
	}
	if typ == event.TypeUint32 {
		n = int64(uint32(n))
	}
	return n, nil
}

func parseInteger(s string) (int64, bool) {
	digits, base := strings.TrimPrefix(s, "+"), 10
	if len(digits) > 2 && strings.EqualFold(digits[:2], "0x") {
		digits, base = digits[2:], 16
	}
	if n, err := strconv.ParseInt(digits, base, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseUint(digits, base, 64)
	return int64(n), err == nil
}

func parseBool(s string) (int64, error) {
	switch s {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	return 0, fmt.Errorf("%q is neither true nor false", s)
}

// addrTest is the test of an address with constants: addresses, or networks of
// which each length of prefix is looked up in a set.
func addrTest(typ event.FieldType, values []string) (test, error) {
	nets := map[netip.Prefix]struct{}{}
	var lengths []int
	for i, s := range values {
		p, err := parseNet(typ, s)
		if err != nil {
			return nil, at(i, err)
		}
		nets[p] = struct{}{}
		lengths = append(lengths, p.Bits())
	}
	slices.Sort(lengths)
	lengths = slices.Compact(lengths)
	return func(val event.Value) bool {
		a, ok := addrOf(val.Text)
		if !ok {
			return false
		}
		for _, bits := range lengths {
			if bits > a.BitLen() {
				return false
			}
			p, _ := a.Prefix(bits) // fails for a longer one only
			if _, ok := nets[p]; ok {
				return true
			}
		}
		return false
	}, nil
}

func parseNet(typ event.FieldType, s string) (netip.Prefix, error) {
	if typ == event.TypeNet {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return p, fmt.Errorf("%q is no network: want ADDRESS/BITS", s)
		}
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address", s)
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
