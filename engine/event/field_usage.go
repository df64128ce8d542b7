package event

import (
	"encoding/binary"
	"math"
)

// Some facts are numbers, 64 bits each, in the order of the constants below.

// The numbers of FactUsage: what a thread and its process use of the machine.
const (
	UsageVTID        = iota // the thread in its own PID namespace
	UsageCPU                // the processor that it last ran on
	UsageMajorFaults        // its page faults that had to wait for a disk
	UsageMinorFaults        // its other page faults
	UsageThreads            // threads of the process
	UsageSize               // of the address space, kB
	UsageResident           // in memory, kB
	UsageSwapped            // swapped out, kB
	UsageNumbers            // how many there are
)

// The numbers of FactLimits: a process's descriptors.
const (
	LimitOpen    = iota // how many are open
	LimitFiles          // how many may be (RLIMIT_NOFILE)
	LimitNumbers        // how many there are
)

// The numbers of FactInode: the file behind the event's descriptor.
const (
	InodeDevice  = iota // as stat(2) has it
	InodeNumber         // as stat(2) has it
	InodeLayer          // of an overlay file system, a Layer
	InodeNumbers        // how many there are
)

// The layers of an overlay file system that a file can be of: Upper is what was
// written since the container's image, Lower the image. 0 is of another file system.
const (
	LayerUpper = 1
	LayerLower = 2
)

// AppendNumbers appends the numbers of such a fact.
func AppendNumbers(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// readNumbers reads what AppendNumbers wrote, as far as it goes.
func readNumbers(b []byte, numbers ...*int64) {
	for _, n := range numbers {
		if len(b) < 8 {
			return
		}
		*n = int64(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
}

// number returns the i-th number of such a fact.
func (v *View) number(p Part, i int) Value {
	f := v.fact(p)
	if f.Status != Known {
		return f
	}
	if len(f.Text) < 8*(i+1) {
		return Value{}
	}
	var n uint64
	for j := 8*i + 7; j >= 8*i; j-- {
		n = n<<8 | uint64(f.Text[j])
	}
	return num(int64(n))
}

func factNum(p Part, i int) getter {
	return func(v *View, _ *Arg, _ int) Value { return v.number(p, i) }
}

// then changes a number that is known.
func then(get getter, change func(int64) Value) getter {
	return func(v *View, a *Arg, i int) Value {
		val := get(v, a, i)
		if val.Status == Known {
			val = change(val.Num)
		}
		return val
	}
}

// fdUsage is a share in percent, as in Falco.
func fdUsage(v *View, _ *Arg, _ int) Value {
	open, limit := v.number(FactLimits, LimitOpen), v.number(FactLimits, LimitFiles)
	if open.Status != Known || limit.Status != Known {
		return open
	}
	share := 0.0
	if limit.Num > 0 {
		share = min(100*float64(open.Num)/float64(limit.Num), 100)
	}
	return num(int64(math.Float64bits(share)))
}

var otherThreads = then(factNum(FactUsage, UsageThreads), func(n int64) Value { return num(max(n-1, 0)) })

// ofMainThread is a number in units of its own for a process's first thread, and 0 for the others.
func ofMainThread(i int, unit int64) getter {
	return func(v *View, _ *Arg, _ int) Value {
		n := v.number(FactUsage, i)
		switch {
		case n.Status != Known:
			return n
		case v.Ev.TID() != v.Ev.PID():
			return num(0)
		}
		return num(n.Num * unit)
	}
}

// deviceHalf is one half of a device's number, makedev(3).
func deviceHalf(half func(uint64) uint32) getter {
	return then(factNum(FactInode, InodeDevice), func(n int64) Value { return num(int64(half(uint64(n)))) })
}

func layerIs(layer int64) getter {
	return then(factNum(FactInode, InodeLayer), func(n int64) Value { return truth(n == layer) })
}
