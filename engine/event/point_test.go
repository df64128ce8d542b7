package event

import (
	"slices"
	"testing"
)

func TestWhatIsKnownAtEachPoint(t *testing.T) {
	tests := []struct {
		name, field, row string
		known            Point // the first at which all samples know it
	}{
		{"which call it is", "evt.type", "openat", ByRow},
		{"the path that a call opens", "fd.name", "openat", ByEntry},
		{"flags", "evt.is_open_write", "openat2", ByEntry},
		{"an address that a call names", "evt.arg.addr", "connect", ByEntry},
		{"a descriptor that is made", "fd.num", "openat", ByExit},
		{"a descriptor that is given", "fd.num", "fchmod", ByEntry},
		{"the result", "evt.failed", "mkdir", ByExit},
		{"what a descriptor names", "fd.name", "fchmod", ByEngine},
		{"what a row has not", "fd.name", "setuid", ByRow},
		{"the process", "proc.name", "openat", ByEngine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, key, _ := LookupField(tt.field)
			arg := NewArg(key)
			got := ByEngine
			for p := ByExit; p != 255; p-- { // below ByRow it wraps
				if !slices.ContainsFunc(Samples(Lookup(tt.row), p), func(v *View) bool { return f.Get(v, arg).Status == Unknown }) {
					got = p
				}
			}
			if got != tt.known {
				t.Errorf("%s of %s: got known at the %v, want at the %v", tt.field, tt.row, got, tt.known)
			}
		})
	}
}

func TestAllThatIsReadHasWords(t *testing.T) {
	for p := FactObject; p <= FactFolder; p++ {
		if docs := facts(p).Docs(); len(docs) != 1 || docs[0] == "" {
			t.Errorf("fact %d: got %q, want one text", p, docs)
		}
	}
	for i := range Table {
		for _, p := range Table[i].Params {
			if _, ok := memoryDocs[p.Type]; p.Type.InMemory() != ok {
				t.Errorf("%s, %s: got words %v, want %v", Table[i].Name, p.Name, ok, !ok)
			}
		}
	}
	if got, want := Table[Lookup("openat2")].Reads(), []string{"a path", "a struct of numbers", "the folder that a relative path starts from"}; !slices.Equal(got, want) {
		t.Errorf("openat2: got %q, want %q", got, want)
	}
}
