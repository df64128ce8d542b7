package procfs

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// What /proc says of a thread's and a process's use of the machine, proc(5). It
// changes all the time, so it is read for the event that a rule may match.

// addUse adds those of these facts that the rules ask for, each once.
func (r *Reader) addUse(tid, pid int, facts event.Facts) {
	for _, f := range []struct {
		part event.Part
		add  func(tid, pid int)
	}{{event.FactUsage, r.addUsage}, {event.FactLimits, r.addLimits}, {event.FactDescriptors, r.addDescriptors}} {
		if facts.Has(f.part) && !r.rec.Event().Has(f.part) {
			f.add(tid, pid)
		}
	}
}

// addUsage reads the thread's own line of numbers: that of its process would add up all threads.
func (r *Reader) addUsage(tid, pid int) {
	var n [event.UsageNumbers]int64
	stat, _ := readFile(pid, "task/"+strconv.Itoa(tid)+"/stat")
	f, ok := statFields(nil, stat)
	status, err := r.read(tid, "status")
	if !ok || err != nil {
		r.rec.AddUnreadable(event.FactUsage)
		return
	}
	n[event.UsageMinorFaults], n[event.UsageMajorFaults], n[event.UsageCPU] = number(f[7]), number(f[9]), number(f[36])
	for line := range bytes.Lines(status) {
		key, rest, _ := bytes.Cut(line, []byte(":"))
		i, ok := usageKeys[string(key)]
		if f := bytes.Fields(rest); ok && len(f) > 0 {
			n[i] = number(f[0])
			if i == event.UsageVTID {
				n[i] = last(bytes.TrimSpace(rest))
			}
		}
	}
	r.addNumbers(event.FactUsage, n[:])
}

// usageKeys are the lines of /proc/PID/status that are asked for.
var usageKeys = map[string]int{
	"NSpid": event.UsageVTID, "Threads": event.UsageThreads, "VmSize": event.UsageSize, "VmRSS": event.UsageResident, "VmSwap": event.UsageSwapped,
}

// addLimits counts the descriptors, and reads how many there may be.
func (r *Reader) addLimits(_, pid int) {
	open, err := os.ReadDir(procPath(pid, "fd"))
	limits, other := r.read(pid, "limits")
	if err != nil || other != nil {
		r.rec.AddUnreadable(event.FactLimits)
		return
	}
	var n [event.LimitNumbers]int64
	n[event.LimitOpen], n[event.LimitFiles] = int64(len(open)), openLimit(limits)
	r.addNumbers(event.FactLimits, n[:])
}

// openLimit finds the soft limit in the line of the open files.
func openLimit(limits []byte) int64 {
	_, rest, _ := bytes.Cut(limits, []byte("Max open files"))
	f := bytes.Fields(rest)
	if len(f) == 0 {
		return 0
	}
	return number(f[0])
}

// addDescriptors lists the descriptors with their types.
func (r *Reader) addDescriptors(tid, pid int) {
	open, err := os.ReadDir(procPath(pid, "fd"))
	if err != nil {
		r.rec.AddUnreadable(event.FactDescriptors)
		return
	}
	var b []byte
	for _, entry := range open {
		if typ, _, ok := describeFD(tid, pid, entry.Name()); ok && typ != "" {
			b = append(append(append(b, entry.Name()...), ' '), typ...)
			b = append(b, 0)
		}
	}
	r.rec.Add(event.FactDescriptors, b)
}

// describeFD returns a descriptor's type and what it names; ok is false for one that is closed.
func describeFD(tid, pid int, number string) (typ, name string, ok bool) {
	path := procPath(pid, "fd/"+number)
	name, err := os.Readlink(path)
	if err != nil {
		return "", "", false
	}
	if strings.HasPrefix(name, "socket:") {
		return socketType(tid, pid, number, name), name, true
	}
	if strings.HasPrefix(name, "/") { // else it is no file's: pipe:[N], anon_inode:...
		if file, err := stat(path); err == nil && isFolder(&file) {
			return "directory", name, true
		}
	}
	return event.ObjectType(name, 0), name, true
}

func socketType(tid, pid int, number, name string) string {
	fd, err := strconv.Atoi(number)
	if err != nil {
		return ""
	}
	s, _ := readSocket(tid, pid, fd, strings.TrimSuffix(strings.TrimPrefix(name, socketPrefix), "]"))
	return event.ObjectType(name, s.Domain)
}

// addInode adds what the file system says of a descriptor's file.
func (r *Reader) addInode(tid int, link string) {
	name := procPath(tid, link)
	file, err := stat(name)
	if err != nil {
		r.rec.AddUnreadable(event.FactInode)
		return
	}
	var n [event.InodeNumbers]int64
	n[event.InodeDevice], n[event.InodeNumber], n[event.InodeLayer] = int64(device(&file)), int64(file.Ino), r.layer(tid, name, &file)
	r.addNumbers(event.FactInode, n[:])
}

// addFolder adds whether a descriptor is of a folder.
func (r *Reader) addFolder(tid int, link string) {
	file, err := stat(procPath(tid, link))
	if err != nil {
		r.rec.AddUnreadable(event.FactFolder)
		return
	}
	var folder int64
	if isFolder(&file) {
		folder = 1
	}
	r.addNumbers(event.FactFolder, []int64{folder})
}

func isFolder(file *unix.Statx_t) bool { return file.Mode&unix.S_IFMT == unix.S_IFDIR }

// addSpaces adds the process's namespaces.
func (r *Reader) addSpaces(tid int) {
	s := event.Spaces{PID: spaceOf(tid, "pid"), Net: spaceOf(tid, "net"), IPC: spaceOf(tid, "ipc")}
	r.buf = s.Append(r.buf[:0])
	r.rec.Add(event.FactSpaces, r.buf)
}

// spaceOf reads a namespace's inode number from what its link names, pid:[4026531836]; 0 where it may not be read.
func spaceOf(tid int, kind string) int64 {
	name, _ := os.Readlink(procPath(tid, "ns/"+kind))
	_, n, _ := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	return number([]byte(n))
}
