package event

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// referenceFlags are the reference's names for what is special about a field. A
// field for its tables only is one that rules should not ask for.
var referenceFlags = map[string]Flags{
	"FILTER_ONLY": FilterOnly, "PRINT_ONLY": PrintOnly, "LIST": List, "NO_RHS": NoRHS, "NO_TRANSFORMER": NoTransformer,
	"DEPRECATED": Deprecated, "TABLE_ONLY": Deprecated, "ARG_REQUIRED": 0, "ARG_ALLOWED": 0, "-": 0,
}

// wantFlags reads the reference's flags; arg is whether there must be or may be an argument.
func wantFlags(t *testing.T, list string) (flags Flags, must, may bool) {
	for _, name := range strings.Split(list, "|") {
		f, ok := referenceFlags[name]
		if !ok {
			t.Fatalf("flag %q: got no such flag, want one", name)
		}
		flags |= f
		must, may = must || name == "ARG_REQUIRED", may || name == "ARG_ALLOWED"
	}
	return flags, must, may
}

func TestFieldsAgreeWithTheReference(t *testing.T) {
	seen := map[string]bool{}
	for _, line := range strings.Split(referenceFile(t, "fields.txt"), "\n") {
		col := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || len(col) < 3 {
			continue
		}
		seen[col[0]] = true
		f, arg, ok := LookupField(col[0])
		if !ok || arg != "" {
			t.Errorf("%s: got no field, want one", col[0])
			continue
		}
		flags, must, may := wantFlags(t, col[2])
		if got := f.Type.String(); got != col[1] {
			t.Errorf("%s: got type %s, want %s", f.Name, got, col[1])
		}
		if got := f.Flags &^ Many; got != flags {
			t.Errorf("%s: got flags %b, want %b", f.Name, got, flags)
		}
		if (f.Arg == MustKey) != must || (f.Arg == MayKey || f.Arg == MayIndex) != may {
			t.Errorf("%s: got argument kind %d, want one that must be: %v, may be: %v", f.Name, f.Arg, must, may)
		}
	}
	if len(seen) < 290 {
		t.Errorf("got %d fields in the reference, want 290 or more", len(seen))
	}
	for i := range Fields {
		if !seen[Fields[i].Name] {
			t.Errorf("%s: got a field that the reference has not", Fields[i].Name)
		}
	}
}

// referenceFile reads a file of the reference's data, or skips the test.
func referenceFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("TIERCEL_FALCO")
	if dir == "" {
		dir = "../../../shared/falco"
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("the reference's data is not here: %v", err)
	}
	return string(b)
}
