package event

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// stages are the views of one event, from its row alone to the whole, each with a process and without.
func stages(entry, whole Event) (views []*View) {
	for _, proc := range []*Process{nil, {}, family()} {
		row, early, late := new(View), new(View), new(View)
		row.BeginRow(entry.RowIndex())
		early.Begin(entry, proc, AtEntry)
		late.Begin(whole, proc, Whole)
		views = append(views, row, early, late)
	}
	return views
}

func TestEveryFieldOfEveryRowCanBeReadAtEveryStage(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	all := readings()
	for range 3 {
		for row := range Table {
			b := entryOf(random, row)
			entry := slices.Clone(b.Event())
			finish(random, b)
			for _, v := range stages(entry, b.Event()) {
				for _, r := range all {
					checkReading(t, v, r)
				}
			}
		}
	}
}

// checkReading reads all values of a field, and wants an end of them.
func checkReading(t *testing.T, v *View, r *reading) {
	t.Helper()
	left := 100
	got := r.Any(v, r.arg, func(Value) bool {
		left--
		return left == 0
	})
	switch {
	case left == 0:
		t.Fatalf("%s[%s] of %s: got no end of its values, want one", r.Name, r.arg.Key, v.Row.Name)
	case r.Why() != "" && (got != Absent || r.Get(v, r.arg).Status != Absent):
		t.Fatalf("%s of %s: got status %d, want absent at every stage, as it has a reason", r.Name, v.Row.Name, got)
	}
}

func TestFieldsWithAReasonAskForNothing(t *testing.T) {
	answered := 0
	for i := range Fields {
		f := &Fields[i]
		if (f.Why() == "") != (len(f.Sources()) > 0) {
			t.Errorf("%s: got reason %q and sources %v, want one of them", f.Name, f.Why(), f.Sources())
		}
		if f.Why() != "" && (f.Facts != 0 || f.Effects() != 0) {
			t.Errorf("%s: got facts %b and effects %b, want none", f.Name, f.Facts, f.Effects())
		}
		if f.Why() == "" {
			answered++
		}
	}
	if answered < 200 {
		t.Errorf("got %d fields that are answered, want 200 or more", answered)
	}
}

// hot are the fields that rules read of nearly every event.
var hot = []string{
	"evt.type", "evt.res", "evt.failed", "evt.rawres", "evt.is_open_read", "evt.is_open_write", "evt.dir", "evt.category", "evt.arg.flags", "evt.is_io_write",
	"evt.type.is.openat", "evt.deltatime", "fd.num", "fd.name", "fd.nameraw", "fd.directory", "fd.filename", "fd.type", "fd.typechar", "fd.sip", "fd.rport", "fd.l4proto",
	"fd.connected", "fd.ino", "fd.types", "fd.types[7]", "fs.path.name", "fs.path.source", "fs.path.target", "proc.name", "proc.aname", "proc.exepath", "proc.cmdline",
	"proc.args[1]", "proc.env[HOME]", "proc.aenv[HOME]", "proc.loginshellid", "proc.vmsize", "proc.fdusage", "proc.cwd", "proc.is_sid_leader", "thread.cgroup.memory",
	"user.name", "user.uid", "container.id", "container.type", "container.host_pid", "container.duration",
}

func TestHotFieldsAllocateNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	p := family()
	p.Container = Container{ID: "0123456789ab", Type: "docker"}
	for _, row := range []string{"openat", "connect", "fchmod", "symlinkat", "unlinkat", "execve", "sendto"} {
		b := entryOf(random, Lookup(row))
		finish(random, b)
		ev := slices.Clone(b.Event())
		var v View
		for _, name := range hot {
			f, a := field(t, name)
			n := testing.AllocsPerRun(20, func() {
				v.Begin(ev, p, Whole)
				f.Any(&v, a, func(Value) bool { return false })
			})
			if n != 0 {
				t.Errorf("%s of %s: got %v allocations, want none", name, row, n)
			}
		}
	}
}
