package tracer

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
)

// A notification has one flaw. Until it is received, a signal interrupts it, and
// the kernel then has the call fail with EINTR where the signal's handler was not
// installed with SA_RESTART: open(2) and fork(2) would, which never do so bare.
//
// So processes with such handlers, but for signals that a thread brings upon
// itself, are kept: seized until they execute something else. Where a signal then
// finds a call that was interrupted so, the call is made to begin again after the
// handler (ERESTARTNOINTR). Of a call that may wait by itself it cannot be told who
// interrupted it; EINTR is what its caller has to expect anyway.

var rowSigaction = rowOf("rt_sigaction")

// heed looks at a call that changes how a process may be watched. It reports
// whether the call begins anew, or waits for another thread.
func (d *noticed) heed(th *thread, s *Stop) (waits bool) {
	switch s.Call.Row {
	case rowSigaction():
		if d.breaksCalls(th.tid, &s.Call) {
			d.keep(th.pid)
		}
	case rowPtrace():
		return d.handOver(th, s)
	}
	return false
}

// breaksCalls reports whether rt_sigaction(2) installs a handler that calls do
// not go on after. struct sigaction begins with the handler and the flags.
func (d *noticed) breaksCalls(tid int, call *Call) bool {
	const restart, ignore = 0x10000000, 1 // SA_RESTART, SIG_IGN; SIG_DFL is 0
	var b [16]byte
	return d.mem.read(tid, call.Args[1], b[:]) && word(b[:], 0, call.Is32) > ignore && word(b[:], 1, call.Is32)&restart == 0
}

// keep seizes all threads of a process until it executes. Those that it makes
// from now on are, too, and so are its children.
func (d *noticed) keep(pid int) {
	first := d.threads[pid]
	if first == nil || first.kept {
		return
	}
	first.kept = true
	d.keepThreads(pid)
}

func (d *noticed) keepThreads(pid int) {
	for _, tid := range procfs.Threads(pid) {
		th, err := d.adoptOnce(tid, pid)
		if d.check(err); err == nil {
			th.kept = d.seize(th)
		}
	}
}

// adoptOnce returns a thread of a process that is known, whether it was itself or not.
func (d *noticed) adoptOnce(tid, pid int) (*thread, error) {
	if th := d.threads[tid]; th != nil {
		return th, nil
	}
	th, err := d.adopt(tid, pid, 0)
	if err == nil {
		th.named = true
		d.enlist(pid, tid)
	}
	return th, err
}

// waiting is a call that waits for another thread.
type waiting struct {
	stop   Stop
	notice uint64
	over   func() bool
}

// wait has a call wait until something is over.
func (d *noticed) wait(s *Stop, over func() bool) {
	d.waiting = append(d.waiting, waiting{*s, d.threads[s.TID].notice, over})
}

// waited returns a call that need not wait any more, if there is one. Its thread may have been killed.
func (d *noticed) waited() (s Stop, ok bool) {
	for i := 0; i < len(d.waiting); {
		w := d.waiting[i]
		th := d.threads[w.stop.TID]
		alive := th != nil && th.notice == w.notice && d.listener.Valid(w.notice)
		if alive && !w.over() {
			i++
			continue
		}
		d.waiting = slices.Delete(d.waiting, i, i+1)
		if alive && d.take(th, &w.stop) {
			return w.stop, true
		}
	}
	return s, false
}

// Of the results by which the kernel says that a call may be started again, those
// that it is if its signal's handler allows that, and in any case (include/linux/errno.h).
const (
	restartMaybe  = restartLast
	restartAlways = restartMaybe - 1
)

// mend has a call begin again that a signal has interrupted before it was received.
func (d *noticed) mend(th *thread) {
	r := &d.regs
	if !readRegisters(th.tid, r) || r.result() != restartMaybe {
		return
	}
	row, watched := d.calls[event.Call{Number: uint32(r.number()), Is32: r.is32()}]
	if watched && !d.mayWait(th.tid, row, r) {
		r.setResult(restartAlways)
		writeRegisters(th.tid, r)
	}
}

// waits has the calls that may wait, and that a signal breaks off, by themselves
// (signal(7); those are left out of which the kernel says so by another result than -ERESTARTSYS).
var waits = rowsOf("read", "readv", "pread", "preadv", "preadv2", "write", "writev", "pwrite", "pwritev", "pwritev2", "ioctl",
	"wait4", "waitid", "waitpid", "accept", "accept4", "connect", "recv", "recvfrom", "recvmsg", "recvmmsg", "send", "sendto", "sendmsg", "sendmmsg",
	"flock", "fcntl", "mq_timedreceive", "mq_timedsend", "futex", "futex_waitv", "futex_wait", "getrandom",
	"splice", "tee", "vmsplice", "sendfile", "copy_file_range")

// rowOf finds the row of a call, and rowsOf those of several, when they are first
// asked for: tiercel's other processes never do.
func rowOf(name string) func() int {
	return sync.OnceValue(func() int { return event.Lookup(name) })
}

func rowsOf(names ...string) func() map[int]bool {
	return sync.OnceValue(func() map[int]bool {
		rows := map[int]bool{}
		for _, name := range names {
			rows[event.Lookup(name)] = true
		}
		return rows
	})
}

// mayWait reports whether a call may be one of these, or opens what has to be waited for.
func (d *noticed) mayWait(tid, index int, r *registers) bool {
	row := &event.Table[index]
	if i := row.PathParam(); i >= 0 && row.Effect&event.OpensFD != 0 {
		return d.isQueue(tid, row, i, r.arg)
	}
	return waits()[index]
}

// isQueue reports whether the i-th argument names a FIFO or a device, which open(2) may wait for.
func (d *noticed) isQueue(tid int, row *event.Row, i int, arg func(i int) uint64) bool {
	var room [unix.PathMax]byte
	n, whole, ok := d.mem.readString(tid, arg(i), room[:])
	if !ok || !whole || n == 0 {
		return true
	}
	errno := unix.EAGAIN
	for try := 0; try < 3 && errno == unix.EAGAIN; try++ { // another's rename is enough for it to fail once
		errno = d.look(tid, row, i, arg, room[:n])
	}
	switch errno {
	case 0:
	case unix.ENOENT, unix.EAGAIN: // it was not even looked up, as it is by who waits for it
		return false
	default: // it is not known
		return true
	}
	kind := d.file.Mode & unix.S_IFMT
	return kind == unix.S_IFIFO || kind == unix.S_IFCHR
}
