package event

import (
	"cmp"
	"strings"

	"golang.org/x/sys/unix"
)

var (
	fdFacts   = facts(FactObject, FactSocket)
	typeFacts = fdFacts | facts(FactFolder)
	sockFacts = facts(FactSocket)
)

// DescriptorParam returns the index of the parameter that is the descriptor that the
// row is about, or -1: the first that is one, else the directory of a row that
// has just one and makes nothing of it (unlinkat, but not renameat or execveat).
func (r *Row) DescriptorParam() int {
	if i := r.first(0, isFD); i >= 0 {
		return i
	}
	i := r.first(0, isDirFD)
	if r.Effect&(OpensFD|Executes) != 0 || r.first(1, isDirFD) >= 0 {
		return -1
	}
	return i
}

func isDirFD(t Type) bool { return t == DirFD }

// noDescriptor is the number of a descriptor that was to be made and was not, as in Falco.
const noDescriptor = -1

// fdNum is the descriptor's number, as it was given or as the call made it.
func fdNum(v *View, _ *Arg, _ int) Value {
	if v.Row.Effect&OpensFD != 0 {
		ret := v.result()
		if ret.Status == Known && ret.Num < 0 {
			return num(noDescriptor)
		}
		return ret
	}
	i := v.Row.DescriptorParam()
	if i < 0 {
		return Value{}
	}
	return v.word(i)
}

// atCwd reports whether the event's descriptor stands for the working directory, and so is none.
func (v *View) atCwd() bool {
	i := v.Row.DescriptorParam()
	if i < 0 || v.Row.Params[i].Type != DirFD || v.Stage == RowOnly {
		return false
	}
	w, ok := v.Ev.Word(i)
	return ok && DirFD.Number(w) == unix.AT_FDCWD
}

// fdName is the path of a call that opens one, the connection of a socket, else
// what /proc has for the descriptor.
func fdName(v *View, _ *Arg, _ int) Value {
	if v.Row.opensPath() {
		return v.path(0)
	}
	switch {
	case !v.Row.hasDescriptor():
		return Value{}
	case v.atCwd():
		return str("")
	}
	info, st := v.socket()
	if st == Known {
		return v.connection(info)
	}
	obj := v.fact(FactObject)
	if obj.Status != Known {
		return obj
	}
	return str(strings.TrimSuffix(obj.Text, " (deleted)"))
}

// connection is client->server, of a server without a client its address, and
// empty for a socket without addresses.
func (v *View) connection(info *socketInfo) Value {
	from, to := info.ends[info.sideOf(client, v.Row)], info.ends[info.sideOf(server, v.Row)]
	if info.domain == unix.AF_UNIX {
		return str(cmp.Or(to.Path, from.Path))
	}
	if !from.Addr.IsValid() && !to.Addr.IsValid() {
		return str("")
	}
	start := len(v.scratch)
	if from.Addr.IsValid() {
		v.scratch = from.append(v.scratch)
	}
	if from.Addr.IsValid() || !info.isServer(v.Row) {
		v.scratch = append(v.scratch, "->"...)
	}
	if to.Addr.IsValid() {
		v.scratch = to.append(v.scratch)
	}
	return str(text(v.scratch[start:]))
}

func fdNameRaw(v *View, _ *Arg, _ int) Value {
	if !v.Row.opensPath() {
		return Value{}
	}
	return v.fact(Part(v.Row.first(0, isPath)))
}

func fdDirectory(v *View, _ *Arg, _ int) Value {
	name := v.pathName()
	if name.Status == Known {
		name.Text = name.Text[:max(strings.LastIndexByte(name.Text, '/'), 0)]
		if name.Text == "" {
			name.Text = "/"
		}
	}
	return name
}

func fdFilename(v *View, _ *Arg, _ int) Value {
	name := v.pathName()
	if name.Status == Known {
		name.Text = name.Text[strings.LastIndexByte(name.Text, '/')+1:]
	}
	return name
}

// pathName is fdName where the descriptor names a path.
func (v *View) pathName() Value {
	name := fdName(v, nil, 0)
	if name.Status == Known && !strings.HasPrefix(name.Text, "/") {
		return Value{}
	}
	return name
}

func fdEnd(s side) getter {
	return func(v *View, _ *Arg, _ int) Value {
		ap, st := v.end(s)
		if st != Known {
			return status(st)
		}
		return addr(ap.Addr(), v)
	}
}

func fdPort(s side) getter {
	return func(v *View, _ *Arg, _ int) Value {
		ap, st := v.end(s)
		if st != Known {
			return status(st)
		}
		return num(int64(ap.Port()))
	}
}

// either is a field with the values of two.
func either(a, b getter) getter {
	return func(v *View, arg *Arg, i int) Value {
		switch i {
		case 0:
			return a(v, arg, 0)
		case 1:
			return b(v, arg, 0)
		}
		return status(end)
	}
}

// ofSocket reads of the event's socket.
func ofSocket(read func(*socketInfo, *Row) Value) getter {
	return func(v *View, _ *Arg, _ int) Value {
		info, st := v.socket()
		if st != Known {
			return status(st)
		}
		return read(info, v.Row)
	}
}

var fdProto = ofSocket(func(info *socketInfo, _ *Row) Value { return some(info.protoName()) })

// protoName is fd.l4proto, empty where there is nothing to say.
func (info *socketInfo) protoName() string {
	if info.domain != unix.AF_INET && info.domain != unix.AF_INET6 {
		return ""
	}
	switch info.kind {
	case unix.SOCK_STREAM:
		return "tcp"
	case unix.SOCK_DGRAM:
		if info.proto == unix.IPPROTO_ICMP || info.proto == unix.IPPROTO_ICMPV6 {
			return "icmp"
		}
		return "udp"
	case unix.SOCK_RAW:
		return "raw"
	}
	return ""
}

var fdFamily = ofSocket(func(info *socketInfo, _ *Row) Value { return some(info.familyName()) })

// familyName is fd.sockfamily, empty where there is nothing to say.
func (info *socketInfo) familyName() string {
	switch info.domain {
	case unix.AF_INET, unix.AF_INET6:
		return "ip"
	case unix.AF_UNIX:
		return "unix"
	}
	return ""
}

var fdIsServer = ofSocket(func(info *socketInfo, row *Row) Value { return truth(info.isServer(row)) })
