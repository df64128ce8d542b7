package rules

import (
	"testing"

	"tiercel/engine/event"
)

func TestTransformers(t *testing.T) {
	given := map[string][]event.Value{}
	for name, text := range map[string]string{"proc.name": "MyExe", "fd.name": "/Tmp/a.b", "proc.cmdline": "aGVsbG8=", "proc.pname": "myexe"} {
		given[name] = []event.Value{{Status: event.Known, Text: text}}
	}
	given["proc.pid"] = []event.Value{{Status: event.Known, Num: 7}}
	given["fd.types"] = []event.Value{{Status: event.Known, Text: "file"}, {Status: event.Known, Text: "ipv4"}}
	tests := []struct {
		condition string
		want      bool
	}{
		{"tolower(proc.name) = myexe", true}, {"toupper(proc.name) = MYEXE", true}, {"tolower(proc.name) = MyExe", false},
		{"basename(fd.name) = a.b", true}, {"basename(proc.name) = MyExe", true}, {"len(proc.name) = 5", true}, {"len(fd.types) = 2", true},
		{"b64(proc.cmdline) = hello", true}, {"b64(proc.name) exists", false}, {"not b64(proc.name) exists", true},
		{"toupper(fd.types) in (FILE, IPV4)", true}, {"toupper(fd.types) in (FILE)", false}, {"fd.types intersects (ipv4, unix)", true}, {"fd.types intersects (unix)", false},
		{`join(":", (proc.name, proc.pid, "x", 5)) = "MyExe:7:x:5"`, true}, {`join("+", fd.types) = file+ipv4`, true}, {`join(":", ()) = ""`, true},
		{`concat(tolower(proc.name), "-", proc.pname) = myexe-myexe`, true}, {"len(concat(proc.name, fd.name)) > 12", true},
		{"tolower(proc.name) = val(proc.pname)", true}, {"proc.name = val(proc.pname)", false}, {"proc.name != val(proc.pname)", true},
		{"fd.name startswith val(proc.exepath)", false}, {"not fd.name startswith val(proc.exepath)", true},
		{"proc.pid >= val(proc.pid)", true}, {"proc.pid < val(proc.pid)", false}, {"proc.name icontains val(proc.pname)", true},
		{`fd.name glob concat("/Tmp/", "*")`, true},
		{"len(proc.exepath) = 0", false}, {`join(":", (proc.name, proc.exepath)) exists`, false}, {"len(proc.exe) exists", false},
	}
	for _, tt := range tests {
		code, m, err := tryCondition(tt.condition)
		if err != nil {
			t.Errorf("%s: %v", tt.condition, err)
			continue
		}
		m.view.BeginGiven(event.Lookup("open"), 0, given)
		m.forget()
		if got := code.run(m, false); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.condition, got, tt.want)
		}
	}
}

func TestTransformersAreUnknownUntilTheirFieldsAreKnown(t *testing.T) {
	for _, cond := range []string{"tolower(proc.name) = x", "len(fd.types) = 1", `join("-", (fd.filename, proc.name)) = x`, "fd.filename = val(proc.name)", `getopt(fd.types, "a:")[a] = x`} {
		code, m, err := tryCondition(cond)
		if err != nil {
			t.Errorf("%s: %v", cond, err)
			continue
		}
		m.view.Begin(newEvent("openat").with(1, "/a/b").Event(), nil, event.AtEntry)
		m.forget()
		if got := truth(code, m); got != Maybe {
			t.Errorf("%s at the entry: got %v, want %v", cond, got, Maybe)
		}
	}
}
