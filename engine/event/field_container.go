package event

import "strings"

// NoContainer is the identity of what is in no container, as in Falco.
const NoContainer = "host"

// Container is where a process runs, as far as can be told from within.
type Container struct {
	ID             string // at most 12 digits of the identity, or the pod's name, or NoContainer
	FullID         string // all digits; empty where they are not known
	Type           string // docker, containerd, cri-o, podman, ecs; empty where it is not known
	Pod, Namespace string // of Kubernetes; empty outside or where nothing tells
	PodUID         string
}

// Spaces are the inode numbers of a process's namespaces, namespaces(7); 0 where not known.
type Spaces struct{ PID, Net, IPC int64 }

// Append appends the numbers as FactSpaces has them.
func (s *Spaces) Append(b []byte) []byte { return AppendNumbers(b, s.PID, s.Net, s.IPC) }

// Update reads what Append wrote. Numbers that are not there stay as they are.
func (s *Spaces) Update(b []byte) { readNumbers(b, &s.PID, &s.Net, &s.IPC) }

// The inode numbers of the namespaces that the kernel starts with, include/uapi/linux/nsfs.h.
// That of the network is fixed since Linux 6.17 only.
const (
	hostNetSpace = 0xEFFFFFF9
	hostPIDSpace = 0xEFFFFFFC
	hostIPCSpace = 0xEFFFFFFF
)

var spaceFacts = facts(FactGroup, FactSpaces)

// inside reads of a process that is in a container.
func inside(read func(*View, *Process) Value) getter {
	return func(v *View, _ *Arg, _ int) Value {
		return v.ofProc(0, func(p *Process) Value {
			if p.Container.ID == NoContainer || p.Container.ID == "" {
				return Value{}
			}
			return read(v, p)
		})
	}
}

func ofContainer(read func(*Container) string) getter {
	return inside(func(_ *View, p *Process) Value { return some(read(&p.Container)) })
}

// ofHost is a text for what is in no container.
func ofHost(s string) getter {
	return procText(0, func(p *Process) string {
		if p.Container.ID != NoContainer {
			return ""
		}
		return s
	})
}

var containerStart = inside(func(_ *View, p *Process) Value { return someNum(p.namespaceStart()) })

var containerAge = inside(func(v *View, p *Process) Value { return since(p.namespaceStart(), int64(v.Ev.Time())) })

// inHostSpace compares a namespace with the one that the kernel starts with. A
// number that differs says no only where the kernel has always used that one.
func inHostSpace(read func(*Spaces) int64, host int64, certain bool) getter {
	return inside(func(_ *View, p *Process) Value {
		n := read(&p.Spaces)
		if n == 0 || n != host && !certain {
			return Value{}
		}
		return truth(n == host)
	})
}

// IsRootGroup reports whether control groups, as /proc/PID/cgroup has them, are
// the root of every hierarchy: then they tell nothing of a container.
func IsRootGroup(cgroup string) bool {
	for line := range strings.Lines(cgroup) {
		if !strings.HasSuffix(line, ":/\n") {
			return false
		}
	}
	return true
}
