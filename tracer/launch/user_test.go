package launch

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/seccomp"
)

// who is what a process is to the kernel, and takes itself for.
const who = `{ grep -E '^(Uid|Gid|Groups|NoNewPrivs):' /proc/$$/status | tr -s '\t ' ' '; echo "$HOME $USER $LEFT"; } >"$1"`

func TestTheCommandRunsAsTheUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	t.Setenv("LEFT", "alone")
	filter, err := watchChroot()
	require.NoError(t, err)
	for name, filter := range map[string][]byte{"with a filter": filter, "without": nil} {
		out, err := os.CreateTemp("", "tiercel") // a test's own folder is closed to other users
		require.NoError(t, err)
		defer os.Remove(out.Name())
		require.NoError(t, out.Chmod(0o666))
		command, err := Find([]string{"sh", "-c", who, "sh", out.Name()})
		require.NoError(t, err)
		command.As = &User{UID: 123, GID: 456, Groups: []int{7, 8}, Env: []string{"HOME=/there", "USER=someone"}}
		child, err := Start(command)
		require.NoError(t, err)
		defer child.Close()
		require.NoError(t, errors.Join(child.Ready(), child.Open(filter, seccomp.ByTrace)))
		code, err := child.Wait()
		require.NoError(t, err)
		require.Zero(t, code)
		got, err := os.ReadFile(out.Name())
		require.NoError(t, err)
		want := "Uid: 123 123 123 123\nGid: 456 456 456 456\nGroups: 7 8\nNoNewPrivs: 0\n/there someone alone\n"
		if strings.ReplaceAll(string(got), " \n", "\n") != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestAUserThatCannotBeHadIsAnError(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to have something refused that is not for lack of it")
	}
	command := Nothing()
	command.As = &User{Groups: []int{1<<32 - 1}} // to the kernel, no group
	child, err := Start(command)
	require.NoError(t, err)
	defer child.Close()
	require.NoError(t, errors.Join(child.Ready(), child.Open(nil, seccomp.ByTrace)))
	if _, err := child.Wait(); err == nil || err.Error() != "change user: setgroups: invalid argument" {
		t.Errorf("got %v, want that it is refused", err)
	}
}
