package event

import (
	"path"
	"strings"
	"testing"
	"testing/quick"
)

func TestPathsAreResolvedAsPathCleanDoes(t *testing.T) {
	pieces := []string{"/", "//", ".", "..", "...", "a", ".b", "c.", "/./", "/../", "\x00", "é"}
	same := func(base, name []uint8) bool {
		dir, file := "/"+spell(pieces, base), spell(pieces, name)
		return checkClean(t, dir, file)
	}
	if err := quick.Check(same, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

func spell(pieces []string, indices []uint8) string {
	var b strings.Builder
	for _, i := range indices {
		b.WriteString(pieces[int(i)%len(pieces)])
	}
	return b.String()
}

// checkClean compares both ways of cleaning with path.Clean.
func checkClean(t *testing.T, dir, file string) bool {
	t.Helper()
	got, want := string(appendClean(nil, dir, file)), path.Clean(dir+"/"+file)
	if got != want {
		t.Errorf("%q below %q: got %q, want %q", file, dir, got, want)
	}
	if full := dir + "/" + file; IsPlain(full) && path.Clean(full) != full {
		t.Errorf("got plain %q, want %q as it is", full, path.Clean(full))
	}
	return !t.Failed()
}

func FuzzPathClean(f *testing.F) {
	f.Add("/", "")
	f.Add("/srv", "../../a/./b//c/..")
	f.Add("/a/b/", "/.hidden/..")
	f.Fuzz(func(t *testing.T, dir, file string) { checkClean(t, "/"+dir, file) })
}

func TestIsPlain(t *testing.T) {
	for name, want := range map[string]bool{
		"/": true, "/a": true, "/a/b.c": true, "/a.": true,
		"": false, "a": false, "/a/": false, "//a": false, "/a//b": false, "/.": false, "/..": false, "/.a": false, "/a/.b/c": false, "/a/./b": false, "/a/../b": false,
	} {
		if got := IsPlain(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestCleanKeepsWhatIsBeforeIt(t *testing.T) {
	if got := string(appendClean([]byte("/before"), "/a", "../..")); got != "/before/" {
		t.Errorf("got %q, want /before and /", got)
	}
}
