package procfs

import (
	"bytes"
	"strconv"

	"tiercel/engine/event"
)

// AddFacts adds those facts of an event of the thread that the rules ask for,
// each once.
func (r *Reader) AddFacts(tid, pid int, facts event.Facts) {
	if facts.Has(event.FactCwd) && !r.rec.Event().Has(event.FactCwd) {
		r.addLink(event.FactCwd, tid, "cwd")
	}
	if facts.Has(event.FactStdio) && !r.rec.Event().Has(event.FactStdio) {
		r.addStdio(tid, pid)
	}
	r.addUse(tid, pid, facts)
	if fd, ok := r.rec.Event().Descriptor(); ok {
		r.addDescriptor(tid, pid, fd, facts)
	}
}

func (r *Reader) addStdio(tid, pid int) {
	var b []byte
	for fd := range 3 {
		if typ, name, ok := describeFD(tid, pid, strconv.Itoa(fd)); ok {
			b = append(append(append(b, typ...), ' '), name...)
		}
		b = append(b, 0)
	}
	r.rec.Add(event.FactStdio, b)
}

// addDescriptor adds what a descriptor names, and of a socket its addresses.
func (r *Reader) addDescriptor(tid, pid, fd int, facts event.Facts) {
	if facts.Has(event.FactInode) && !r.rec.Event().Has(event.FactInode) {
		r.addInode(tid, fdLink(fd))
	}
	if !facts.Has(event.FactObject) && !facts.Has(event.FactSocket) || r.rec.Event().Has(event.FactObject) {
		return
	}
	r.addFDLink(event.FactObject, tid, fd)
	name, _ := r.rec.Event().Bytes(event.FactObject)
	if facts.Has(event.FactFolder) && bytes.HasPrefix(name, []byte("/")) {
		r.addFolder(tid, fdLink(fd))
	}
	inode, isSocket := bytes.CutPrefix(name, []byte(socketPrefix))
	if !isSocket || !facts.Has(event.FactSocket) {
		return
	}
	s, ok := readSocket(tid, pid, fd, string(bytes.TrimSuffix(inode, []byte("]"))))
	if !ok {
		r.rec.AddUnreadable(event.FactSocket)
		return
	}
	if r.rec.Event().Row().Role() == event.RoleUnknown {
		s.Role = roleOf(tid, &s)
	}
	r.rec.Add(event.FactSocket, s.Append(nil))
}
