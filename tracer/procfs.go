package tracer

import (
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// What the kernel says of a process in /proc, proc(5), while the process is stopped.

func procPath(tid int, name string) string { return "/proc/" + strconv.Itoa(tid) + "/" + name }

func fdLink(fd int) string { return "fd/" + strconv.Itoa(fd) }

// addLink adds what a link below /proc/TID points to.
func (t *Tracer) addLink(part event.Part, tid int, name string) {
	room := t.rec.Room()
	n, err := unix.Readlink(procPath(tid, name), room)
	if err != nil {
		t.rec.AddUnreadable(part)
		return
	}
	t.rec.Close(part, n, n == len(room))
}

// addFile adds the first MaxString bytes of a file below /proc/TID.
func (t *Tracer) addFile(part event.Part, tid int, name string) {
	fd, err := unix.Open(procPath(tid, name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.rec.AddUnreadable(part)
		return
	}
	defer unix.Close(fd)
	room := t.rec.Room()
	n := 0
	for n < len(room) {
		got, err := unix.Read(fd, room[n:])
		if got <= 0 || err != nil {
			break
		}
		n += got
	}
	t.rec.Close(part, n, n == len(room))
}

// addFacts adds those facts of an event that the rules ask for.
func (t *Tracer) addFacts(th *thread, facts event.Facts) {
	if facts.Has(event.FactCwd) && !t.rec.Event().Has(event.FactCwd) {
		t.addLink(event.FactCwd, th.tid, "cwd")
	}
	if facts.Has(event.FactStdio) && !t.rec.Event().Has(event.FactStdio) {
		t.addStdio(th)
	}
	t.addUse(th, facts)
	if fd, ok := t.rec.Event().Descriptor(); ok {
		t.addDescriptor(th, fd, facts)
	}
}

func (t *Tracer) addStdio(th *thread) {
	var b []byte
	for fd := range 3 {
		if typ, name, ok := describeFD(th, strconv.Itoa(fd)); ok {
			b = append(append(append(b, typ...), ' '), name...)
		}
		b = append(b, 0)
	}
	t.rec.Add(event.FactStdio, b)
}

// addDescriptor adds what a descriptor names, and of a socket its addresses.
func (t *Tracer) addDescriptor(th *thread, fd int, facts event.Facts) {
	if facts.Has(event.FactInode) && !t.rec.Event().Has(event.FactInode) {
		t.addInode(th.tid, fdLink(fd))
	}
	if !facts.Has(event.FactObject) && !facts.Has(event.FactSocket) || t.rec.Event().Has(event.FactObject) {
		return
	}
	t.addLink(event.FactObject, th.tid, fdLink(fd))
	name, _ := t.rec.Event().Bytes(event.FactObject)
	if facts.Has(event.FactFolder) && bytes.HasPrefix(name, []byte("/")) {
		t.addFolder(th.tid, fdLink(fd))
	}
	inode, isSocket := bytes.CutPrefix(name, []byte("socket:["))
	if !isSocket || !facts.Has(event.FactSocket) {
		return
	}
	s, ok := readSocket(th, fd, string(bytes.TrimSuffix(inode, []byte("]"))))
	if !ok {
		t.rec.AddUnreadable(event.FactSocket)
		return
	}
	t.rec.Add(event.FactSocket, s.Append(nil))
}

// addProcess adds what there is to know of a process with a new image.
func (t *Tracer) addProcess(tid, pid int, facts event.Facts) {
	t.addLink(event.FactExe, tid, "exe")
	t.addState(tid, pid, true) // early: what a full record has no room for is the longest, not this
	t.addName(tid)
	t.addFile(event.FactArgs, tid, "cmdline")
	t.addLink(event.FactCwd, tid, "cwd")
	if facts.Has(event.FactEnv) {
		t.addFile(event.FactEnv, tid, "environ")
	}
	if facts.Has(event.FactGroup) {
		t.rec.AddString(event.FactGroup, t.group(tid))
	}
	if facts.Has(event.FactSpaces) {
		t.addSpaces(tid)
	}
}

// addName adds the thread's name. /proc has it with a newline at its end.
func (t *Tracer) addName(tid int) {
	name, err := os.ReadFile(procPath(tid, "comm"))
	if err != nil {
		t.rec.AddUnreadable(event.FactName)
		return
	}
	t.rec.Add(event.FactName, bytes.TrimSuffix(name, []byte("\n")))
}

// group returns the control groups' paths. Where a namespace hides them, the
// container's identity is taken from the files that its engine mounts.
func (t *Tracer) group(tid int) string {
	b, _ := os.ReadFile(procPath(tid, "cgroup")) // gone with the process
	if s := string(b); strings.Trim(s, "0123456789:/\n") != "" && !isRootGroup(s) {
		return s
	}
	mounts, _ := os.ReadFile(procPath(tid, "mountinfo"))
	for line := range strings.Lines(string(mounts)) {
		if before, rest, ok := strings.Cut(line, "/containers/"); ok {
			id, _, _ := strings.Cut(rest, "/")
			return "0::/" + path.Base(before) + "/" + id // .../docker/containers/ID/hostname
		}
	}
	return string(b)
}

// isRootGroup reports a process that is in the root of every hierarchy.
func isRootGroup(cgroup string) bool {
	for line := range strings.Lines(cgroup) {
		if !strings.HasSuffix(line, ":/\n") {
			return false
		}
	}
	return true
}

// addState adds the process's numbers, with those of its image where asked.
func (t *Tracer) addState(tid, pid int, image bool) {
	st := event.State{PID: int64(pid), VPID: int64(pid), LoginUID: -1}
	t.readStat(tid, &st)
	readStatus(tid, &st)
	readLogin(tid, &st)
	st.InitStart = t.initStart(&st)
	if image {
		t.readImage(tid, &st)
	}
	t.stateBuf = st.Append(t.stateBuf[:0], image)
	t.rec.Add(event.FactState, t.stateBuf)
}

// tick is the unit of times in /proc/PID/stat: USER_HZ, 100 on every architecture.
const tick = uint64(time.Second / 100)

// readStat reads parent, group, session, terminal and start.
func (t *Tracer) readStat(tid int, st *event.State) {
	f, ok := statFields(procPath(tid, "stat"))
	if !ok {
		return
	}
	st.PPID, st.PGID, st.SID, st.TTY = number(f[1]), number(f[2]), number(f[3]), number(f[4])
	st.Start = int64(t.boot + uint64(number(f[19]))*tick)
}

// statFields returns the fields of a stat file from the third (the state) on, proc_pid_stat(5).
func statFields(name string) (fields [][]byte, ok bool) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, false
	}
	fields = bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // the name before may hold anything
	return fields, len(fields) > 36
}

func number(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64) // the kernel writes numbers
	return n
}

// readStatus reads users, capabilities, and the numbers in the process's own PID namespace.
func readStatus(tid int, st *event.State) {
	b, err := os.ReadFile(procPath(tid, "status"))
	if err != nil {
		return
	}
	st.VPGID, st.VSID = st.PGID, st.SID
	for line := range bytes.Lines(b) {
		key, rest, _ := bytes.Cut(line, []byte(":"))
		f := bytes.Fields(rest)
		if len(f) == 0 {
			continue
		}
		switch string(key) {
		case "Uid":
			st.UID, st.EUID = number(f[0]), number(f[1])
		case "Gid":
			st.GID, st.EGID = number(f[0]), number(f[1])
		case "CapInh":
			st.CapInheritable = hex(f[0])
		case "CapPrm":
			st.CapPermitted = hex(f[0])
		case "CapEff":
			st.CapEffective = hex(f[0])
		case "NStgid":
			st.VPID = number(f[len(f)-1])
		case "NSpgid":
			st.VPGID = number(f[len(f)-1])
		case "NSsid":
			st.VSID = number(f[len(f)-1])
		}
	}
}

func hex(b []byte) int64 {
	n, _ := strconv.ParseUint(string(b), 16, 64) // the kernel writes numbers
	return int64(n)
}

func readLogin(tid int, st *event.State) {
	b, err := os.ReadFile(procPath(tid, "loginuid"))
	if n := number(b); err == nil && n < 1<<32-1 {
		st.LoginUID = n
	}
}

// initStart returns when the first process of the PID namespace started: this
// one's own start if it is the first, ours if the namespace is ours, else 0.
func (t *Tracer) initStart(st *event.State) int64 {
	switch st.VPID {
	case 1:
		return st.Start
	case st.PID:
		return int64(t.namespaceStart)
	}
	return 0
}

// bootTime returns when the machine was started, in nanoseconds since the epoch.
func bootTime() uint64 {
	var up unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &up) != nil {
		return 0
	}
	return now() - uint64(up.Nano())
}

func now() uint64 { return uint64(time.Now().UnixNano()) }
