package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// recorder makes records by hand.
type recorder struct{ event.Builder }

// at is the time of every record.
const at = 1_000_000_000_000_000_000

func newEvent(row string, pid int, args ...uint64) *recorder {
	r := &recorder{}
	r.Begin(event.Lookup(row), event.Origin{PID: pid, TID: pid}, at)
	var all [6]uint64
	copy(all[:], args)
	r.SetArgs(&all)
	return r
}

func (r *recorder) with(p event.Part, s string) *recorder {
	r.AddString(p, s)
	return r
}

func (r *recorder) state(s event.State) *recorder {
	r.Add(event.FactState, s.Append(nil, true))
	return r
}

func (r *recorder) ret(n int64) event.Event {
	r.SetRet(n)
	return r.Event()
}

// testMachine has the accounts root and ann, and nothing of the machine that the test runs on.
func testMachine() *Machine {
	return &Machine{
		Host: "box", Container: event.Container{ID: event.NoContainer},
		Users:  map[int64]event.Account{0: {Name: "root", Home: "/root", Shell: "/bin/sh"}, 1000: {Name: "ann"}},
		Groups: map[int64]event.Account{0: {Name: "wheel"}},
	}
}

func testTree() *tree { return newTree(testMachine()) }

// shell is procinfo of a shell, process 10.
func shell() event.Event {
	return newEvent("procinfo", 10).with(event.FactName, "bash").with(event.FactExe, "/bin/bash").with(event.FactArgs, "-bash\x00").
		with(event.FactCwd, "/srv").with(event.FactEnv, "HOME=/root\x00").with(event.FactGroup, "0::/user.slice").
		state(event.State{PID: 10, PPID: 1, VPID: 3, SID: 10, PGID: 10, LoginUID: 1000}).Event()
}

func spawn(parent, child int) event.Event {
	return newEvent("spawn", parent, uint64(child)).Event()
}

func exec(pid int, name string, argv ...string) *recorder {
	return newEvent("execve", pid).with(event.FactName, name).with(event.FactExe, "/usr/bin/"+name).
		with(event.FactArgs, strings.Join(argv, "\x00")+"\x00").with(event.FactCwd, "/")
}

func describe(p *event.Process) string {
	return fmt.Sprintf("%d<%d %s %q %q in %s by %s:%s/%s container %s", p.PID, p.PPID, p.ExePath, p.Exe, p.Cmdline, p.Cwd, p.Login.Name, p.User.Name, p.Group.Name, p.Container.ID)
}

func TestProcessIsDescribed(t *testing.T) {
	got := testTree().apply(shell())
	if want := `10<1 /bin/bash "-bash" "bash" in /srv by ann:root/wheel container host`; describe(got) != want {
		t.Errorf("got %s, want %s", describe(got), want)
	}
	if got.Env != "HOME=/root\x00" || got.VPID != 3 || got.Parent != nil {
		t.Errorf("got environment %q, pid %d, parent %v, want HOME, 3, none", got.Env, got.VPID, got.Parent)
	}
}

func TestSpawnedProcessIsItsParentsCopy(t *testing.T) {
	tr := testTree()
	parent := tr.apply(shell())
	if got := tr.apply(spawn(10, 11)); got != parent {
		t.Errorf("got %s, want the event to be the parent's", describe(got))
	}
	child := tr.procs[11]
	if want := `11<10 /bin/bash "-bash" "bash" in /srv by ann:root/wheel container host`; describe(child) != want {
		t.Errorf("got %s, want %s", describe(child), want)
	}
	if child.Parent != parent || child.VPID != 11 || child.SID != 10 {
		t.Errorf("got parent %v, pid %d in its namespace, session %d, want the shell, 11, 10", child.Parent, child.VPID, child.SID)
	}
}

func TestSpawnSaysWhatItKnowsOfTheChild(t *testing.T) {
	tr := testTree()
	tr.apply(shell())
	tr.apply(newEvent("spawn", 10, 11).state(event.State{PID: 11, PPID: 10, VPID: 1, SID: 10, Start: at}).Event())
	if child := tr.procs[11]; child.VPID != 1 || child.Start != at {
		t.Errorf("got pid %d in its namespace, start %d, want 1, %d", child.VPID, child.Start, at)
	}
}

func TestExecReplacesTheImage(t *testing.T) {
	tr := testTree()
	tr.apply(shell())
	tr.apply(spawn(10, 11))
	ev := exec(11, "cat", "cat", "-n", "/etc/hosts").with(event.FactGroup, "0::/docker/"+strings.Repeat("ab", 32)).state(event.State{PID: 11, PPID: 10, EUID: 1000, LoginUID: -1})
	got := tr.apply(ev.ret(0))
	if want := `11<10 /usr/bin/cat "cat" "cat -n /etc/hosts" in / by :ann/wheel container abababababab`; describe(got) != want {
		t.Errorf("got %s, want %s", describe(got), want)
	}
	if got.Env != "HOME=/root\x00" {
		t.Errorf("got environment %q, want what was known before, as the record has none", got.Env)
	}
	if parent := tr.procs[10]; parent.Name != "bash" || got.Parent != parent {
		t.Errorf("got parent %s, want the shell unchanged", describe(parent))
	}
}

func TestFailuresChangeNothing(t *testing.T) {
	tr := testTree()
	before := describe(tr.apply(shell()))
	for _, ev := range []event.Event{
		exec(10, "cat", "cat").ret(-2),
		exec(10, "cat", "cat").Event(), // its end was not seen
		newEvent("setuid", 10).state(event.State{PID: 10, EUID: 1000}).ret(-1),
		newEvent("openat", 10).state(event.State{PID: 10, EUID: 1000}).ret(3), // changes no ids
	} {
		if got := describe(tr.apply(ev)); got != before {
			t.Errorf("%s: got %s, want %s", ev.Row().Name, got, before)
		}
	}
}

func TestCallsThatChangeTheState(t *testing.T) {
	tr := testTree()
	tr.apply(shell())
	got := tr.apply(newEvent("setuid", 10, 1000).state(event.State{PID: 10, PPID: 1, EUID: 1000, EGID: 5, LoginUID: 1000}).ret(0))
	if got.User.Name != "ann" || got.Group.Name != "" || got.EUID != 1000 {
		t.Errorf("got user %q, group %q, number %d, want ann, none, 1000", got.User.Name, got.Group.Name, got.EUID)
	}
	got = tr.apply(newEvent("setsid", 10).state(event.State{PID: 10, PPID: 1, SID: 77, PGID: 77}).ret(77))
	if got.SID != 77 || got.PGID != 77 {
		t.Errorf("got session %d, group %d, want 77", got.SID, got.PGID)
	}
	got = tr.apply(newEvent("prctl", 10, 15).with(event.FactName, "worker").ret(0))
	if got.Name != "worker" || got.Cmdline != "worker" {
		t.Errorf("got name %q, command line %q, want worker", got.Name, got.Cmdline)
	}
}

func TestTreeTellsEnteringANamespaceWithTheCallersCapabilities(t *testing.T) {
	tests := []struct {
		row string
		arg uint64
	}{{"unshare", unix.CLONE_NEWUSER}, {"setns", 3}}
	for _, tt := range tests {
		tr := testTree()
		before := tr.apply(shell()).CapPermitted
		ev := newEvent(tt.row, 10, tt.arg).state(event.State{PID: 10, PPID: 1, CapPermitted: 1<<41 - 1}).ret(0)
		if got := tr.apply(ev).CapPermitted; got != before {
			t.Errorf("%s: got %x at the call, want %x", tt.row, got, before)
		}
		tr.settle(ev)
		if got := tr.procs[10].CapPermitted; got != 1<<41-1 {
			t.Errorf("%s: got %x after it, want %x", tt.row, got, int64(1<<41-1))
		}
	}
}

func TestUnseenProcessHasOnlyItsNumber(t *testing.T) {
	got := testTree().apply(newEvent("openat", 77).ret(3))
	if got == nil || got.PID != 77 || got.VPID != 77 || got.LoginUID != -1 || got.Name != "" || got.Parent != nil {
		t.Errorf("got %+v, want a process of which only the number is known", got)
	}
}

func TestEndedProcessIsForgottenButByItsChildren(t *testing.T) {
	tr := testTree()
	tr.apply(shell())
	tr.apply(spawn(10, 11))
	end := newEvent("procexit", 10).Event()
	if got := tr.apply(end); got.Name != "bash" {
		t.Errorf("at its end: got %q, want bash", got.Name)
	}
	tr.settle(end)
	if _, lives := tr.procs[10]; lives {
		t.Error("got a process that has ended, want none")
	}
	if got := tr.procs[11].Parent; got == nil || got.Name != "bash" {
		t.Errorf("the child's parent: got %v, want bash", got)
	}
	tr.settle(newEvent("exit_group", 11).Event())
	if _, lives := tr.procs[11]; !lives {
		t.Error("got no process after exit_group, want it until its end")
	}
}

// chain is a tree of 100 generations, whose youngest is process 200.
func chain(tr *tree) *event.Process {
	for pid := 100; pid < 200; pid++ {
		tr.apply(spawn(pid, pid+1))
	}
	return tr.procs[200]
}

func TestAncestryIsBounded(t *testing.T) {
	if p := chain(testTree()); p.Ancestor(maxAncestors+1) != nil {
		t.Errorf("got an ancestor %d generations above, want none", maxAncestors+1)
	}
}

func TestBoundedAncestryKeepsTheNearest(t *testing.T) {
	p := chain(testTree())
	for n := 1; n < 10; n++ {
		got := p.Ancestor(n)
		if want := int64(200 - n); got == nil || got.PID != want {
			t.Fatalf("ancestor %d: got %v, want process %d", n, got, want)
		}
	}
}

func TestNoProcessIsItsOwnAncestor(t *testing.T) {
	tests := []struct {
		name   string
		events []event.Event
	}{
		{"of itself", []event.Event{newEvent("procinfo", 10).state(event.State{PID: 10, PPID: 10}).Event()}},
		{"of its parent, whose number came again", []event.Event{
			spawn(5, 10), newEvent("procinfo", 5).state(event.State{PID: 5, PPID: 10}).Event(),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := testTree()
			for _, ev := range tt.events {
				tr.apply(ev)
			}
			p := tr.procs[10]
			for range 1000 {
				if p = p.Ancestor(1); p == nil {
					return
				}
			}
			t.Error("got a circle of ancestors, which proc.aname never leaves, want an end")
		})
	}
}

func TestParentOfProcInfoIsTheOneInTheTree(t *testing.T) {
	tr := testTree()
	tr.apply(shell())
	p := tr.apply(newEvent("procinfo", 11).state(event.State{PID: 11, PPID: 10}).Event())
	require.NotNil(t, p.Parent)
	if p.Parent.Name != "bash" {
		t.Errorf("got %q, want bash", p.Parent.Name)
	}
}

func TestContainerOf(t *testing.T) {
	id := "3f1c0de5a9b84c7d2e6f00112233445566778899aabbccddeeff001122334455"
	task := "0123456789abcdef0123456789abcdef"
	tests := []struct {
		name, cgroup, want string
	}{
		{"host, version 2", "0::/user.slice/user-1000.slice/session-3.scope\n", "host"},
		{"host, a service", "0::/system.slice/docker.service\n", "host"},
		{"the root", "0::/\n", "host"},
		{"nothing", "", "host"},
		{"Docker, cgroupfs", "12:pids:/docker/" + id + "\n0::/docker/" + id + "\n", id[:12]},
		{"Docker, systemd", "0::/system.slice/docker-" + id + ".scope\n", id[:12]},
		{"containerd by Kubernetes, systemd", "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7a9b.slice/cri-containerd-" + id + ".scope\n", id[:12]},
		{"containerd by Kubernetes, cgroupfs", "11:memory:/kubepods/besteffort/pod0f3c5d1e-aaaa-bbbb-cccc-0123456789ab/" + id + "\n", id[:12]},
		{"containerd with its name before a colon", "1:name=systemd:/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + id + "\n", id[:12]},
		{"CRI-O", "0::/kubepods.slice/kubepods-pod1.slice/crio-" + id + ".scope\n", id[:12]},
		{"Podman", "0::/machine.slice/libpod-" + id + ".scope\n", id[:12]},
		{"Podman with crun, a folder below", "0::/machine.slice/libpod-" + id + ".scope/container\n", id[:12]},
		{"ECS on EC2", "9:memory:/ecs/" + task + "/" + id + "\n", id[:12]},
		{"ECS on Fargate", "5:memory:/ecs/" + task + "/" + task + "-3571928463\n", task[:12]},
		{"32 digits alone", "4:memory:/" + task + "\n0::/\n", task[:12]},
		{"31 digits", "0::/x/" + task[:31] + "\n", "host"},
		{"65 digits", "0::/x/" + id + "0\n", "host"},
		{"capital digits", "0::/docker/" + strings.ToUpper(id) + "\n", "host"},
		{"a container in the middle", "0::/docker/" + id + "/system.slice/ssh.service\n", "host"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := containerOf(tt.cgroup, event.Container{ID: event.NoContainer}).ID; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if got := containerOf("0::/\n", event.Container{ID: "ownid"}).ID; got != "ownid" {
		t.Errorf("hidden control groups: got %s, want tiercel's own container", got)
	}
}
