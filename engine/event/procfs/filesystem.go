package procfs

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"
)

// A file system may be served by a process that waits for us (FUSE). So none is asked
// for more than the kernel has of it already: not for a file's attributes anew
// (AT_STATX_DONT_SYNC), and not, as statfs(2) would, for what it is.

// stat returns what the kernel knows of the file that a link below /proc leads to.
func stat(link string) (file unix.Statx_t, err error) {
	err = unix.Statx(unix.AT_FDCWD, link, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_BASIC_STATS, &file)
	return file, err
}

func device(file *unix.Statx_t) uint64 { return unix.Mkdev(file.Dev_major, file.Dev_minor) }

func nanoseconds(t unix.StatxTimestamp) int64 { return t.Sec*int64(time.Second) + int64(t.Nsec) }

// mounts is which file system is on which device. The number of a device that is none
// can come again as another's, so that what is known ends soon.
type mounts struct {
	types map[uint64]string
	since time.Time
}

const mountsLast = time.Second

// FileSystem returns the type of the file system on a device ("ext4", "fuse.sshfs"),
// as proc_pid_mountinfo(5) has it; "" where none of the thread's mounts is on it.
func (r *Reader) FileSystem(tid int, dev uint64) string {
	m := &r.mounts
	if now := time.Now(); now.Sub(m.since) > mountsLast {
		m.since = now
		clear(m.types)
	}
	name, known := m.types[dev]
	if !known {
		b, _ := readFile(tid, "mountinfo") // none of a thread that is gone
		m.add(b)
		name = m.types[dev]
		m.types[dev] = name
	}
	return name
}

// add takes down the devices of a mountinfo: the third of a line's fields is its
// numbers, and the one after the hyphen its type.
func (m *mounts) add(table []byte) {
	if m.types == nil {
		m.types = map[uint64]string{}
	}
	for line := range bytes.Lines(table) {
		before, after, _ := bytes.Cut(line, []byte(" - "))
		f, name := bytes.Fields(before), bytes.Fields(after)
		if len(f) < 3 || len(name) == 0 {
			continue
		}
		major, minor, _ := bytes.Cut(f[2], []byte(":"))
		m.types[unix.Mkdev(uint32(number(major)), uint32(number(minor)))] = string(name[0])
	}
}
