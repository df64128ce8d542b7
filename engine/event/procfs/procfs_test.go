package procfs

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// child runs a shell's script, which says when it is ready and then waits, until the test ends.
func child(t *testing.T, script string) (pid int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script+"; echo ready; read wait")
	hold, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = hold.Close()
		_ = cmd.Wait() // its status says that nothing was read
	})
	_, err = out.Read(make([]byte, 16))
	require.NoError(t, err)
	return cmd.Process.Pid
}

// describe returns the record of a process, with the facts.
func describe(pid int, facts ...event.Part) event.Event {
	var rec event.Builder
	New(&rec).Describe(pid, set(facts))
	return rec.Event()
}

func set(parts []event.Part) (facts event.Facts) {
	for _, p := range parts {
		facts |= 1 << p
	}
	return facts
}

// opened returns the record of a finished openat of a process, with the facts.
func opened(pid, fd int, facts ...event.Part) event.Event {
	var rec event.Builder
	rec.Begin(event.Lookup("openat"), event.Origin{PID: pid, TID: pid}, event.Now())
	rec.SetRet(int64(fd))
	New(&rec).AddFacts(pid, pid, set(facts))
	return rec.Event()
}

func text(t *testing.T, ev event.Event, part event.Part) string {
	t.Helper()
	b, ok := ev.Bytes(part)
	require.True(t, ok, "part %d is not there", part)
	return string(b)
}

func state(t *testing.T, ev event.Event) (st event.State) {
	t.Helper()
	st.Update([]byte(text(t, ev, event.FactState)))
	return st
}

func TestAProcessIsDescribedByWhatItIs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TIERCEL_TEST_MARK", "here")
	pid := child(t, "cd "+dir)
	ev := describe(pid, event.FactEnv, event.FactGroup)
	if ev.RowIndex() != event.RowProcInfo || ev.PID() != pid || ev.TID() != pid {
		t.Errorf("got row %d of %d, %d, want %d of %d", ev.RowIndex(), ev.PID(), ev.TID(), event.RowProcInfo, pid)
	}
	shell, err := os.Readlink(procPath(pid, "exe"))
	require.NoError(t, err)
	for part, want := range map[event.Part]string{event.FactName: "sh", event.FactCwd: dir, event.FactExe: shell} {
		if got := text(t, ev, part); got != want {
			t.Errorf("part %d: got %q, want %q", part, got, want)
		}
	}
	if got := text(t, ev, event.FactArgs); !strings.HasPrefix(got, "sh\x00-c\x00cd ") || !strings.HasSuffix(got, "\x00") {
		t.Errorf("arguments: got %q, want those of the shell", got)
	}
	if got := text(t, ev, event.FactEnv); !strings.Contains(got, "TIERCEL_TEST_MARK=here\x00") {
		t.Errorf("environment: got %q, want the mark in it", got)
	}
	if !ev.Has(event.FactGroup) || ev.Has(event.FactSpaces) {
		t.Errorf("got group %v, namespaces %v, want just what was asked for", ev.Has(event.FactGroup), ev.Has(event.FactSpaces))
	}
}

func TestAProcessIsDescribedByItsNumbers(t *testing.T) {
	before := time.Now().Add(-time.Second) // the kernel counts its start in hundredths
	pid := child(t, "true")
	st := state(t, describe(pid))
	sid, err := unix.Getsid(0)
	require.NoError(t, err)
	got := []int64{st.PID, st.PPID, st.PGID, st.SID, st.UID, st.EUID, st.GID, st.EGID}
	want := []int64{int64(pid), int64(os.Getpid()), int64(unix.Getpgrp()), int64(sid), int64(os.Getuid()), int64(os.Geteuid()), int64(os.Getgid()), int64(os.Getegid())}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if start := time.Unix(0, st.Start); start.Before(before) || start.After(time.Now().Add(time.Second)) {
		t.Errorf("start: got %v, want it after %v", start, before)
	}
	var shell unix.Stat_t
	require.NoError(t, unix.Stat(procPath(pid, "exe"), &shell))
	if st.ExeIno != int64(shell.Ino) || st.ExeMtime != shell.Mtim.Nano() {
		t.Errorf("image: got %d of %d, want %d of %d", st.ExeIno, st.ExeMtime, shell.Ino, shell.Mtim.Nano())
	}
}

func TestNamespacesAreThoseThatTheLinksName(t *testing.T) {
	pid := child(t, "true") // has made no namespace of its own
	var got event.Spaces
	got.Update([]byte(text(t, describe(pid, event.FactSpaces), event.FactSpaces)))
	for name, n := range map[string]int64{"pid": got.PID, "net": got.Net, "ipc": got.IPC} {
		link, err := os.Readlink("/proc/self/ns/" + name)
		require.NoError(t, err)
		if want := name + ":[" + strconv.FormatInt(n, 10) + "]"; link != want {
			t.Errorf("got %s, want %s", want, link)
		}
	}
}

func TestOfAProcessThatIsGoneNothingIsRead(t *testing.T) {
	cmd := exec.Command("true")
	require.NoError(t, cmd.Run())
	ev := describe(cmd.Process.Pid, event.FactEnv)
	for _, part := range []event.Part{event.FactName, event.FactExe, event.FactArgs, event.FactCwd, event.FactEnv} {
		if b, ok := ev.Bytes(part); ok || !ev.Has(part) {
			t.Errorf("part %d: got %q %v, want it marked unreadable", part, b, ok)
		}
	}
	if pid, ppid := Family(cmd.Process.Pid); pid != cmd.Process.Pid || ppid != 0 {
		t.Errorf("family: got %d of %d, want itself, of nobody", pid, ppid)
	}
}

func TestAncestorsAreTheOldestFirst(t *testing.T) {
	pid := child(t, "true")
	chain := Ancestors(pid)
	if n := len(chain); n < 2 || chain[n-1] != pid || chain[n-2] != os.Getpid() {
		t.Fatalf("got %v, want %d and %d last", chain, os.Getpid(), pid)
	}
	for i, older := range chain[:len(chain)-1] {
		if _, parent := Family(chain[i+1]); parent != older {
			t.Errorf("got %d above %d, want %d", older, chain[i+1], parent)
		}
	}
	if _, above := Family(chain[0]); above != 0 {
		t.Errorf("got %d as the oldest, which is below %d", chain[0], above)
	}
}

func TestAThreadIsOfItsProcess(t *testing.T) {
	threads, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	for _, entry := range threads {
		tid, err := strconv.Atoi(entry.Name())
		require.NoError(t, err)
		if pid, ppid := Family(tid); pid != os.Getpid() || ppid != os.Getppid() {
			t.Errorf("thread %d: got %d of %d, want %d of %d", tid, pid, ppid, os.Getpid(), os.Getppid())
		}
	}
}

func TestProcessesAreAllButNoThreads(t *testing.T) {
	pid := child(t, "true")
	all, err := Processes()
	require.NoError(t, err)
	for _, want := range append(Ancestors(pid), 1) {
		if !slices.Contains(all, want) {
			t.Errorf("got %v, want %d in it", all, want)
		}
	}
	for _, got := range all {
		if of, _ := Family(got); of != got {
			t.Errorf("got %d, which is a thread of %d", got, of)
		}
	}
}

func TestTheMachineStartedBeforeItsFirstProcess(t *testing.T) {
	r := New(new(event.Builder))
	b, err := os.ReadFile("/proc/stat")
	require.NoError(t, err)
	_, rest, found := bytes.Cut(b, []byte("\nbtime "))
	require.True(t, found)
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	if got, want := int64(r.Boot)/int64(time.Second), number(line); got < want-2 || got > want+2 {
		t.Errorf("boot: got second %d, want %d", got, want)
	}
	if first := state(t, describe(1)); absolute(int64(r.NamespaceStart)-first.Start) > int64(time.Second) || r.NamespaceStart < r.Boot {
		t.Errorf("namespace: got %d, want %d, after boot at %d", r.NamespaceStart, first.Start, r.Boot)
	}
}

func absolute(n int64) int64 { return max(n, -n) }

func TestFactsOfAnOpenedFileAreReadOnceEach(t *testing.T) {
	pid := child(t, "ulimit -n 77; exec 7</etc/passwd 8</etc")
	ev := opened(pid, 7, event.FactObject, event.FactFolder, event.FactInode, event.FactLimits, event.FactDescriptors, event.FactStdio)
	var file unix.Stat_t
	require.NoError(t, unix.Stat("/etc/passwd", &file))
	if got := text(t, ev, event.FactObject); got != "/etc/passwd" {
		t.Errorf("object: got %q, want /etc/passwd", got)
	}
	if got := text(t, ev, event.FactDescriptors); !strings.Contains(got, "7 file\x00") || !strings.Contains(got, "8 directory\x00") {
		t.Errorf("descriptors: got %q, want 7 as a file and 8 as a directory", got)
	}
	if got := text(t, ev, event.FactStdio); strings.Count(got, "\x00") != 3 || !strings.HasPrefix(got, "pipe pipe:[") {
		t.Errorf("standard streams: got %q, want three, a pipe first", got)
	}
	inode := event.AppendNumbers(nil, int64(file.Dev), int64(file.Ino))
	if got := text(t, ev, event.FactInode); !strings.HasPrefix(got, string(inode)) {
		t.Errorf("inode: got %x, want %x", got, inode)
	}
	for fd, want := range map[int]int64{7: 0, 8: 1} {
		if got := text(t, opened(pid, fd, event.FactObject, event.FactFolder), event.FactFolder); got != string(event.AppendNumbers(nil, want)) {
			t.Errorf("descriptor %d: got folder %x, want %d", fd, got, want)
		}
	}

	var rec event.Builder
	rec.Load(ev)
	New(&rec).AddFacts(pid, pid, set([]event.Part{event.FactObject, event.FactInode, event.FactLimits, event.FactStdio}))
	if !bytes.Equal(rec.Event(), ev) {
		t.Errorf("asked again: got %d bytes, want %d", len(rec.Event()), len(ev))
	}
}

func TestARelativePathStartsFromItsFolder(t *testing.T) {
	pid := child(t, "cd /usr; exec 8</etc")
	for fd, want := range map[int]string{unix.AT_FDCWD: "/usr", 8: "/etc"} {
		var rec event.Builder
		rec.Begin(event.Lookup("openat"), event.Origin{PID: pid, TID: pid}, event.Now())
		New(&rec).AddBase(event.Base+1, pid, fd)
		if got := text(t, rec.Event(), event.Base+1); got != want {
			t.Errorf("descriptor %d: got %s, want %s", fd, got, want)
		}
	}
}

// Where a duplicate of the descriptor is refused, the kernel's tables say the same.
func TestASocketIsTheSameByDuplicateAndByTable(t *testing.T) {
	l, err := net.ListenPacket("udp4", "127.0.0.1:0") // Go's listeners of TCP are MPTCP's, which no table tells
	require.NoError(t, err)
	defer l.Close()
	f, err := l.(*net.UDPConn).File()
	require.NoError(t, err)
	defer f.Close()
	fd := int(f.Fd())
	name, err := os.Readlink(procPath(os.Getpid(), fdLink(fd)))
	require.NoError(t, err)
	byTable, ok := socketByTable(os.Getpid(), strings.Trim(name, "socket:[]"))
	require.True(t, ok)
	byDuplicate, ok := socketByDuplicate(os.Getpid(), fd)
	if !ok {
		t.Skip("pidfd_getfd is refused here")
	}
	if got, want := byTable.Append(nil), byDuplicate.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("got %+v, want %+v", byTable, byDuplicate)
	}
}

func TestTheContainerIsToldByItsEnginesMounts(t *testing.T) {
	id := strings.Repeat("0123abcd", 8)
	line := func(root, point string) string {
		return "601 595 254:0 " + root + " " + point + " rw,relatime - ext4 /dev/vda rw\n"
	}
	other := line("/", "/var/lib/docker/containers/"+id+"/mounts/shm") // on the engine's host
	for mounts, want := range map[string]string{
		other + line("/var/lib/docker/containers/"+id+"/hostname", "/etc/hostname"): "0::/docker/" + id,
		line("/containers/"+id+"/hostname", "/etc/hostname"):                        "0::/" + id, // Docker's folder is a file system of its own
		other: "",
		line("/var/lib/containers/storage/overlay-containers/"+id+"/userdata/hostname", "/etc/hostname"): "",
		line("/home/ann/containers/"+id+"/hostname", "/srv"):                                             "",
		line("/home/ann/containers/site/hostname", "/etc/hostname"):                                      "",
		"half a line": "",
	} {
		if got := groupOfMounts(mounts); got != want {
			t.Errorf("%q: got %q, want %q", mounts, got, want)
		}
	}
}

func TestOurMountsAreToldFromOthers(t *testing.T) {
	r := New(&event.Builder{})
	if !r.inOurMounts(os.Getpid()) {
		t.Error("got our own mount namespace as another")
	}
	r.ourMounts++
	if r.inOurMounts(os.Getpid()) {
		t.Error("got another mount namespace as ours")
	}
	if r.inOurMounts(1 << 30) {
		t.Error("got the mount namespace of no process as ours")
	}
}
