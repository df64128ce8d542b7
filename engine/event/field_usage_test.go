package event

import (
	"slices"
	"testing"
)

// useOf is a whole event of thread 12 of process 11 with all that is read of its use of the machine.
func useOf(tid int) Event {
	var b Builder
	b.Begin(Lookup("fchmod"), Origin{PID: 11, TID: tid}, at)
	b.SetArgs(&[6]uint64{7})
	b.SetRet(0)
	b.Add(FactUsage, AppendNumbers(nil, 4, 1, 20, 300, 5, 6000, 700, 80))
	b.Add(FactLimits, AppendNumbers(nil, 3, 12))
	b.Add(FactInode, AppendNumbers(nil, 0xfd01, 99, LayerLower))
	b.AddString(FactDescriptors, "0 pipe\x001 file\x002 file\x007 ipv4\x00")
	return slices.Clone(b.Event())
}

func TestFieldsOfUse(t *testing.T) {
	first, other := useOf(11), useOf(12)
	checkFields(t, family(), []fieldTest{
		{"the processor", "evt.cpu", Whole, first, "1"},
		{"before there is an event it is not known", "evt.cpu", RowOnly, first, unknown},
		{"nor is it at the entry", "evt.cpu", AtEntry, record("fchmod"), unknown},
		{"what never came is absent", "evt.cpu", Whole, record("fchmod"), absent},
		{"what could not be read, too", "proc.vmsize", AtEntry, record("fchmod", lost(FactUsage)), absent},
		{"what is too short, too", "proc.vmswap", Whole, record("fchmod", part(FactUsage, "1234567")), absent},
		{"the thread in its namespace", "thread.vtid", Whole, first, "4"},
		{"faults that waited", "thread.pfmajor", Whole, first, "20"},
		{"faults that did not", "thread.pfminor", Whole, first, "300"},
		{"threads", "proc.nthreads", Whole, first, "5"},
		{"threads that are not the first", "proc.nchilds", Whole, first, "4"},
		{"address space", "proc.vmsize", Whole, other, "6000"},
		{"memory", "proc.vmrss", Whole, other, "700"},
		{"swapped", "proc.vmswap", Whole, other, "80"},
		{"the first thread's address space", "thread.vmsize", Whole, first, "6000"},
		{"in bytes", "thread.vmsize.b", Whole, first, "6144000"},
		{"another thread has none", "thread.vmrss.b", Whole, other, "0"},
		{"open descriptors", "proc.fdopencount", Whole, first, "3"},
		{"their limit", "proc.fdlimit", Whole, first, "12"},
		{"in percent of it", "proc.fdusage", Whole, first, "25"},
		{"a device", "fd.dev", Whole, first, "64769"},
		{"its halves", "fd.dev.major", Whole, first, "253"},
		{"and", "fd.dev.minor", Whole, first, "1"},
		{"an inode", "fd.ino", Whole, first, "99"},
		{"a file of the image", "fd.is_lower_layer", Whole, first, "true"},
		{"was not written since", "fd.is_upper_layer", Whole, first, "false"},
		{"the types of all descriptors, as an output has them", "fd.types", Whole, first, "(pipe,file,ipv4)"},
		{"the type of one descriptor", "fd.types[7]", Whole, first, "ipv4"},
		{"of one that there is not", "fd.types[8]", Whole, first, absent},
		{"a name with a thread", "thread.nametid", Whole, other, "cat12"},
	})
}

func TestTypesOfDescriptorsAreListedOnce(t *testing.T) {
	var v View
	v.Begin(useOf(11), nil, Whole)
	f, a := field(t, "fd.types")
	var got []string
	f.Any(&v, a, func(val Value) bool { got = append(got, val.Text); return false })
	if want := []string{"pipe", "file", "ipv4"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFieldsOfIOAndErrors(t *testing.T) {
	send := record("sendto", arg(0, 3), ret(40), sock(stream()))
	refused := record("sendto", arg(0, 3), ret(-32), sock(stream()))
	missing := record("openat", part(1, "/x"), ret(-2))
	logged := record("sendto", arg(0, 3), part(4, unixAddr("/dev/log")), ret(9))
	checkFields(t, nil, []fieldTest{
		{"a call that writes is told by its row", "evt.is_io_write", RowOnly, send, "true"},
		{"and does not read", "evt.is_io_read", RowOnly, send, "false"},
		{"it moves data", "evt.is_io", RowOnly, send, "true"},
		{"outwards", "evt.io_dir", RowOnly, send, "w"},
		{"inwards", "evt.io_dir", RowOnly, record("recvfrom"), "r"},
		{"an open moves none", "evt.io_dir", RowOnly, missing, absent},
		{"how much is the result", "evt.buflen", Whole, send, "40"},
		{"which is not known at the entry", "evt.buflen", AtEntry, record("sendto"), unknown},
		{"a failure moves nothing", "evt.buflen", Whole, refused, absent},
		{"an open moves nothing, as its row tells", "evt.buflen", RowOnly, missing, absent},
		{"outwards only", "evt.buflen.in", Whole, send, absent},
		{"to the network", "evt.buflen.net.out", Whole, send, "40"},
		{"to no file", "evt.buflen.file", Whole, send, absent},
		{"what a descriptor is may still come", "evt.buflen.net", AtEntry, record("sendto"), unknown},
		{"to the log", "evt.is_syslog", Whole, logged, "true"},
		{"not to the log", "evt.is_syslog", Whole, send, "false"},
		{"an open is not written, as its row tells", "evt.is_syslog", RowOnly, missing, "false"},
		{"no call that waits", "evt.is_wait", RowOnly, send, "false"},
		{"an error is counted", "evt.count.error", Whole, missing, "1"},
		{"no error is not", "evt.count.error", Whole, send, absent},
		{"perhaps an error", "evt.count.error", AtEntry, record("openat"), unknown},
		{"an error of a file", "evt.count.error.file", Whole, missing, "1"},
		{"is none of a socket", "evt.count.error.net", Whole, missing, absent},
		{"an error of a socket", "evt.count.error.net", Whole, refused, "1"},
		{"an error of memory", "evt.count.error.memory", Whole, record("mprotect", ret(-12)), "1"},
		{"an error of none of these", "evt.count.error.other", Whole, record("setuid", ret(-1)), "1"},
		{"every event counts", "evt.count", RowOnly, send, "1"},
		{"a call by its name", "evt.type.is.openat", RowOnly, missing, "1"},
		{"not by another", "evt.type.is.open", RowOnly, missing, "0"},
		{"seconds", "evt.rawtime.s", AtEntry, send, "1000000000"},
		{"within the second", "evt.rawtime.ns", AtEntry, send, "0"},
	})
}

func TestTimeSinceTheEventBefore(t *testing.T) {
	v := View{Started: at - 3_000_000_007}
	v.Begin(record("openat"), nil, Whole)
	for _, tt := range []struct {
		field    string
		previous uint64
		want     string
	}{
		{"evt.deltatime", 0, "0"}, {"evt.deltatime", at - 2_000_000_005, "2000000005"},
		{"evt.deltatime.s", at - 2_000_000_005, "2"}, {"evt.deltatime.ns", at - 2_000_000_005, "5"},
		{"evt.reltime.s", 0, "3"}, {"evt.reltime.ns", 0, "7"},
	} {
		v.Previous = tt.previous
		if got := read(t, &v, tt.field); got != tt.want {
			t.Errorf("%s after %d: got %s, want %s", tt.field, tt.previous, got, tt.want)
		}
	}
}
