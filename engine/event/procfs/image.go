package procfs

import (
	"bytes"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// readImage reads the numbers of the image, and how it came to be.
func (r *Reader) readImage(tid int, st *event.State) {
	exe := procPath(tid, "exe")
	file, err := stat(exe)
	if err != nil {
		return
	}
	st.ExeIno, st.ExeMtime, st.ExeCtime = int64(file.Ino), nanoseconds(file.Mtime), nanoseconds(file.Ctime)
	if name, _ := r.rec.Event().Bytes(event.FactExe); bytes.HasPrefix(name, []byte("/memfd:")) {
		st.Flags |= event.ExeFromMemfd
	}
	if writable(&file, st) {
		st.Flags |= event.ExeWritable
	}
	switch r.layer(tid, exe, &file) {
	case event.LayerUpper:
		st.Flags |= event.ExeUpperLayer
	case event.LayerLower:
		st.Flags |= event.ExeLowerLayer
	}
}

// layer tells which layer of an overlay file system a file is of, or 0.
//
// It cannot be seen from outside. But its inode's change time, which nobody can
// set, tells whether it was made before or after the first process of its PID
// namespace started: so a file that an earlier run of the same container left
// counts as the image's.
func (r *Reader) layer(tid int, link string, file *unix.Statx_t) int64 {
	switch {
	case !r.isOverlay(tid, link, file):
		return 0
	case uint64(nanoseconds(file.Ctime)) > r.NamespaceStart:
		return event.LayerUpper
	}
	return event.LayerLower
}

// isOverlay reports whether a link leads into an overlay file system. Only a kernel
// that does not say which mount a file is of (before Linux 5.8) has the file system asked.
func (r *Reader) isOverlay(tid int, link string, file *unix.Statx_t) bool {
	if file.Mask&unix.STATX_MNT_ID != 0 {
		return r.FileSystem(tid, file) == "overlay"
	}
	var fs unix.Statfs_t
	return unix.Statfs(link, &fs) == nil && fs.Type == unix.OVERLAYFS_SUPER_MAGIC
}

// writable reports whether the process's user may write the file, as its mode says.
func writable(file *unix.Statx_t, st *event.State) bool {
	switch {
	case st.CapEffective&(1<<unix.CAP_DAC_OVERRIDE) != 0:
		return true
	case int64(file.Uid) == st.EUID:
		return file.Mode&0o200 != 0
	case int64(file.Gid) == st.EGID:
		return file.Mode&0o020 != 0
	}
	return file.Mode&0o002 != 0
}
