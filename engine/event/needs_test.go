package event

import (
	"testing"
)

// needsOf is what the fields need where the rows match.
func needsOf(t *testing.T, fields []string, rows ...string) *Needs {
	t.Helper()
	var n Needs
	var match [len(Table)]bool
	for _, name := range rows {
		match[Lookup(name)], n.Rows[Lookup(name)].Match = true, true
	}
	for _, name := range fields {
		f, a := field(t, name)
		n.AddField(f, a, &match)
	}
	return &n
}

func TestFactsThatFieldsNeed(t *testing.T) {
	tests := []struct {
		name, field, row string
		want             Facts
	}{
		{"a path that is opened needs no fact", "fd.name", "openat", 0},
		{"a descriptor's name is a fact", "fd.name", "fchmod", facts(FactObject, FactSocket)},
		{"a descriptor's type asks whether it is a folder's", "fd.type", "fchmod", facts(FactObject, FactSocket, FactFolder)},
		{"a connection's address is of the socket", "fd.sip", "connect", facts(FactSocket)},
		{"a call without a descriptor has no such fact", "fd.name", "setuid", 0},
		{"the working directory", "proc.cwd", "setuid", facts(FactCwd)},
		{"the standard streams", "proc.stdin.type", "execve", facts(FactStdio)},
		{"the environment is of the process", "proc.env", "execve", 0},
		{"a descriptor among the parameters", "evt.arg.fd", "fchmod", facts(FactObject, FactSocket, FactFolder)},
		{"a parameter that is no descriptor", "evt.arg.mode", "fchmod", 0},
		{"a descriptor by its position", "evt.arg[1]", "fchmod", facts(FactObject, FactSocket, FactFolder)},
		{"both ends of a connection", "evt.arg.tuple", "connect", facts(FactSocket)},
		{"the path of what is opened is among the arguments", "evt.arg.fd", "openat", 0},
		{"all parameters, with a descriptor", "evt.args", "fchmod", facts(FactObject, FactSocket, FactFolder)},
		{"a working directory among the parameters", "evt.arg.path", "getcwd", facts(FactCwd)},
		{"a path of that name", "evt.arg.path", "rmdir", 0},
		{"all parameters, without one", "evt.args", "setuid", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := needsOf(t, []string{tt.field}, tt.row)
			if got := n.Rows[Lookup(tt.row)].Facts; got != tt.want {
				t.Errorf("got %b, want %b", got, tt.want)
			}
			if got := n.Rows[Lookup("close")].Facts; got != 0 {
				t.Errorf("a row that does not match: got %b, want none", got)
			}
		})
	}
}

func TestFactsOfProcesses(t *testing.T) {
	n := needsOf(t, []string{"proc.env", "container.id", "proc.name"}, "execve")
	if want := facts(FactEnv, FactGroup); n.Process != want {
		t.Errorf("got %b, want %b", n.Process, want)
	}
	if n := needsOf(t, []string{"evt.arg.env"}, "execve", "setuid"); n.Process != facts(FactEnv) {
		t.Errorf("of a parameter: got %b, want %b", n.Process, facts(FactEnv))
	}
}

func TestCallsThatChangeWhatFieldsSay(t *testing.T) {
	tests := []struct {
		field, row string
		want       bool
	}{
		{"user.name", "setuid", true}, {"user.name", "capset", true}, {"user.name", "setsid", false},
		{"thread.cap_effective", "capset", true}, {"group.gid", "setresgid", true},
		{"proc.sname", "setsid", true}, {"proc.is_pgid_leader", "setpgid", true}, {"proc.sid.exe", "setsid", true},
		{"proc.name", "prctl", true}, {"proc.cmdline", "prctl", true}, {"proc.aname", "prctl", true},
		{"proc.exepath", "prctl", false}, {"fd.name", "prctl", false}, {"fd.name", "setuid", false},
	}
	for _, tt := range tests {
		n := needsOf(t, []string{tt.field}, "openat").Rows[Lookup(tt.row)]
		if n.State != tt.want || n.Watch() != tt.want {
			t.Errorf("%s of %s: got %v, want %v", tt.row, tt.field, n.State, tt.want)
		}
	}
}
