package event

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTableNamesMostOfWhatRulesWatch(t *testing.T) {
	calls := 0
	for i := range Table {
		if Table[i].When != Pseudo {
			calls++
		}
	}
	if calls < 400 {
		t.Errorf("got %d calls, want at least 400", calls)
	}
}

func TestRowsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]int{}
	for i := range Table {
		name := Table[i].Name
		if other, twice := seen[name]; twice || name == "" {
			t.Errorf("row %d: got name %q, want one that row %d does not have", i, name, other)
		}
		seen[name] = i
		if i == RowLost || i == RowBlind {
			continue // see TestNotesAreNoEventsThatRulesSee
		}
		if got := Lookup(name); got != i {
			t.Errorf("Lookup(%q): got %d, want %d", name, got, i)
		}
	}
	if got := Lookup("no such call"); got != -1 {
		t.Errorf("got %d, want -1", got)
	}
}

func TestKernelNamesBelongToOneRow(t *testing.T) {
	for name := range kernelNames {
		if Lookup(name) < 0 {
			t.Errorf("kernel names of %q: got no row, want one", name)
		}
	}
	seen := map[string]string{}
	for i := range Table {
		for _, name := range Table[i].Names() {
			if other := seen[name]; other != "" {
				t.Errorf("%s: got it of rows %s and %s, want one", name, other, Table[i].Name)
			}
			seen[name] = Table[i].Name
		}
	}
}

func TestPseudoRowsAreNoCalls(t *testing.T) {
	for want, name := range map[int]string{RowProcInfo: "procinfo", RowSpawn: "spawn", RowProcExit: "procexit", RowLost: "events_lost", RowBlind: "watch_blind"} {
		row := &Table[want]
		if row.Name != name || row.When != Pseudo {
			t.Errorf("row %d: got %s, when %d, want %s, when %d", want, row.Name, row.When, name, Pseudo)
		}
		if got := row.Names(); got != nil {
			t.Errorf("names of %s: got %v, want none", name, got)
		}
	}
	for row, want := range map[string]string{"setuid": "setuid setuid32", "pread": "pread64", "prlimit": "prlimit64", "umount2": "umount2"} {
		if got := strings.Join(Table[Lookup(row)].Names(), " "); got != want {
			t.Errorf("kernel names of %s: got %s, want %s", row, got, want)
		}
	}
}

func TestRowsDescribeTheirParameters(t *testing.T) {
	for i := range Table {
		row := &Table[i]
		for _, problem := range paramProblems(row) {
			t.Errorf("row %d, %s: %s", i, row.Name, problem)
		}
	}
}

func paramProblems(row *Row) (problems []string) {
	seen := map[string]bool{}
	for i, p := range row.Params {
		switch {
		case p.Name == "":
			problems = append(problems, "a parameter without a name")
		case seen[p.Name]:
			problems = append(problems, "two parameters named "+p.Name)
		case p.In == nil && i >= 6:
			problems = append(problems, p.Name+" is more than a call has arguments")
		case p.In != nil && row.Params[p.In.Arg].Type != Pointer:
			problems = append(problems, p.Name+" is in the struct of an argument that is no pointer")
		case p.Type == DirFD && (i+1 == len(row.Params) || row.Params[i+1].Type != Path) && row.first(0, isPath) < i:
			problems = append(problems, p.Name+" is a directory that no path starts from")
		}
		seen[p.Name] = true
	}
	return problems
}

func TestClassesHaveFalcosNames(t *testing.T) {
	for class, want := range map[Class]string{Other: "other", File: "file", Net: "net", Proc: "process", User: "user", IPC: "IPC"} {
		if got := class.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for i := range Table {
		if int(Table[i].Class) >= len(classNames) {
			t.Errorf("row %s: got class %d, want one with a name", Table[i].Name, Table[i].Class)
		}
	}
}

// otherNames are words in the stock rules' evt.type lists that are no system calls.
var otherNames = map[string]string{"container": "raised by the container plugin"}

func TestTableHasEveryCallOfTheStockRules(t *testing.T) {
	names := stockCalls(t)
	if len(names) < 30 {
		t.Fatalf("got %d calls in the stock rules, want 30 or more: is the pattern right?", len(names))
	}
	for name, file := range names {
		if otherNames[name] == "" && Lookup(name) < 0 {
			t.Errorf("%s, of %s: got no row, want one", name, file)
		}
	}
}

var evtTypeList = regexp.MustCompile(`evt\.type\s*(?:=|in)\s*(?:\(([^)]*)\)|([a-z_0-9]+))`)

// stockCalls returns the names in the stock rules' evt.type comparisons, each with a file that it stands in.
func stockCalls(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(falcoFolder(t), "rules", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stock rules: %v", err)
	}
	names := map[string]string{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range evtTypeList.FindAllStringSubmatch(string(b), -1) {
			for _, name := range strings.FieldsFunc(m[1]+m[2], func(r rune) bool { return strings.ContainsRune(", \n", r) }) {
				names[name] = filepath.Base(file)
			}
		}
	}
	return names
}

// falcoFolder returns the folder of the reference's data, or skips the test.
func falcoFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TIERCEL_FALCO")
	if dir == "" {
		dir = "../../../shared/falco"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the reference's data is not here: %v", err)
	}
	return dir
}
