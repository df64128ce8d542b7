package event

import "testing"

func TestFieldsWithManyValuesEnd(t *testing.T) {
	for _, proc := range []*Process{nil, {}, family()} {
		for i := range Fields {
			if f := &Fields[i]; f.Flags.Has(Many) && !ends(f, proc) {
				t.Errorf("%s with process %v: got no end of its values, want one", f.Name, proc)
			}
		}
	}
}

// ends reports whether the field's values come to an end, as Any needs it.
func ends(f *Field, proc *Process) bool {
	var v View
	v.Begin(record("openat"), proc, Whole)
	for i := range 10 {
		if f.get(&v, NewArg(""), i).Status == end {
			return true
		}
	}
	return false
}

func TestFieldNames(t *testing.T) {
	tests := []struct {
		name, field, arg string
		ok               bool
	}{
		{"proc.name", "proc.name", "", true},
		{"evt.arg.flags", "evt.arg", "flags", true},
		{"evt.arg", "evt.arg", "", true},
		{"evt.arg.a.b", "evt.arg", "a.b", true},
		{"proc.name.x", "", "", false},
		{"proc.aname.2", "", "", false},
		{"proc", "", "", false},
		{"", "", "", false},
	}
	for _, tt := range tests {
		f, arg, ok := LookupField(tt.name)
		if ok != tt.ok || arg != tt.arg || ok && f.Name != tt.field {
			t.Errorf("%q: got %v, %q, %v, want %s, %q, %v", tt.name, f, arg, ok, tt.field, tt.arg, tt.ok)
		}
	}
}

func TestFieldsAreDescribedOnce(t *testing.T) {
	if len(byName()) != len(Fields) {
		t.Errorf("got %d names, want %d", len(byName()), len(Fields))
	}
	for i := range Fields {
		if f := &Fields[i]; f.Doc == "" || f.get == nil {
			t.Errorf("%s: got no description or no getter, want both", f.Name)
		}
	}
}

func TestTextOfValues(t *testing.T) {
	tests := []struct {
		name string
		typ  FieldType
		val  Value
		want string
	}{
		{"absent", TypeString, Value{}, "<NA>"},
		{"unknown", TypeInt, status(Unknown), "<NA>"},
		{"text", TypeString, str("x"), "x"},
		{"signed", TypeInt, num(-1), "-1"},
		{"unsigned", TypeUint, num(-1), "18446744073709551615"},
		{"true", TypeBool, num(1), "true"},
		{"false", TypeBool, num(0), "false"},
		{"IPv4", TypeAddr, str("\xc0\x00\x02\x07"), "192.0.2.7"},
		{"IPv6", TypeNet, str("\x20\x01\x0d\xb8" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), "2001:db8::1"},
		{"no address", TypeAddr, str("xyz"), "<NA>"},
	}
	for _, tt := range tests {
		if got := string(tt.typ.AppendText(nil, tt.val)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
