package kernel

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
)

func factsOf(parts ...event.Part) (facts event.Facts) {
	for _, p := range parts {
		facts |= 1 << p
	}
	return facts
}

// The facts that are compared: of an image, of a process at a call, and of a call's descriptor.
var (
	ofImage      = []event.Part{event.FactExe, event.FactState, event.FactName, event.FactArgs, event.FactEnv, event.FactGroup, event.FactSpaces}
	ofProcess    = []event.Part{event.FactCwd, event.FactStdio, event.FactLimits, event.FactDescriptors, event.FactUsage}
	ofDescriptor = []event.Part{event.FactObject, event.FactSocket, event.FactInode, event.FactFolder}
)

// What the programs write of a process that goes on unchanged is what /proc says of it.
func TestTheFactsOfALiveProcessAreThoseOfProc(t *testing.T) {
	needs := &event.Needs{Process: factsOf(ofImage...)}
	needs.Rows[event.Lookup("execve")] = event.RowNeed{Match: true, State: true}
	needs.Rows[event.Lookup("chdir")] = event.RowNeed{Match: true, Facts: factsOf(ofProcess...)}
	needs.Rows[event.Lookup("setsockopt")] = event.RowNeed{Match: true, Facts: factsOf(ofDescriptor...)}
	w := newWatch(t, needs)
	_, err := os.Stat(os.Args[0]) // marks the time of its inode's last change as asked for
	require.NoError(t, err)
	s := start(t, "sockets", t.TempDir())
	ref := &reference{pid: s.pid}
	ref.proc = procfs.New(&ref.rec)
	ref.proc.Boot, ref.proc.NamespaceStart = w.probe.proc.Boot, w.probe.proc.NamespaceStart // each that reads the clocks is some nanoseconds off
	want := []event.Event{ref.described(factsOf(ofImage...))}
	for fd := firstFD; fd < firstFD+made; fd++ {
		want = append(want, ref.told("setsockopt", uint64(fd), factsOf(ofDescriptor...)))
	}
	want = append(want, ref.told("chdir", 0, factsOf(ofProcess...)))
	s.end()
	compareFacts(t, w.await(t, s.pid), want)
}

// reference makes events of a process of what /proc says now.
type reference struct {
	pid  int
	rec  event.Builder
	proc *procfs.Reader
}

func (r *reference) described(facts event.Facts) event.Event {
	r.proc.Describe(r.pid, facts)
	return slices.Clone(r.rec.Event())
}

// told returns the event of a call.
func (r *reference) told(call string, first uint64, facts event.Facts) event.Event {
	r.rec.Begin(event.Lookup(call), event.Origin{PID: r.pid, TID: r.pid}, event.Now())
	r.rec.SetArgs(&[6]uint64{first})
	r.rec.SetRet(0)
	r.proc.AddFacts(r.pid, r.pid, facts)
	return slices.Clone(r.rec.Event())
}

func compareFacts(t *testing.T, got, want []event.Event) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		for p := event.FactObject; p <= event.FactSpaces; p++ {
			if p == event.FactStdio || p == event.FactDescriptors {
				continue // by their fields
			}
			if p == event.FactUsage {
				compareUsage(t, got[i], want[i])
				continue
			}
			if g, w := factText(got[i], p), factText(want[i], p); g != w {
				t.Errorf("%s of %d: part %d: got %s, /proc says %s", got[i].Row().Name, got[i].Arg(0), p, g, w)
			}
		}
		for _, name := range fieldNames {
			if g, w := fieldText(t, got[i], name), fieldText(t, want[i], name); g != w {
				t.Errorf("%s of %d: %s: got %q, /proc says %q", got[i].Row().Name, got[i].Arg(0), name, g, w)
			}
		}
	}
}

// compareUsage compares what changes all the time, as far as it can be: memory by its order.
func compareUsage(t *testing.T, got, want event.Event) {
	t.Helper()
	g, ok := got.Bytes(event.FactUsage)
	w, asked := want.Bytes(event.FactUsage)
	require.Equal(t, asked, ok)
	if !ok {
		return
	}
	at := func(b []byte, i int) float64 { return float64(int64(binary.LittleEndian.Uint64(b[8*i:]))) }
	require.Equal(t, at(w, event.UsageVTID), at(g, event.UsageVTID))
	for _, i := range []int{event.UsageThreads, event.UsageSize, event.UsageResident} {
		require.InEpsilon(t, at(w, i), at(g, i), 0.5, "number %d", i)
	}
	require.InDelta(t, at(w, event.UsageSwapped), at(g, event.UsageSwapped), 4096, "kB swapped out")
}

func factText(ev event.Event, p event.Part) string {
	b, ok := ev.Bytes(p)
	switch {
	case !ok:
		return "none"
	case p == event.FactState:
		var st event.State
		st.Update(b)
		return fmt.Sprintf("%+v", st)
	}
	return fmt.Sprintf("%q", b)
}

// fieldNames are of facts that the two sources write in different words that mean the same.
var fieldNames = []string{
	"proc.stdin.type", "proc.stdout.type", "proc.stderr.type", "proc.stdin.name", "proc.stdout.name", "proc.stderr.name", "fd.type",
	"fd.types[0]", "fd.types[3]", "fd.types[6]", "fd.types[100]", "fd.types[103]", "fd.types[106]", "fd.types[114]", "fd.types[115]", "fd.types[117]",
}

func fieldText(t *testing.T, ev event.Event, name string) string {
	t.Helper()
	base, inner, _ := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	field, _, ok := event.LookupField(base)
	require.True(t, ok, "no field %s", base)
	var v event.View
	v.Begin(ev, &event.Process{}, event.Whole)
	return fmt.Sprintf("%+v", field.Get(&v, event.NewArg(inner)))
}

// firstFD is the number of the first descriptor that useSockets makes, and made how many it makes.
const (
	firstFD = 100
	made    = 18
)

// useSockets makes descriptors of all kinds, names each in a call, and changes to the folder that it is in.
func useSockets(folder string) {
	next := firstFD
	keep := func(fds ...int) {
		for _, fd := range fds {
			must(unix.Dup2(fd, next))
			must(unix.Close(fd))
			next++
		}
	}
	keep(connected(unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})...)
	keep(connected(unix.AF_INET6, &unix.SockaddrInet6{Addr: [16]byte{15: 1}})...)
	keep(connected(unix.AF_UNIX, &unix.SockaddrUnix{Name: filepath.Join(folder, "bound")})...)
	keep(connected(unix.AF_UNIX, &unix.SockaddrUnix{Name: "@tiercel-test-abstract"})...)
	udp := get(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0))
	must(unix.Connect(udp, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}))
	var pipe [2]int
	must(unix.Pipe(pipe[:]))
	keep(udp, get(unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)), get(unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, 0)))
	keep(pipe[0], get(unix.Open("/etc/hostname", unix.O_RDONLY, 0)), get(unix.Open(folder, unix.O_RDONLY, 0)))
	for fd := firstFD; fd < next; fd++ {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1) // that it is of no socket is one of the cases
	}
	must(os.Chdir(folder))
}

// connected returns a socket that listens at the address, one that has connected to it, and the other's end.
func connected(domain int, at unix.Sockaddr) []int {
	server := get(unix.Socket(domain, unix.SOCK_STREAM, 0))
	must(unix.Bind(server, at))
	must(unix.Listen(server, 1))
	client := get(unix.Socket(domain, unix.SOCK_STREAM, 0))
	must(unix.Connect(client, get(unix.Getsockname(server))))
	accepted, _, err := unix.Accept(server)
	must(err)
	return []int{server, client, accepted}
}

func get[T any](v T, err error) T {
	must(err)
	return v
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
