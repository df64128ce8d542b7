package event

import (
	"strconv"
	"strings"
)

// fdTypes lists the types of the process's descriptors, each once, or the type of the one with the argument's number.
func fdTypes(v *View, a *Arg, i int) Value {
	list := v.fact(FactDescriptors)
	switch {
	case list.Status != Known && i == 0:
		return list
	case list.Status != Known || a.Set && i > 0:
		return status(end)
	case a.Set:
		return typeOfNumber(list.Text, a.Key)
	}
	return nthType(list.Text, i)
}

func typeOfNumber(list, number string) Value {
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, "\x00")
		if n, token, _ := strings.Cut(one, " "); n == number {
			return some(typeOf(token))
		}
	}
	return Value{}
}

// nthType returns the n-th type of the list, counting each once.
func nthType(list string, n int) Value {
	for rest := list; rest != ""; {
		before := list[:len(list)-len(rest)]
		var t string
		if t, rest = nextType(rest); t == "" || hasType(before, t) {
			continue
		}
		if n == 0 {
			return str(t)
		}
		n--
	}
	return status(end)
}

// nextType cuts the type of the first descriptor off a list.
func nextType(list string) (t, rest string) {
	one, rest, _ := strings.Cut(list, "\x00")
	_, token, _ := strings.Cut(one, " ")
	return typeOf(token), rest
}

func hasType(list, typ string) bool {
	for list != "" {
		var t string
		if t, list = nextType(list); t == typ {
			return true
		}
	}
	return false
}

// fdUID is the thread's number and the descriptor's, one behind the other.
func fdUID(v *View, _ *Arg, _ int) Value {
	fd := fdNum(v, nil, 0)
	if fd.Status != Known {
		return fd
	}
	start := len(v.scratch)
	v.scratch = strconv.AppendInt(v.scratch, int64(v.Ev.TID()), 10)
	v.scratch = strconv.AppendInt(v.scratch, fd.Num, 10)
	return str(text(v.scratch[start:]))
}

// inContainer puts the container's identity before a text.
func inContainer(get getter) getter {
	return func(v *View, a *Arg, i int) Value {
		val := get(v, a, i)
		if val.Status != Known {
			return val
		}
		return v.ofProc(0, func(p *Process) Value { return v.join(p.Container.ID, ":", val.Text) })
	}
}

// portText is a port as Falco names services where names are not looked up: its number.
func portText(s side) getter {
	port := fdPort(s)
	return func(v *View, a *Arg, i int) Value {
		n := port(v, a, i)
		if n.Status != Known {
			return n
		}
		return v.text(func(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }, n.Num)
	}
}

// fdConnected tells by the kernel's word of the socket alone: an address that a
// datagram is sent to connects nothing.
func fdConnected(v *View, _ *Arg, _ int) Value {
	if !v.Row.hasDescriptor() {
		return Value{}
	}
	fact := v.fact(FactSocket)
	info, ok := parseSocket(fact.Text)
	switch {
	case fact.Status == Unknown:
		return fact
	case !ok || !isNetType(socketTypes[info.domain]):
		return Value{}
	}
	return truth(info.ends[remote].isSpecified())
}
