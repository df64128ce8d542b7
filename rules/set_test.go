package rules

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultRulesCompileWithoutAWord(t *testing.T) {
	files, err := Read([]string{DefaultName})
	require.NoError(t, err)
	set, problems := Compile(files)
	if len(problems) > 0 || set == nil || len(set.Rules) == 0 {
		t.Errorf("got %v, problems %v, want rules and no problem", set, problems)
	}
}

func TestMatcherForgetsTheEventBefore(t *testing.T) {
	m := compileOne(t, "evt.type = setuid and evt.arg.uid = 0").Matcher()
	m.gen = 1<<30 - 3 // about to start again
	root, ann := newEvent("setuid", 0).ret(0).Event(), newEvent("setuid", 1000).ret(0).Event()
	for i := range 8 {
		if got := match(m, root, cat()); got != "R" {
			t.Errorf("event %d: got %q, want R", 2*i, got)
		}
		if got := match(m, ann, cat()); got != "" {
			t.Errorf("event %d: got %q, want no match", 2*i+1, got)
		}
	}
}

func TestReadTakesFilesAndFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.yml", "c.txt", "d.yaml.bak"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "e.yaml"), 0o700))
	files, err := Read([]string{dir, filepath.Join(dir, "c.txt")})
	require.NoError(t, err)
	var got []string
	for _, f := range files {
		rel, err := filepath.Rel(dir, f.Name)
		require.NoError(t, err)
		got = append(got, rel+"="+string(f.Data))
	}
	if want := "a.yml=a.yml b.yaml=b.yaml c.txt=c.txt"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestReadSaysWhatIsMissing(t *testing.T) {
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none.yaml")} {
		if files, err := Read([]string{path}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, %v, want an error that names %s", files, err, path)
		}
	}
}

func TestReadRefusesWhatIsTooLarge(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, size int64) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Truncate(path, size))
		return path
	}
	most := file("most", maxFile)
	over := file("over.yaml", maxFile+1)
	for _, tt := range []struct {
		name, path, refused string // refused is the file that is named, none where it is read
	}{
		{"the largest file", most, ""},
		{"a file that is larger by a byte", over, over},
		{"a folder with it", dir, over},
		{"a device without an end", "/dev/zero", "/dev/zero"},
	} {
		_, err := Read([]string{tt.path})
		if want := "read " + tt.refused + ": more than 16 MiB"; tt.refused == "" && err != nil || tt.refused != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.refused)
		}
	}
}

func TestQueryPrintsWhatItMatches(t *testing.T) {
	set, problems := Query("evt.type = openat and fd.name = /a", "%evt.type %fd.name")
	require.NotNil(t, set, "%v", problems)
	m := set.Matcher()
	if got := match(m, newEvent("openat").with(1, "/a").ret(3).Event(), cat()); got != "print" {
		t.Errorf("got %q, want print", got)
	}
	if got := string(set.Rules[0].Message.Append(nil, m.View())); got != "openat /a" {
		t.Errorf("got %q, want openat /a", got)
	}
	if _, problems := Query("evt.type = ", "%no.field"); len(problems) != 2 || problems[0].File != "filter" {
		t.Errorf("got %v, want a problem of the filter and one of the format", problems)
	}
}
