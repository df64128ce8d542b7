package event

import (
	"slices"
	"testing"
)

func TestWordsAreAllThatAFieldCanHave(t *testing.T) {
	for _, tt := range []struct {
		field string
		has   []string
		not   string
	}{
		{"fd.type", []string{"file", "directory", "socket", "ipv4", "netlink"}, "fil"},
		{"fd.typechar", []string{"f", "d", "4", "o"}, "file"},
		{"fd.l4proto", []string{"icmp", "raw", "tcp", "udp"}, ""},
		{"fd.sockfamily", []string{"ip", "unix"}, ""},
		{"evt.category", []string{"file", "net", "IPC"}, "net2"},
		{"evt.dir", []string{"<"}, ">"},
		{"evt.io_dir", []string{"r", "w"}, "rw"},
		{"evt.type", []string{"openat", "connect"}, "opened"},
	} {
		f, _, _ := LookupField(tt.field)
		words := f.Words()
		for _, word := range tt.has {
			if !slices.Contains(words, word) {
				t.Errorf("%s: got %v, want %q among them", tt.field, words, word)
			}
		}
		if slices.Contains(words, tt.not) {
			t.Errorf("%s: got %v, want no %q", tt.field, words, tt.not)
		}
	}
	for _, open := range []string{"fd.name", "proc.name", "evt.res", "evt.arg", "container.image", "fd.num"} {
		f, _, _ := LookupField(open)
		if words := f.Words(); words != nil {
			t.Errorf("%s: got %v, want none, as its texts are not known", open, words)
		}
	}
}

func TestLimitsOfNumbers(t *testing.T) {
	for _, tt := range []struct {
		typ             FieldType
		least, greatest int64
		ok              bool
	}{
		{TypePort, 0, 65535, true},
		{TypeInt32, -1 << 31, 1<<31 - 1, true},
		{TypeUint32, 0, 1<<32 - 1, true},
		{TypeInt, -1 << 63, 1<<63 - 1, true},
		{TypeUint, 0, -1, true},
		{TypeBool, 0, 1, true},
		{TypeDouble, 0, 0, false},
		{TypeString, 0, 0, false},
	} {
		if least, greatest, ok := tt.typ.Limits(); least != tt.least || greatest != tt.greatest || ok != tt.ok {
			t.Errorf("%v: got %d to %d, %v, want %d to %d, %v", tt.typ, least, greatest, ok, tt.least, tt.greatest, tt.ok)
		}
	}
}
