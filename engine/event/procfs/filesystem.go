package procfs

import (
	"bytes"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A file system may be served by a process that waits for us (FUSE). So none is asked
// for more than the kernel has of it already: not for a file's attributes anew
// (AT_STATX_DONT_SYNC), and not, as statfs(2) would, for what it is.

// stat returns what the kernel knows of the file that a link below /proc leads to.
func stat(link string) (file unix.Statx_t, err error) {
	const asked = unix.STATX_BASIC_STATS | unix.STATX_MNT_ID
	err = unix.Statx(unix.AT_FDCWD, link, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, asked, &file)
	return file, err
}

func device(file *unix.Statx_t) uint64 { return unix.Mkdev(file.Dev_major, file.Dev_minor) }

func nanoseconds(t unix.StatxTimestamp) int64 { return t.Sec*int64(time.Second) + int64(t.Nsec) }

// mounts is which file system is mounted by which number. A number can come again
// as another mount's, so that what is known ends soon.
type mounts struct {
	types map[uint64]string
	since time.Time
}

const mountsLast = time.Second

// FileSystem returns the type of the file system of a file ("ext4", "fuse.sshfs"), as
// proc_pid_mountinfo(5) has it of the file's mount (STATX_MNT_ID, Linux 5.8); "" where
// that is none of the thread's.
func (r *Reader) FileSystem(tid int, file *unix.Statx_t) string {
	if file.Mask&unix.STATX_MNT_ID == 0 {
		return ""
	}
	m := &r.mounts
	if now := time.Now(); now.Sub(m.since) > mountsLast {
		m.since = now
		clear(m.types)
	}
	if name, known := m.types[file.Mnt_id]; known {
		return name
	}
	b, _ := readFile(tid, "mountinfo") // none of a thread that is gone
	m.add(b)
	return m.types[file.Mnt_id]
}

// add takes down the mounts of a mountinfo: the first of a line's fields is the
// number, and the one after the hyphen the type.
func (m *mounts) add(table []byte) {
	if m.types == nil {
		m.types = map[uint64]string{}
	}
	for line := range bytes.Lines(table) {
		before, after, _ := bytes.Cut(line, []byte(" - "))
		id, _, _ := bytes.Cut(before, []byte(" "))
		name, _, ok := bytes.Cut(after, []byte(" "))
		if n, err := strconv.ParseUint(string(id), 10, 64); err == nil && ok {
			m.types[n] = string(name)
		}
	}
}
