package tracer

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// tellSetuid tells once that a program did not get the privilege that its file
// has for it, which the kernel refuses whom an ordinary user traces. The record
// must be that of the program's execution.
func (t *Tracer) tellSetuid(pid int) {
	if t.OnSetuid == nil {
		return
	}
	ev := t.rec.Event()
	named, _ := ev.Bytes(event.Part(ev.Row().Param("filename")))
	if path, lost := setuidLost(pid, string(named)); lost {
		t.OnSetuid(path)
		t.OnSetuid = nil
	}
}

// setuidLost reports whether a process that has just executed a file lacks the
// user, group or capabilities that the file gives. Where the file may not be
// read, and so not be asked for by way of the process, its name in the call is taken.
func setuidLost(pid int, named string) (path string, lost bool) {
	exe := "/proc/" + strconv.Itoa(pid) + "/exe"
	path, err := os.Readlink(exe)
	if errors.Is(err, fs.ErrPermission) && filepath.IsAbs(named) {
		path, exe, err = named, named, nil
	}
	g, given := gains(exe)
	if err != nil || !given || !sameUsers(pid) {
		return "", false
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return path, err == nil && g.lacking(string(status))
}

// gain is what a file gives whoever executes it; a number of -1 is none.
type gain struct {
	uid, gid int64
	caps     uint64
}

// gains reads what a file gives, and whether that is anything.
func gains(path string) (g gain, given bool) {
	g = gain{uid: -1, gid: -1, caps: fileCapabilities(path)}
	var st unix.Stat_t
	var fsys unix.Statfs_t
	if unix.Stat(path, &st) != nil {
		return g, false
	}
	if st.Mode&unix.S_ISUID != 0 {
		g.uid = int64(st.Uid)
	}
	if st.Mode&(unix.S_ISGID|unix.S_IXGRP) == unix.S_ISGID|unix.S_IXGRP { // else it is for locks
		g.gid = int64(st.Gid)
	}
	if g.uid < 0 && g.gid < 0 && g.caps == 0 {
		return g, false
	}
	return g, unix.Statfs(path, &fsys) == nil && fsys.Flags&unix.ST_NOSUID == 0
}

// fileCapabilities reads those that a file gives, a bit each (struct vfs_cap_data).
func fileCapabilities(path string) uint64 {
	var b [24]byte
	n, err := unix.Getxattr(path, "security.capability", b[:])
	if err != nil || n < 20 {
		return 0
	}
	return uint64(binary.LittleEndian.Uint32(b[12:]))<<32 | uint64(binary.LittleEndian.Uint32(b[4:]))
}

// lacking reports whether a process lacks what was given, by /proc/PID/status.
// Capabilities beyond its bounding set it would not have got anyway.
func (g gain) lacking(status string) bool {
	var uid, gid int64
	var permitted, bounding uint64
	for line := range strings.Lines(status) {
		key, rest, _ := strings.Cut(line, ":")
		f := strings.Fields(rest)
		switch key {
		case "Uid":
			uid, _ = strconv.ParseInt(f[1], 10, 64) // the kernel writes numbers
		case "Gid":
			gid, _ = strconv.ParseInt(f[1], 10, 64)
		case "CapPrm":
			permitted, _ = strconv.ParseUint(f[0], 16, 64)
		case "CapBnd":
			bounding, _ = strconv.ParseUint(f[0], 16, 64)
		}
	}
	return g.uid >= 0 && g.uid != uid || g.gid >= 0 && g.gid != gid || g.caps&bounding&^permitted != 0
}

// sameUsers reports whether a process is in our user namespace: in another, users
// of ours may be unknown, and nobody becomes them.
func sameUsers(pid int) bool {
	theirs, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/user")
	if errors.Is(err, fs.ErrPermission) {
		return true // a file that may not be read has closed the process to us
	}
	ours, own := os.Readlink("/proc/self/ns/user")
	return err == nil && own == nil && ours == theirs
}
