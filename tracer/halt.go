package tracer

import "golang.org/x/sys/unix"

// cldStopped says of a child that it was stopped by job control, not by who traces it.
const cldStopped = 5

// tellHalt tells of it if the command's process was stopped while it was not
// seized: then it is a child like any other.
func (t *Tracer) tellHalt() {
	if t.onStop == nil {
		return
	}
	if code, _ := stopInfo(t.root, unix.WNOWAIT); code != cldStopped { // a tracee's stop is not to be taken here
		return
	}
	if code, status := stopInfo(t.root, 0); code == cldStopped {
		t.onStop(unix.Signal(status))
	}
}
