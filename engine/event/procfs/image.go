package procfs

import (
	"bytes"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// readImage reads the numbers of the image, and how it came to be.
func (r *Reader) readImage(tid int, st *event.State) {
	var file unix.Stat_t
	exe := procPath(tid, "exe")
	if unix.Stat(exe, &file) != nil {
		return
	}
	st.ExeIno, st.ExeMtime, st.ExeCtime = int64(file.Ino), file.Mtim.Nano(), file.Ctim.Nano()
	if name, _ := r.rec.Event().Bytes(event.FactExe); bytes.HasPrefix(name, []byte("/memfd:")) {
		st.Flags |= event.ExeFromMemfd
	}
	if writable(&file, st) {
		st.Flags |= event.ExeWritable
	}
	switch r.layer(exe, &file) {
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
func (r *Reader) layer(name string, file *unix.Stat_t) int64 {
	var fs unix.Statfs_t
	if unix.Statfs(name, &fs) != nil || fs.Type != unix.OVERLAYFS_SUPER_MAGIC {
		return 0
	}
	if uint64(file.Ctim.Nano()) > r.NamespaceStart {
		return event.LayerUpper
	}
	return event.LayerLower
}

// writable reports whether the process's user may write the file, as its mode says.
func writable(file *unix.Stat_t, st *event.State) bool {
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
