package tracer

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
	"tiercel/tracer/launch"
)

// programs makes a folder of programs that anybody may execute: copies of cat,
// which waits for its input.
func programs(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, whose programs they are, and to become another user")
	}
	dir, err := os.MkdirTemp("", "tiercel") // a test's own folder is closed to other users
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	cat, err := os.ReadFile("/bin/cat")
	require.NoError(t, err)
	for name, mode := range map[string]uint32{"plain": 0o755, "setuid": 0o4755, "closed": 0o4711, "setgid": 0o2755, "locking": 0o2745, "capable": 0o755} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, cat, 0o755))
		require.NoError(t, unix.Chmod(path, mode))
	}
	netRaw := []byte("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	require.NoError(t, unix.Setxattr(filepath.Join(dir, "capable"), "security.capability", netRaw, 0))
	return dir
}

// asNobody starts a program as an ordinary user, who forgoes new privileges or not.
func asNobody(t *testing.T, path string, forgoing bool) (pid int) {
	t.Helper()
	// The shell is there as setpriv itself keeps root's capabilities until it executes something.
	argv := []string{"--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", `exec "$0"`, path}
	if forgoing {
		argv = append([]string{"--no-new-privs"}, argv...)
	}
	cmd := exec.Command("setpriv", argv...)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		require.NoError(t, cmd.Wait())
	})
	_, err = in.Write([]byte("runs"))
	require.NoError(t, err)
	_, err = out.Read(make([]byte, 4)) // it is the program by then
	require.NoError(t, err)
	return cmd.Process.Pid
}

func TestPrivilegeThatAFileDidNotGiveIsLost(t *testing.T) {
	dir := programs(t)
	for _, c := range []struct {
		name     string
		forgoing bool
		want     bool
	}{
		{"plain", true, false}, {"locking", true, false},
		{"setuid", true, true}, {"closed", true, true}, {"setgid", true, true}, {"capable", true, true},
		{"setuid", false, false}, {"setgid", false, false}, {"capable", false, false},
	} {
		path := filepath.Join(dir, c.name)
		got, lost := setuidLost(asNobody(t, path, c.forgoing), path)
		if lost != c.want || lost && got != path {
			t.Errorf("%s, no_new_privs %v: got %q, %v, want %v", c.name, c.forgoing, got, lost, c.want)
		}
	}
}

func TestAMountWithoutSetuidLosesNothing(t *testing.T) {
	dir := programs(t)
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID, "mode=755"))
	defer func() { require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) }()
	require.NoError(t, exec.Command("cp", "/bin/cat", dir+"/setuid").Run())
	require.NoError(t, unix.Chmod(dir+"/setuid", 0o4755))
	if path, lost := setuidLost(asNobody(t, dir+"/setuid", false), ""); lost {
		t.Errorf("got that %s lost it, want nothing to lose", path)
	}
}

func TestALossIsToldOnce(t *testing.T) {
	dir := programs(t)
	needs := watching()
	filter, _, err := seccomp.Compile(needs, seccomp.ByTrace)
	require.NoError(t, err)
	command, err := launch.Find([]string{"setpriv", "--no-new-privs", "--reuid=65534", "--regid=65534", "--clear-groups",
		"sh", "-c", strings.ReplaceAll("D/plain; D/setgid; D/setuid; D/setgid", "D", dir)})
	require.NoError(t, err)
	var told []string
	tr := New(Config{Child: started(t, command), Needs: needs, Filter: filter, Gate: verdict(event.Drop), OnSetuid: func(path string) { told = append(told, path) }})
	ring := event.NewRing(event.DefaultRing)
	go func() { _ = ring.Drain(context.Background(), func(event.Event) {}) }()
	require.NoError(t, tr.Run(context.Background(), ring))
	require.Equal(t, []string{dir + "/setgid"}, told)
}
