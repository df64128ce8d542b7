package event

import "testing"

func TestValuesAreMadeFromTextByType(t *testing.T) {
	for _, tc := range []struct {
		name, text, want, err string
		typ                   FieldType
	}{
		{"text stays as it is", " a b ", " a b ", "", TypeString},
		{"an IPv4 address", "10.1.2.3", "10.1.2.3", "", TypeAddr},
		{"an IPv6 address", "2001:db8::1", "2001:db8::1", "", TypeNet},
		{"an IPv4 address in IPv6's clothes is IPv4", "::ffff:10.1.2.3", "10.1.2.3", "", TypeAddr},
		{"a network is no address", "10.0.0.0/8", "", `"10.0.0.0/8" is no address`, TypeNet},
		{"an address with a zone has no place for it", "fe80::1%eth0", "", `"fe80::1%eth0" is no address`, TypeAddr},
		{"a truth", "true", "true", "", TypeBool},
		{"a number is no truth", "1", "", `"1" is neither true nor false`, TypeBool},
		{"a negative number", "-5", "-5", "", TypeInt},
		{"a number in base 16", "0x1f", "31", "", TypeInt},
		{"a number in base 8", "0o755", "493", "", TypeUint32},
		{"the largest unsigned number", "18446744073709551615", "18446744073709551615", "", TypeUint},
		{"an unsigned number has no sign", "-1", "", `"-1" is no whole number from 0`, TypeUint},
		{"a word is no number", "x", "", `"x" is no whole number`, TypeInt},
		{"a port of 17 bits", "65536", "", `"65536" is too large for the field`, TypePort},
		{"a number that 16 bits do not hold", "40000", "", `"40000" is too large for the field`, TypeInt16},
		{"a duration", "1m30s", "90000000000", "", TypeRelTime},
		{"a duration in nanoseconds", "15", "15", "", TypeRelTime},
		{"a date", "1970-01-01T00:00:01Z", "1000000000", "", TypeAbsTime},
		{"a fraction", "0.25", "0.25", "", TypeDouble},
		{"what no field's values are", "x", "", "no value of type DYNAMIC can be given", TypeDynamic},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := tc.typ.Parse(tc.text)
			if err != nil || tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Fatalf("got error %v, want %q", err, tc.err)
				}
				return
			}
			if got := string(tc.typ.AppendText(nil, v)); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestWhatIsNotGivenIsAbsentOrFixedForTheRow(t *testing.T) {
	for _, tc := range []struct{ row, field, want string }{
		{"openat", "evt.arg[flags]", absent}, // an argument of 0 would be O_RDONLY
		{"openat", "evt.is_open_read", "false"},
		{"creat", "evt.is_open_write", "true"},
		{"fchmod", "evt.rawarg[mode]", absent},
		{"dup2", "evt.rawarg[newfd]", absent},
		{"dup2", "fd.num", absent},
		{"dup2", "evt.failed", absent},
		{"dup2", "thread.tid", absent},
		{"dup2", "thread.ismain", absent},
		{"dup2", "proc.name", absent},
		{"dup2", "evt.type", "dup2"},
		{"dup2", "evt.rawtime", "5"},
	} {
		t.Run(tc.field+" of "+tc.row, func(t *testing.T) {
			var v View
			v.BeginGiven(Lookup(tc.row), 5, nil)
			if got := read(t, &v, tc.field); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
