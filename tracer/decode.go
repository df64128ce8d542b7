package tracer

import (
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// maxSockAddr is the largest address the kernel takes (struct sockaddr_storage), in bytes.
const maxSockAddr = 128

// begin starts the record of a call with all that its arguments point to.
func (t *Tracer) begin(th *thread, call *Call) {
	t.rec.Begin(call.Row, event.Origin{PID: th.pid, TID: th.tid, Is32: call.Is32}, event.Now())
	t.rec.SetArgs(&call.Args)
	row := &event.Table[call.Row]
	for i := range row.Params {
		p := &row.Params[i]
		switch {
		case p.In != nil:
			t.addWord(th.tid, event.Part(i), call.Args[p.In.Arg]+uint64(8*p.In.Index))
		case p.Type.InMemory():
			t.addMemory(th.tid, call, i)
		}
	}
}

func (t *Tracer) addWord(tid int, part event.Part, addr uint64) {
	var b [8]byte
	if !t.mem.read(tid, addr, b[:]) {
		t.rec.AddUnreadable(part)
		return
	}
	t.rec.Add(part, b[:])
}

// addMemory reads what the i-th argument points to straight into the record.
func (t *Tracer) addMemory(tid int, call *Call, i int) {
	room, part, addr := t.rec.Room(), event.Part(i), call.Args[i]
	n, whole, ok := 0, true, addr != 0
	if ok {
		switch event.Table[call.Row].Params[i].Type {
		case event.Path, event.String:
			n, whole, ok = t.mem.readString(tid, addr, room)
		case event.Strings:
			n, whole, ok = t.mem.readStrings(tid, addr, call.Is32, room)
		case event.SockAddr:
			n, ok = t.readSockAddr(tid, addr, call.Args[i+1], room)
		case event.MsgName:
			n, ok = t.readMsgName(tid, call, i, room)
		}
	}
	if !ok {
		t.rec.AddUnreadable(part)
		return
	}
	t.rec.Close(part, n, !whole)
}

func (t *Tracer) readSockAddr(tid int, addr, length uint64, room []byte) (int, bool) {
	length &= 1<<32 - 1 // an int
	if length == 0 || length > maxSockAddr || len(room) < maxSockAddr {
		return 0, false
	}
	return t.mem.readSome(tid, addr, room[:length])
}

// readMsgName reads the address that a struct msghdr names: its first two words are pointer and length.
func (t *Tracer) readMsgName(tid int, call *Call, i int, room []byte) (int, bool) {
	var header [16]byte
	if !t.mem.read(tid, call.Args[i], header[:]) {
		return 0, false
	}
	addr := word(header[:], 0, call.Is32)
	length := word(header[:], 1, call.Is32) & (1<<32 - 1)
	if length < 1<<31 {
		length = min(length, maxSockAddr) // as the kernel does
	}
	if addr == 0 {
		return 0, false
	}
	return t.readSockAddr(tid, addr, length, room)
}

// addBases adds, for each relative path of the record, the directory that it starts from. It reports whether there was one.
func (t *Tracer) addBases(th *thread, call *Call) (added bool) {
	row := &event.Table[call.Row]
	for i := range row.Params {
		if row.Params[i].Type != event.Path || !t.rec.Event().NeedsBase(i) {
			continue
		}
		fd := unix.AT_FDCWD
		if i > 0 && row.Params[i-1].Type == event.DirFD {
			fd = int(event.DirFD.Number(call.Args[i-1]))
		}
		t.proc.AddBase(event.Base+event.Part(i), th.tid, fd)
		added = true
	}
	return added
}
