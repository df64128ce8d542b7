package event

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func fdType(v *View, _ *Arg, _ int) Value {
	switch {
	case v.Row.opensPath():
		return v.openedType()
	case v.Row.Name == "memfd_create":
		return str("memfd")
	case !v.Row.hasDescriptor() || v.atCwd():
		return Value{}
	}
	if info, st := v.socket(); st == Known {
		return some(socketTypes[info.domain])
	} else if st == Unknown {
		return status(Unknown)
	}
	obj := v.fact(FactObject)
	if obj.Status != Known {
		return obj
	}
	if i := v.Row.DescriptorParam(); i >= 0 && v.Row.Params[i].Type == DirFD {
		return str("directory")
	}
	return v.objectType(obj.Text)
}

// objectType is the type of what a descriptor names. A path does not say that it
// is a folder's; where nobody asked the kernel, it is taken for a file's.
func (v *View) objectType(name string) Value {
	kind := ObjectType(name, 0)
	if kind != "file" {
		return some(kind)
	}
	switch folder := v.number(FactFolder, 0); {
	case folder.Status == Unknown:
		return folder
	case folder.Num == 1:
		return str("directory")
	}
	return str(kind)
}

// openedType is what a call that opens a path gives: told by its flags, as the kernel would.
func (v *View) openedType() Value {
	flags := v.openFlags()
	if flags.Status == Known && flags.Num&unix.O_DIRECTORY != 0 && flags.Num&unix.O_TMPFILE != unix.O_TMPFILE {
		return str("directory")
	}
	if flags.Status == Unknown {
		return flags
	}
	return str("file")
}

// unknownSocket is the type of a socket whose domain is not known.
const unknownSocket = "socket"

var socketTypes = map[uint16]string{
	unix.AF_INET: "ipv4", unix.AF_INET6: "ipv6", unix.AF_UNIX: "unix",
	unix.AF_NETLINK: "netlink",
}

// ObjectType tells a descriptor's type (fd.type) by what /proc/PID/fd names it,
// and of a socket by its domain, 0 where that is not known; empty for what has no type.
func ObjectType(name string, domain uint16) string {
	switch {
	case domain != 0:
		return socketTypes[domain]
	case strings.HasPrefix(name, "/memfd:"):
		return "memfd"
	case strings.HasPrefix(name, "/"):
		return "file"
	case strings.HasPrefix(name, "socket:"):
		return unknownSocket
	case strings.HasPrefix(name, "pipe:"):
		return "pipe"
	case strings.HasPrefix(name, "anon_inode:"):
		return anonTypes[strings.Trim(name[len("anon_inode:"):], "[]")]
	}
	return ""
}

// typeOf tells the type of a descriptor by what a source wrote of it: the type's
// own word, the number of a socket's domain, or the object's name.
func typeOf(token string) string {
	if token != "" && token[0] <= '9' && token[0] >= '0' {
		domain, _ := strconv.ParseUint(token, 10, 16)
		return socketTypes[uint16(domain)]
	}
	if strings.HasPrefix(token, "/") || strings.Contains(token, ":") {
		return ObjectType(token, 0)
	}
	return token
}

var anonTypes = map[string]string{
	"eventfd": "event", "eventpoll": "eventpoll", "inotify": "inotify", "signalfd": "signalfd",
	"timerfd": "timerfd", "bpf-map": "bpf", "bpf-prog": "bpf", "userfaultfd": "userfaultfd",
	"io_uring": "iouring", "pidfd": "pidfd",
}

// otherType is the character of what has no type, as in Falco.
const otherType = "o"

var typeChars = map[string]string{
	"file": "f", "directory": "d", "ipv4": "4", "ipv6": "6", "unix": "u", "pipe": "p", "event": "e",
	"eventpoll": "l", "inotify": "i", "signalfd": "s", "timerfd": "t", "memfd": "m", "netlink": "n",
	"bpf": "b", "userfaultfd": "u", "iouring": "r", "pidfd": "P",
}

func fdTypeChar(v *View, a *Arg, i int) Value {
	t := fdType(v, a, i)
	switch {
	case t.Status == Unknown || !v.Row.hasDescriptor() || v.atCwd():
		return t
	case typeChars[t.Text] == "":
		return str(otherType)
	}
	return str(typeChars[t.Text])
}
