package integration

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mayImport has, for each package of the project, the packages of the project
// that it may import. A package that is not here may not exist: imports go one
// way, from wrappers down to the event table.
var mayImport = map[string][]string{
	"tiercel/engine/event":        {},
	"tiercel/engine/event/procfs": {"tiercel/engine/event"},
	"tiercel/rules":               {"tiercel/engine/event"},
	"tiercel/seccomp":             {"tiercel/engine/event"},
	"tiercel/kernel":              {"tiercel/engine/event", "tiercel/engine/event/procfs", "tiercel/tracer/sigaction"},
	"tiercel/tracer/launch":       {"tiercel/seccomp", "tiercel/tracer/sigaction"},
	"tiercel/tracer/sigaction":    {},
	"tiercel/tracer/keeper":       {"tiercel/engine/event/procfs", "tiercel/seccomp", "tiercel/tracer/sigaction"},
	"tiercel/tracer":              {"tiercel/engine/event", "tiercel/engine/event/procfs", "tiercel/seccomp", "tiercel/tracer/keeper", "tiercel/tracer/launch", "tiercel/tracer/sigaction"},
	"tiercel/engine":              {"tiercel/engine/event", "tiercel/rules"},
	"tiercel/engine/capture":      {"tiercel/engine", "tiercel/engine/event"},
	"tiercel/engine/output":       {"tiercel/engine", "tiercel/engine/event", "tiercel/rules"},
	"tiercel/engine/trial":        {"tiercel/engine", "tiercel/engine/capture", "tiercel/engine/event", "tiercel/rules"},
	"tiercel/wrappers/tiercel":    {"tiercel/engine", "tiercel/engine/capture", "tiercel/engine/event", "tiercel/engine/event/procfs", "tiercel/engine/output", "tiercel/engine/trial", "tiercel/kernel", "tiercel/rules", "tiercel/seccomp", "tiercel/tracer", "tiercel/tracer/keeper", "tiercel/tracer/launch", "tiercel/tracer/sigaction"},
	"tiercel/integration":         {},
	"tiercel/integration/bench":   {"tiercel/engine/event", "tiercel/rules", "tiercel/seccomp"},
}

// onlyIn has what just one package or file may import.
var onlyIn = map[string][]string{
	"github.com/seccomp/libseccomp-golang": {"seccomp/filter.go", "seccomp/calls.go", "seccomp/stops.go", "seccomp/tests.go", "seccomp/refuse.go"},
	"C":                                    {"tracer/keeper/keeper_unsafe.go", "tracer/launch/child_unsafe.go", "wrappers/tiercel/static.go"},
}

type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	CgoFiles   []string // those that import C
	Imports    []string
}

func packages(t *testing.T) (all []goPackage) {
	out, err := exec.Command("go", "list", "-json", "tiercel/...").Output()
	require.NoError(t, err)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); err == io.EOF {
			return all
		}
		all = append(all, p)
	}
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range packages(t) {
		allowed, known := mayImport[p.ImportPath]
		if !known {
			t.Errorf("package %s: not in the layout", p.ImportPath)
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "tiercel/") && !slices.Contains(allowed, imp) {
				t.Errorf("package %s: imports %s", p.ImportPath, imp)
			}
		}
	}
}

func TestUnsafeStandsInItsOwnFiles(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range append(p.GoFiles, p.CgoFiles...) {
			b, err := os.ReadFile(filepath.Join(p.Dir, name))
			require.NoError(t, err)
			if imports(string(b), "unsafe") && !strings.HasSuffix(name, "_unsafe.go") {
				t.Errorf("%s/%s: imports unsafe", p.ImportPath, name)
			}
			for path, files := range onlyIn {
				file := strings.TrimPrefix(p.ImportPath, "tiercel/") + "/" + name
				if imports(string(b), path) && !slices.Contains(files, file) {
					t.Errorf("%s: imports %s", file, path)
				}
			}
		}
	}
}

func imports(source, path string) bool {
	for line := range strings.Lines(source) {
		if strings.HasSuffix(strings.TrimSpace(line), `"`+path+`"`) && !strings.Contains(line, ":=") {
			return true
		}
	}
	return false
}
