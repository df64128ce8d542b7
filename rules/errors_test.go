package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files below testdata say by themselves what is wrong with them: a line on
// which a problem is to be reported ends with
//
//	### "REGEXP" ["REGEXP"]...
//
// which is taken off before the file is compiled. A problem that is not expected
// is a failure, and so is one that is expected and not reported.

var (
	mark   = regexp.MustCompile(`\s*### (".*")$`)
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// expectation is a problem that a line is to have.
type expectation struct {
	line    int
	message *regexp.Regexp
	met     bool
}

// expectations takes the marks off a file.
func expectations(t *testing.T, text string) (clean string, wants []*expectation) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		m := mark.FindStringSubmatchIndex(line)
		if m == nil {
			require.NotContains(t, line, "###", "line %d: a mark that is none", i+1)
			continue
		}
		for _, q := range quoted.FindAllString(line[m[2]:m[3]], -1) {
			pattern, err := strconv.Unquote(q)
			require.NoError(t, err, "line %d", i+1)
			wants = append(wants, &expectation{i + 1, regexp.MustCompile(pattern), false})
		}
		lines[i] = line[:m[0]]
	}
	return strings.Join(lines, "\n"), wants
}

func TestProblemsInFiles(t *testing.T) {
	checkMarks(t, "testdata/*.yaml", func(files []File) Problems {
		_, problems := Compile(files)
		return problems
	})
}

// checkMarks compares the problems of each file with its marks.
func checkMarks(t *testing.T, pattern string, check func([]File) Problems) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			text, wants := expectations(t, string(b))
			for _, p := range check([]File{{file, []byte(text)}}) {
				if !meets(p, wants) {
					t.Errorf("got a problem that nothing expects: %v", p)
				}
			}
			for _, w := range wants {
				if !w.met {
					t.Errorf("%s:%d: got no such problem, want %q", file, w.line, w.message)
				}
			}
		})
	}
}

// meets finds the first expectation that is not met yet and that the problem meets.
func meets(p Problem, wants []*expectation) bool {
	text := string(p.Severity) + ": " + p.Message
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	for _, w := range wants {
		if !w.met && w.line == p.Line && w.message.MatchString(text) {
			w.met = true
			return true
		}
	}
	return false
}

func TestPlacesOfProblems(t *testing.T) {
	const head, tail = "- macro: m\n", "\n"
	tests := []struct {
		name, text string
		line, col  int
	}{
		{"plain", "  condition: evt.type = open and wrong.name = x", 2, 34},
		{"plain over lines", "  condition: evt.type = open\n    and wrong.name\n    = x", 3, 9},
		{"plain that begins on the next line", "  condition:\n    evt.type = open and\n    wrong.name = x", 4, 5},
		{"folded", "  condition: >\n    evt.type = open and\n    wrong.name = x", 4, 5},
		{"folded with its blank lines", "  condition: >\n\n    evt.type = open and\n\n      wrong.name = x", 6, 7},
		{"folded and chomped", "  condition: >-\n    evt.type = open and (\n    wrong.name = x)\n\n", 4, 5},
		{"folded with an indent", "  condition: >2\n    evt.type = open and\n    wrong.name = x", 4, 5},
		{"literal", "  condition: |\n    evt.type = open\n    and wrong.name = x", 4, 9},
		{"single quotes", "  condition: 'evt.type = open and wrong.name = x'", 2, 35},
		{"double quotes", `  condition: "evt.type = open and wrong.name = x"`, 2, 35},
		{"double quotes over lines", "  condition: \"evt.type = open\n    and wrong.name = x\"", 3, 9},
		{"behind a tab", "  condition: evt.type = open and\twrong.name = x", 2, 34},
		{"behind an anchor", "  condition: &here evt.type = open and wrong.name = x", 2, 40},
		{"behind letters of two bytes", "  condition: proc.name = 'öffnen' and wrong.name = x", 2, 40},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkPlace(t, head+tt.text+tail, tt.line, tt.col) })
	}
	t.Run("in a flow, behind letters of two bytes", func(t *testing.T) {
		checkPlace(t, "- {rule: mäßig, desc: d, condition: wrong.name = x, output: o, priority: info}\n", 1, 39)
	})
	t.Run("with carriage returns", func(t *testing.T) {
		checkPlace(t, "- macro: m\r\n  condition: >\r\n    evt.type = open\r\n    and wrong.name = x\r\n", 4, 9)
	})
	t.Run("in what was appended", func(t *testing.T) {
		checkPlace(t, "- macro: m\n  condition: evt.type = open\n- macro: m\n  append: true\n  condition: >\n    and wrong.name = x\n", 6, 9)
	})
}

// checkPlace compiles a file whose one problem is wrong.name, in a rule or in macro m.
func checkPlace(t *testing.T, text string, line, col int) {
	t.Helper()
	use := "- {rule: r, desc: d, condition: m, output: o, priority: info}\n"
	_, problems := Compile([]File{{"x.yaml", []byte(text)}, {"use.yaml", []byte(use)}})
	problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Severity == Warning || p.File == "use.yaml" })
	require.Len(t, problems, 1, "%v", problems)
	p := problems[0]
	if p.Line != line || p.Column != col {
		t.Errorf("got %d:%d, want %d:%d, in\n%v", p.Line, p.Column, line, col, p)
	}
	if source := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")[line-1]; !strings.HasPrefix(source[col-1:], "wrong.name") {
		t.Fatalf("the test is wrong: %q is at %d:%d", source[col-1:], line, col)
	}
}

func TestProblemsAsText(t *testing.T) {
	tests := []struct {
		name string
		p    Problem
		want string
	}{
		{"with all", Problem{File: "a.yaml", Line: 3, Column: 3, Severity: Error, Message: "bad", Hint: "better", source: "\tx y"}, "a.yaml:3:3: bad\n    \tx y\n    \t ^\n    hint: better"},
		{"of the whole file", Problem{File: "a.yaml", Severity: Error, Message: "bad"}, "a.yaml: bad"},
		{"a warning", Problem{File: "a.yaml", Line: 1, Column: 1, Severity: Warning, Message: "odd"}, "a.yaml:1:1: warning: odd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.p.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	both := Problems{tests[1].p, tests[2].p}
	if want := tests[1].want + "\n" + tests[2].want; both.Error() != want || !both.Errors() || both[1:].Errors() {
		t.Errorf("got %q, errors %v, %v, want %q, true, false", both.Error(), both.Errors(), both[1:].Errors(), want)
	}
}

func TestColumnsInCharacters(t *testing.T) {
	for _, tt := range []struct {
		name   string
		line   string
		column int
		want   int
	}{
		{"the line's start", "é = x", 1, 1},
		{"behind a character of two bytes", "é = x", 4, 3},
		{"behind one of four bytes", "𝄞x", 5, 2},
		{"behind the line's end", "é", 3, 2},
		{"further behind it", "é", 5, 4},
		{"a line that is not known", "", 7, 7},
		{"a problem of the whole file", "", 0, 0},
	} {
		if got := (Problem{Column: tt.column, source: tt.line}).Character(); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"proc.name", "proc.pname", "proc.aname", "fd.name", "evt.type", "user.name"}
	for name, want := range map[string]string{
		"proc.nam": "proc.name", "proc.names": "proc.name", "evt.tpye": "evt.type", "fd.nmae": "fd.name", "proc.cname": "proc.name",
		"evt.typo": "evt.type", "": "", "zzz": "", "a.very.long.name": "",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"abcdef", "ghijkl", 6}} {
		if got := distance(tt.a, tt.b, 9); got != tt.want {
			t.Errorf("%q to %q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a, 2); got != min(tt.want, 2) {
			t.Errorf("%q to %q with a limit: got %d, want %d", tt.b, tt.a, got, min(tt.want, 2))
		}
	}
}
