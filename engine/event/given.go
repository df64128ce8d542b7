package event

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"time"
)

// bits is how wide the numbers of a type are, and whether they have a sign.
var bits = map[FieldType]struct {
	n      int
	signed bool
}{
	TypeInt: {64, true}, TypeInt32: {32, true}, TypeInt16: {16, true}, TypeRelTime: {64, true}, TypeAbsTime: {64, true},
	TypeUint: {64, false}, TypeUint32: {32, false}, TypePort: {16, false},
}

// Parse makes a value of the type from its text: what AppendText writes, and for
// people numbers in other bases (0x1f), a duration (1m30s) for RELTIME and a
// date (RFC 3339) for ABSTIME. A dynamic field's type is to be asked for first (ValueType).
func (t FieldType) Parse(text string) (Value, error) {
	switch {
	case t.IsText():
		return str(text), nil
	case t.IsAddr():
		return parseAddr(text)
	case t == TypeBool:
		return parseBool(text)
	case t == TypeDouble:
		f, err := strconv.ParseFloat(text, 64)
		return num(int64(math.Float64bits(f))), reason(text, "number", err)
	}
	if n, ok := t.parseTime(text); ok {
		return num(n), nil
	}
	return t.parseNumber(text)
}

func parseBool(text string) (Value, error) {
	if text != "true" && text != "false" {
		return Value{}, fmt.Errorf("%q is neither true nor false", text)
	}
	return truth(text == "true"), nil
}

func parseAddr(text string) (Value, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return Value{}, fmt.Errorf("%q is no address", text)
	}
	return str(string(a.Unmap().AsSlice())), nil
}

// parseTime reads what of the times is no number; ok is false for all else.
func (t FieldType) parseTime(text string) (ns int64, ok bool) {
	switch t {
	case TypeRelTime:
		d, err := time.ParseDuration(text)
		return d.Nanoseconds(), err == nil
	case TypeAbsTime:
		at, err := time.Parse(time.RFC3339Nano, text)
		return at.UnixNano(), err == nil
	}
	return 0, false
}

func (t FieldType) parseNumber(text string) (Value, error) {
	width, ok := bits[t]
	if !ok {
		return Value{}, fmt.Errorf("no value of type %s can be given", t)
	}
	if width.signed {
		n, err := strconv.ParseInt(text, 0, width.n)
		return num(n), reason(text, "whole number", err)
	}
	n, err := strconv.ParseUint(text, 0, width.n)
	return num(int64(n)), reason(text, "whole number from 0", err)
}

// reason is a parser's error in the words of this package.
func reason(text, want string, err error) error {
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("%q is too large for the field", text)
	case err != nil:
		return fmt.Errorf("%q is no %s", text, want)
	}
	return nil
}
