package engine

import (
	"tiercel/engine/event"
)

// tree is the processes that live, with their ancestors. An ancestor that has
// ended stays as long as a descendant refers to it.
type tree struct {
	procs   map[int]*event.Process
	machine *Machine
	born    uint64 // how many processes there were
}

// maxAncestors bounds how many generations are kept above a process: a workload
// that forks and ends over and over makes no endless chain.
const maxAncestors = 64

func newTree(m *Machine) *tree { return &tree{procs: map[int]*event.Process{}, machine: m} }

// apply changes the tree by what the event says, and returns the event's process.
func (t *tree) apply(ev event.Event) *event.Process {
	p := t.get(ev.PID())
	row := ev.Row()
	ret, done := ev.Ret()
	switch {
	case ev.RowIndex() == event.RowProcInfo:
		t.describe(p, ev)
		adopt(t.procs[int(p.PPID)], p)
	case ev.RowIndex() == event.RowSpawn:
		t.spawn(p, ev)
	case !done || ret < 0:
	case row.Effect&event.Executes != 0:
		t.describe(p, ev)
	case row.Effect&event.Later != 0:
	case row.Effect&(event.SetsIDs|event.SetsJob|event.SetsName) != 0:
		t.update(p, ev)
	}
	return p
}

// settle changes the tree by what the event says of the time after it. Who
// enters a user namespace has every capability there: whether it was allowed to
// is seen only in the sets that it had before.
func (t *tree) settle(ev event.Event) {
	ret, done := ev.Ret()
	switch {
	case ev.RowIndex() == event.RowProcExit:
		delete(t.procs, ev.PID())
	case done && ret >= 0 && ev.Row().Effect&event.Later != 0:
		t.update(t.get(ev.PID()), ev)
	}
}

// get returns the process, one of which nothing is known if it is new.
func (t *tree) get(pid int) *event.Process {
	p := t.procs[pid]
	if p == nil {
		t.born++
		p = &event.Process{State: event.State{PID: int64(pid), VPID: int64(pid), LoginUID: -1}, Serial: t.born}
		t.procs[pid] = p
	}
	return p
}

// describe sets all that a record says of a process with a new image.
func (t *tree) describe(p *event.Process, ev event.Event) {
	p.SetImage(textOf(ev, event.FactExe))
	if env, ok := ev.Bytes(event.FactEnv); ok {
		keep(&p.Env, env)
	}
	if group, ok := ev.Bytes(event.FactGroup); ok && keep(&p.Cgroup, group) || p.Container.ID == "" {
		p.Container = containerOf(p.Cgroup, t.machine.Container)
	}
	if spaces, ok := ev.Bytes(event.FactSpaces); ok {
		p.Spaces.Update(spaces)
	}
	p.Cwd = textOf(ev, event.FactCwd)
	argv, _ := ev.Bytes(event.FactArgs)
	p.SetArgs(argv)
	t.update(p, ev)
}

// keep sets a text that most processes have of their parents, and shares its
// memory then; changed reports whether it is another one.
func keep(text *string, b []byte) (changed bool) {
	if *text == string(b) {
		return false
	}
	*text = string(b)
	return true
}

// update sets what a record says of a process's state.
func (t *tree) update(p *event.Process, ev event.Event) {
	if name, ok := ev.Bytes(event.FactName); ok {
		p.SetName(string(name))
	}
	if state, ok := ev.Bytes(event.FactState); ok {
		p.Update(state)
		t.name(p)
	}
}

// name sets whose accounts a process's numbers are.
func (t *tree) name(p *event.Process) {
	p.User, p.Group, p.Login = t.machine.Users[p.EUID], t.machine.Groups[p.EGID], t.machine.Users[p.LoginUID]
}

// spawn adds a child: a copy of its parent until it executes something.
func (t *tree) spawn(parent *event.Process, ev event.Event) {
	child := *parent
	t.born++
	child.Serial = t.born
	child.PID = int64(ev.Arg(0))
	child.PPID, child.VPID = parent.PID, child.PID
	t.procs[int(child.PID)] = &child
	adopt(parent, &child)
	t.update(&child, ev)
}

// adopt makes a process the parent of another, unless it comes of it (numbers
// are used again), and forgets what is more than maxAncestors above.
func adopt(parent, child *event.Process) {
	child.Parent = nil
	n := 0
	for p := parent; p != nil; p = p.Parent {
		if n++; p == child {
			return
		}
		if n == maxAncestors {
			p.Parent = nil
		}
	}
	child.Parent = parent
}

func textOf(ev event.Event, p event.Part) string {
	b, _ := ev.Bytes(p)
	return string(b)
}
