package procfs

import (
	"bytes"
	"cmp"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"tiercel/engine/event"
)

// Describe begins a record that tells of a process as it is now, and adds what
// the rules ask for. Of a process that is gone, not even the name can be read.
func (r *Reader) Describe(pid int, facts event.Facts) {
	r.rec.Begin(event.RowProcInfo, event.Origin{PID: pid, TID: pid}, event.Now())
	r.AddProcess(pid, pid, facts)
}

// AddProcess adds what there is to know of a process with a new image.
func (r *Reader) AddProcess(tid, pid int, facts event.Facts) {
	r.addLink(event.FactExe, tid, "exe")
	named := r.addState(tid, pid, true) // early: what a full record has no room for is the longest, not this
	r.addName(r.name, named)
	r.addFile(event.FactArgs, tid, "cmdline")
	r.addLink(event.FactCwd, tid, "cwd")
	if facts.Has(event.FactEnv) {
		r.addFile(event.FactEnv, tid, "environ")
	}
	if facts.Has(event.FactGroup) {
		r.rec.AddString(event.FactGroup, r.group(tid))
	}
	if facts.Has(event.FactSpaces) {
		r.addSpaces(tid)
	}
}

// AddName adds the thread's name. /proc has it with a newline at its end.
func (r *Reader) AddName(tid int) {
	name, err := r.read(tid, "comm")
	r.addName(bytes.TrimSuffix(name, []byte("\n")), err == nil)
}

func (r *Reader) addName(name []byte, known bool) {
	if !known {
		r.rec.AddUnreadable(event.FactName)
		return
	}
	r.rec.Add(event.FactName, name)
}

// group returns the control groups' paths. Where a namespace hides them, the
// container's identity is taken from the files that its engine mounts.
func (r *Reader) group(tid int) string {
	b, _ := r.read(tid, "cgroup") // gone with the process
	s := string(b)
	if strings.Trim(s, "0123456789:/\n") != "" && !event.IsRootGroup(s) {
		return s
	}
	return cmp.Or(r.mountedGroup(tid), s)
}

// mountedGroup is what stands for a control group in the mounts of the thread's
// namespace. In ours it is what we see when it is first asked for: what an engine
// mounts for us was there before us.
func (r *Reader) mountedGroup(tid int) string {
	if !r.inOurMounts(tid) {
		mounts, _ := readFile(tid, "mountinfo") // none of a thread that is gone
		return groupOfMounts(string(mounts))
	}
	if !r.knowsOurs {
		mounts, err := readFile(os.Getpid(), "mountinfo") // another may have changed its root, and see less
		r.ourGroup, r.knowsOurs = groupOfMounts(string(mounts)), err == nil
	}
	return r.ourGroup
}

// groupOfMounts looks for the file that Docker has of its container's name:
// proc_pid_mountinfo(5) has its path on its own file system as the fourth field,
// .../docker/containers/ID/hostname, and where it is mounted as the fifth. (Who may
// mount, as in a user namespace of one's own, can have another file look so.)
func groupOfMounts(mounts string) string {
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) < 5 || f[4] != "/etc/hostname" {
			continue
		}
		before, rest, _ := strings.Cut(f[3], "/containers/")
		id, _, _ := strings.Cut(rest, "/")
		if len(id) == idDigits && strings.Trim(id, "0123456789abcdef") == "" {
			return "0::" + path.Join("/", path.Base("/"+before), id)
		}
	}
	return ""
}

// idDigits is how many digits the identity of a Docker container has.
const idDigits = 64

// inOurMounts reports whether a thread is known to be in our mount namespace.
func (r *Reader) inOurMounts(tid int) bool {
	ns := spaceOf(tid, "mnt")
	return ns != 0 && ns == r.ourMounts
}

// AddState adds the process's numbers, but for those of its image.
func (r *Reader) AddState(tid, pid int) { r.addState(tid, pid, false) }

// addState adds them, those of its image perhaps, and reports whether it has read the thread's name on the way.
func (r *Reader) addState(tid, pid int, image bool) (named bool) {
	st := event.State{PID: int64(pid), VPID: int64(pid), LoginUID: -1}
	named = r.readStat(tid, &st)
	r.readStatus(tid, &st)
	r.readLogin(tid, &st)
	st.InitStart = r.initStart(&st)
	if image {
		r.readImage(tid, &st)
	}
	r.buf = st.Append(r.buf[:0], image)
	r.rec.Add(event.FactState, r.buf)
	return named
}

// readStat reads the name, parent, group, session, terminal and start, and reports whether it could.
func (r *Reader) readStat(tid int, st *event.State) bool {
	b, _ := r.read(tid, "stat")
	f, ok := statFields(r.fields[:0], b)
	r.fields = f
	if !ok {
		return false
	}
	r.name = append(r.name[:0], b[bytes.IndexByte(b, '(')+1:bytes.LastIndexByte(b, ')')]...)
	st.PPID, st.PGID, st.SID, st.TTY = number(f[1]), number(f[2]), number(f[3]), number(f[4])
	st.Start = int64(r.Boot + uint64(number(f[19]))*tick)
	return true
}

// statFields returns the fields of a stat file from the third (the state) on, proc_pid_stat(5). It takes room for their list.
func statFields(room [][]byte, b []byte) (fields [][]byte, ok bool) {
	after := b[bytes.LastIndexByte(b, ')')+1:] // the name before may hold anything
	fields = slices.AppendSeq(room, bytes.FieldsSeq(after))
	return fields, len(fields) > 36
}

func number(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64) // the kernel writes numbers
	return n
}

// readStatus reads users, capabilities, and the numbers in the process's own PID namespace.
func (r *Reader) readStatus(tid int, st *event.State) {
	b, err := r.read(tid, "status")
	if err != nil {
		return
	}
	st.VPGID, st.VSID = st.PGID, st.SID
	for line := range bytes.Lines(b) {
		key, rest, _ := bytes.Cut(line, []byte(":"))
		rest = bytes.TrimSpace(rest)
		switch string(key) {
		case "Uid":
			st.UID, st.EUID = firstTwo(rest)
		case "Gid":
			st.GID, st.EGID = firstTwo(rest)
		case "CapInh":
			st.CapInheritable = hex(rest)
		case "CapPrm":
			st.CapPermitted = hex(rest)
		case "CapEff":
			st.CapEffective = hex(rest)
		case "NStgid":
			st.VPID = last(rest)
		case "NSpgid":
			st.VPGID = last(rest)
		case "NSsid":
			st.VSID = last(rest)
		}
	}
}

// firstTwo returns the first two of a line's numbers, which are apart by tabs.
func firstTwo(line []byte) (a, b int64) {
	first, rest, _ := bytes.Cut(line, []byte("\t"))
	second, _, _ := bytes.Cut(rest, []byte("\t"))
	return number(first), number(second)
}

// last returns the last of them: that of the innermost namespace.
func last(line []byte) int64 { return number(line[bytes.LastIndexByte(line, '\t')+1:]) }

func hex(b []byte) int64 {
	n, _ := strconv.ParseUint(string(b), 16, 64) // the kernel writes numbers
	return int64(n)
}

func (r *Reader) readLogin(tid int, st *event.State) {
	b, err := r.read(tid, "loginuid")
	if n := number(b); err == nil && n < 1<<32-1 {
		st.LoginUID = n
	}
}

// initStart returns when the first process of the PID namespace started: this
// one's own start if it is the first, ours if the namespace is ours, else 0.
func (r *Reader) initStart(st *event.State) int64 {
	switch st.VPID {
	case 1:
		return st.Start
	case st.PID:
		return int64(r.NamespaceStart)
	}
	return 0
}

// Start returns when a process started, in nanoseconds since the machine did.
func Start(pid int) (ns uint64, ok bool) {
	b, _ := readFile(pid, "stat")
	f, ok := statFields(nil, b)
	if !ok {
		return 0, false
	}
	return uint64(number(f[19])) * tick, true
}

// ExitStatus returns the status, as of wait(2), of a process that has ended and
// was not waited for yet; ok is false of any other, and where /proc does not tell.
func ExitStatus(pid int) (status int, ok bool) {
	b, _ := readFile(pid, "stat")
	f, ok := statFields(nil, b)
	if !ok || len(f) < 50 || f[0][0] != 'Z' {
		return 0, false
	}
	return int(number(f[49])), true
}
