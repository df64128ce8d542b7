package tracer

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// Only for what waits for a disk alone may an interrupt wait: who opens a FIFO or a
// device waits for others, and who serves /proc or a network's files is not known.
func TestWhatIsPlain(t *testing.T) {
	dir := t.TempDir()
	fifo, file, link := filepath.Join(dir, "fifo"), filepath.Join(dir, "file"), filepath.Join(dir, "link")
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Symlink("fifo", link))
	_, err := os.Stat(filepath.Join(dir, "none")) // now it is known that it is not there
	require.ErrorIs(t, err, os.ErrNotExist)
	t.Chdir(dir)
	d := New(Config{Needs: &event.Needs{}, Stops: seccomp.ByNotice}).door.(*noticed)
	row := &event.Table[event.Lookup("openat")]
	at := unix.AT_FDCWD
	for path, want := range map[string]bool{
		file: true, "file": true, dir: true, filepath.Join(dir, "none"): true, "none": true, "": false,
		fifo: false, "fifo": false, link: false, "/dev/null": false, "/proc/self/status": false, "file/x": false,
	} {
		errno := d.look(os.Getpid(), row, 1, func(int) uint64 { return uint64(at) }, []byte(path))
		if got := d.isPlain(os.Getpid(), errno, false); got != want {
			t.Errorf("%q: got %v, want %v (errno %d)", path, got, want, errno)
		}
		if d.isPlain(os.Getpid(), errno, true) && errno != 0 {
			t.Errorf("%q: got that it may be made anywhere", path)
		}
	}
}

// A relative path starts where its descriptor is.
func TestLookFromADescriptor(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	f, err := os.Open(dir)
	require.NoError(t, err)
	defer f.Close()
	d := New(Config{Needs: &event.Needs{}, Stops: seccomp.ByNotice}).door.(*noticed)
	errno := d.look(os.Getpid(), &event.Table[event.Lookup("openat")], 1, func(int) uint64 { return uint64(f.Fd()) }, []byte("fifo"))
	require.Zero(t, errno)
	require.Equal(t, unix.S_IFIFO, int(d.file.Mode)&unix.S_IFMT)
}

func TestAConnectThatWaitsForNobodyStopsOnce(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil || !showsResult {
		t.Skip("wants python3, which connects, and an architecture where a call's result shows at any stop (amd64)")
	}
	script := "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nfor i in range(100): s.connect(('127.0.0.1', 9))"
	tr, events, err := runThrough(t, seccomp.ByNotice, watching("connect"), verdict(event.Watch), "python3", "-c", script)
	require.NoError(t, err)
	if connects := len(rows(events, "connect")); connects < 100 || tr.Counters().Exit > uint64(connects-100) {
		t.Errorf("got %d connects and %d stops at a call's end, want 100 without", connects, tr.Counters().Exit)
	}
}
