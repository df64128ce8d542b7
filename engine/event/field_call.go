package event

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

func seconds(get getter) getter {
	return then(get, func(ns int64) Value { return num(ns / int64(time.Second)) })
}

func nanoseconds(get getter) getter {
	return then(get, func(ns int64) Value { return num(ns % int64(time.Second)) })
}

var relTime = ofRun(func(v *View) Value { return num(int64(v.Ev.Time() - v.Started)) })

// deltaTime is since the event before; the first event has none.
var deltaTime = ofRun(func(v *View) Value {
	if v.Previous == 0 {
		return num(0)
	}
	return num(int64(v.Ev.Time() - v.Previous))
})

func evtTypeIs(v *View, a *Arg, _ int) Value { return truth(v.Row.Name == a.Key) }

func one(*View, *Arg, int) Value { return num(1) }

// way is which way a call moves data between a descriptor and memory, and
// whether it waits, as bits.
type way uint8

const (
	reads way = 1 << iota
	writes
	waits
	anyWay = reads | writes
)

// The calls that move data, and those that are made to wait.
var (
	readers = []string{"read", "pread", "readv", "preadv", "preadv2", "recv", "recvfrom", "recvmsg", "recvmmsg"}
	writers = []string{"write", "pwrite", "writev", "pwritev", "pwritev2", "send", "sendto", "sendmsg", "sendmmsg", "sendfile"}
	waiters = []string{"poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2", "nanosleep", "clock_nanosleep"}
)

// moves is what each row does, so that nothing is looked up per event.
var moves = sync.OnceValue(func() *[len(Table)]way {
	var w [len(Table)]way
	for bit, names := range map[way][]string{reads: readers, writes: writers, waits: waiters} {
		for _, name := range names {
			w[Lookup(name)] |= bit
		}
	}
	return &w
})

func goes(w way) getter {
	return func(v *View, _ *Arg, _ int) Value { return truth(moves()[v.index]&w != 0) }
}

func ioDir(v *View, _ *Arg, _ int) Value {
	switch moves()[v.index] {
	case reads:
		return str("r")
	case writes:
		return str("w")
	}
	return Value{}
}

func isSyslog(v *View, _ *Arg, _ int) Value {
	if moves()[v.index]&writes == 0 {
		return truth(false)
	}
	name := fdName(v, nil, 0)
	if name.Status == Unknown {
		return name
	}
	return truth(strings.Contains(name.Text, "/dev/log"))
}

// transferred is how many bytes a call moved that way, of a descriptor whose type is so.
func transferred(w way, is func(typ string) bool) getter {
	return func(v *View, _ *Arg, _ int) Value {
		if moves()[v.index]&w == 0 {
			return Value{}
		}
		if is != nil {
			t := fdType(v, nil, 0)
			switch {
			case t.Status == Unknown:
				return t
			case !is(t.Text):
				return Value{}
			}
		}
		n := v.result()
		if n.Status == Known && n.Num < 0 {
			return Value{}
		}
		return n
	}
}

func isFileType(t string) bool { return t == "file" || t == "directory" }
func isNetType(t string) bool  { return t == "ipv4" || t == "ipv6" || t == "unix" }

// subject is what a call is about, for counts of errors.
type subject uint8

const (
	ofAny subject = iota
	ofOthers
	ofFiles
	ofSockets
	ofMemory
)

// subject tells what the call is about by its descriptor, else by its row.
func (v *View) subject() (subject, Status) {
	if v.Row.Class == Memory {
		return ofMemory, Known
	}
	t := fdType(v, nil, 0)
	switch {
	case t.Status == Unknown:
		return ofOthers, Unknown
	case isFileType(t.Text):
		return ofFiles, Known
	case isNetType(t.Text) || t.Status == Absent && v.Row.Class == Net:
		return ofSockets, Known
	}
	return ofOthers, Known
}

// countError is 1 for a call about that subject which gave an error.
func countError(of subject) getter {
	return func(v *View, _ *Arg, _ int) Value {
		failed := evtFailed(v, nil, 0)
		if failed.Status != Known || of == ofAny {
			return when(failed)
		}
		about, st := v.subject()
		switch {
		case st == Unknown:
			return status(Unknown)
		case about != of:
			return Value{}
		}
		return when(failed)
	}
}

// absPath is of the calls that name a directory's descriptor before a path: the
// path that the argument names, src (the first) or dst.
func absPath(v *View, a *Arg, _ int) Value {
	n := 0
	if a.Key == "dst" {
		n = 1
	}
	if i := v.Row.first(n, isPath); i < 1 || v.Row.Params[i-1].Type != DirFD {
		return Value{}
	}
	return v.path(n)
}

// nameAndThread is the process's name with the thread's number behind it.
func nameAndThread(v *View, _ *Arg, _ int) Value {
	return v.ofProc(0, func(p *Process) Value {
		start := len(v.scratch)
		v.scratch = append(v.scratch, p.Name...)
		v.scratch = strconv.AppendInt(v.scratch, int64(v.Ev.TID()), 10)
		return str(text(v.scratch[start:]))
	})
}

// when is 1 for what is true, and absent for what is false.
func when(is Value) Value {
	if is.Status == Known && is.Num == 0 {
		return Value{}
	}
	return is
}
