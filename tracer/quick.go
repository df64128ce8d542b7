package tracer

import (
	"strconv"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// A call's result can be had by one stop instead of three where an interrupt may
// wait while the call runs, and not break it off. It then stops at its end, on its
// way out of the kernel; one that executes has stopped with its new image before,
// and that takes the interrupt away.
//
// Such are calls that open or execute a file for which nobody waits but for a disk, and
// those that connect a socket of which nobody waits until it is connected. (Of other TCP
// an interrupt has the kernel break the wait off, and the call that is begun again may end otherwise:
// EALREADY for EINPROGRESS, __inet_stream_connect in net/ipv4/af_inet.c.)
// What the kernel breaks off even so it has begin again, or it was the file's to
// end so: then the call is followed as any other.

var rowConnect = rowOf("connect")

// isQuick reports whether the call that is pending is one of these.
func (d *noticed) isQuick(th *thread) bool {
	ev := event.Event(th.pending)
	row := ev.Row()
	switch {
	case !showsResult || th.restarts > 0:
		return false
	case ev.RowIndex() == rowConnect():
		return d.proc.ConnectsAtOnce(th.pid, int(event.FD.Number(ev.Arg(0))))
	case row.Effect&(event.Executes|event.OpensFD) == 0:
		return false
	}
	i := row.PathParam()
	if i < 0 {
		return false
	}
	path, ok := ev.Bytes(event.Part(i))
	return ok && d.isPlain(th.tid, d.look(th.tid, row, i, ev.Arg, path), mayCreate(ev))
}

// mayCreate reports whether a call makes the file that it opens, if that is not there.
func mayCreate(ev event.Event) bool {
	row := ev.Row()
	for i := range row.Params {
		if row.Params[i].Type == event.OpenFlags {
			flags, ok := ev.Word(i)
			return !ok || flags&unix.O_CREAT != 0
		}
	}
	return row.Effect&event.Executes == 0
}

// quickEnd takes the result of such a call at the stop that has come of the
// interrupt, whatever else it is: job control may have stopped the thread, too.
func (d *noticed) quickEnd(s *Stop) error {
	th, r := d.threads[s.TID], &d.regs
	if th == nil || !th.quick {
		return nil
	}
	th.quick = false
	if s.What == Exec || s.What == Gone || !readRegisters(th.tid, r) {
		return nil
	}
	ret := r.result()
	if ret == -int64(unix.EINTR) {
		ret = restartAlways
		r.setResult(ret)
		writeRegisters(th.tid, r)
	}
	if ret >= restartFirst && ret <= restartLast {
		th.interrupted, th.restarts = true, 1
		return nil
	}
	return d.finish(th, ret)
}

// plain has the file systems that wait for disks alone. On others (FUSE, 9P, NFS) a
// server is waited for, and whoever is interrupted may tell it to break off.
var plain = map[string]bool{
	"ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "f2fs": true,
	"tmpfs": true, "overlay": true, "squashfs": true, "erofs": true,
}

// isPlain reports whether a file that was looked at is a regular one, or a folder, of such a file system, or is not there.
// One that is not there may be made on any.
func (d *noticed) isPlain(tid int, errno unix.Errno, creates bool) bool {
	if errno != 0 {
		return errno == unix.ENOENT && !creates
	}
	kind := d.file.Mode & unix.S_IFMT
	return (kind == unix.S_IFREG || kind == unix.S_IFDIR) && plain[d.proc.FileSystem(tid, &d.file)]
}

// resolveCached is RESOLVE_CACHED of linux/openat2.h, since Linux 5.12.
const resolveCached = 0x20

// look finds out what a thread's call names with its i-th argument, a path, as far as the
// kernel knows without asking a file system (RESOLVE_CACHED): one may be served by a
// process that waits for us.
func (d *noticed) look(tid int, row *event.Row, i int, arg func(i int) uint64, path []byte) unix.Errno {
	if len(path) == 0 { // it is of the descriptor itself, or of nothing
		return unix.EINVAL
	}
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: resolveCached}
	base, errno := openPath(d.base(tid, row, i, arg, path))
	if errno != 0 {
		return errno
	}
	defer unix.Close(base)
	if path[0] == '/' {
		how.Resolve |= unix.RESOLVE_IN_ROOT
	}
	d.name = append(append(d.name[:0], path...), 0)
	fd, errno := openat2(base, d.name, &how)
	if errno != 0 {
		return errno
	}
	defer unix.Close(fd)
	return statx(fd, &d.file)
}

// base returns what the path starts from, below /proc.
func (d *noticed) base(tid int, row *event.Row, i int, arg func(i int) uint64, path []byte) []byte {
	fd := int64(unix.AT_FDCWD)
	if i > 0 && row.Params[i-1].Type == event.DirFD {
		fd = event.DirFD.Number(arg(i - 1))
	}
	b := strconv.AppendInt(append(d.name[:0], "/proc/"...), int64(tid), 10)
	switch {
	case path[0] == '/':
		b = append(b, "/root"...)
	case fd == unix.AT_FDCWD:
		b = append(b, "/cwd"...)
	default:
		b = strconv.AppendInt(append(b, "/fd/"...), fd, 10)
	}
	b = append(b, 0)
	d.name = b
	return b
}
