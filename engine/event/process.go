package event

import (
	"encoding/binary"
	"strings"
)

// Process is what is known of a process at one point of the event stream. The
// engine alone creates and changes it, from records; everyone else reads.
type Process struct {
	State
	Name, Exe, ExePath string // comm, argv[0], the image
	Args, Cmdline      string // arguments after argv[0], and Name with them, joined by blanks
	argv               string // arguments after argv[0] with a NUL between
	ArgCount, ArgBytes int    // of Args: how many, and their length without the blanks
	Env                string // a NUL after each variable
	Cwd                string // when it was last seen
	Cgroup             string
	User, Group        Account
	Login              Account
	Container          Container
	Spaces             Spaces
	Parent             *Process
	Serial             uint64 // unlike a PID, it is not used again in a run
}

// Account is a user or a group by its names; empty where the machine knows none.
type Account struct{ Name, Home, Shell string }

// State is the numbers of a process that a record carries in FactState. All
// times are in nanoseconds since the epoch; a time that is not known is 0.
type State struct {
	PID, PPID, VPID    int64 // VPID: in its own PID namespace
	PGID, SID          int64
	VPGID, VSID        int64
	TTY                int64 // device number of the terminal, 0 for none
	UID, EUID          int64
	GID, EGID          int64
	LoginUID           int64 // -1 where nobody logged in
	CapInheritable     int64
	CapPermitted       int64
	CapEffective       int64
	Start              int64
	InitStart          int64 // when the first process of the PID namespace started
	ExeIno             int64
	ExeMtime, ExeCtime int64
	Flags              ExeFlags
}

// ExeFlags say how the image of a process came to be, as bits.
type ExeFlags int64

// The flags. UpperLayer is of an overlay file system: written since the container's image.
const (
	ExeWritable ExeFlags = 1 << iota
	ExeUpperLayer
	ExeLowerLayer
	ExeFromMemfd
)

func (s *State) numbers() []*int64 {
	return []*int64{&s.PID, &s.PPID, &s.VPID, &s.PGID, &s.SID, &s.VPGID, &s.VSID, &s.TTY, &s.UID, &s.EUID, &s.GID, &s.EGID, &s.LoginUID,
		&s.CapInheritable, &s.CapPermitted, &s.CapEffective, &s.Start, &s.InitStart, &s.ExeIno, &s.ExeMtime, &s.ExeCtime, (*int64)(&s.Flags)}
}

// imageNumbers is how many of numbers, the last ones, are of the image.
const imageNumbers = 4

// Append appends the state as FactState has it: its numbers in the order of
// their declaration, 64 bits each; without those of the image unless asked.
func (s *State) Append(b []byte, image bool) []byte {
	numbers := s.numbers()
	if !image {
		numbers = numbers[:len(numbers)-imageNumbers]
	}
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(*n))
	}
	return b
}

// Update reads what Append wrote. Numbers that are not there stay as they are.
func (s *State) Update(b []byte) { readNumbers(b, s.numbers()...) }

// SetArgs derives Exe, Args and Cmdline from argv with a NUL after each.
func (p *Process) SetArgs(argv []byte) {
	rest := strings.TrimSuffix(string(argv), "\x00")
	p.Exe, rest, _ = strings.Cut(rest, "\x00")
	p.argv = rest
	p.Args = strings.ReplaceAll(rest, "\x00", " ")
	p.ArgCount, p.ArgBytes = 0, 0
	if rest != "" {
		p.ArgCount = 1 + strings.Count(rest, "\x00")
		p.ArgBytes = len(rest) - p.ArgCount + 1
	}
	p.SetName(p.Name)
}

// SetName sets the name, and the command line that starts with it.
func (p *Process) SetName(name string) {
	p.Name = name
	p.Cmdline = name
	if p.Args != "" {
		p.Cmdline += " " + p.Args
	}
}

// SetImage sets the image's path from what /proc/PID/exe names. As in Falco, a
// file that was deleted keeps its name, and one in memory has no folder.
func (p *Process) SetImage(link string) {
	p.ExePath = strings.TrimSuffix(link, " (deleted)")
	if name, ok := strings.CutPrefix(p.ExePath, "/memfd:"); ok {
		p.ExePath = "memfd:" + name
	}
}

// namespaceStart returns when the first process of the PID namespace started:
// as the source has it, else as an ancestor does; 0 where none knows.
func (p *Process) namespaceStart() int64 {
	for ; p != nil; p = p.Parent {
		if p.InitStart != 0 {
			return p.InitStart
		}
	}
	return 0
}

// Ancestor returns the n-th ancestor: 0 is p itself, 1 its parent; nil where there is none.
func (p *Process) Ancestor(n int) *Process {
	for ; n > 0 && p != nil; n-- {
		p = p.Parent
	}
	return p
}

// Session returns the session's leader, or else the oldest ancestor in the session.
func (p *Process) Session() *Process {
	return p.oldest(func(q *Process) bool { return q.SID == p.SID }, p.SID)
}

// JobLeader returns the process group's leader, or else the oldest ancestor in the group.
func (p *Process) JobLeader() *Process {
	return p.oldest(func(q *Process) bool { return q.PGID == p.PGID }, p.PGID)
}

func (p *Process) oldest(same func(*Process) bool, leader int64) *Process {
	found := p
	for q := p; q != nil && found.PID != leader; q = q.Parent {
		if same(q) {
			found = q
		}
	}
	return found
}
