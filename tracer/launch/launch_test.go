package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// launcherVariable makes the test binary a launcher of its arguments, with a filter.
const launcherVariable = "TIERCEL_TEST_LAUNCHER"

func TestMain(m *testing.M) {
	if os.Getenv(launcherVariable) != "" {
		os.Exit(launchFiltered(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func launchFiltered(argv []string) int {
	filter, err := watchChroot()
	if err != nil {
		return ExitFailed
	}
	child, err := Start(Command{Path: argv[0], Argv: argv})
	if err != nil {
		return ExitFailed
	}
	defer child.Close()
	if errors.Join(child.Ready(), child.Open(filter, seccomp.ByTrace)) != nil {
		return ExitFailed
	}
	code, _ := child.Wait()
	return code
}

// watchChroot returns a filter that lets all calls but chroot alone.
func watchChroot() (seccomp.Program, error) {
	var needs event.Needs
	needs.Rows[event.Lookup("chroot")].Match = true
	filter, _, err := seccomp.Compile(&needs, seccomp.ByTrace)
	return filter, err
}

// start starts a shell's script.
func start(t *testing.T, script string, args ...string) *Child {
	t.Helper()
	command, err := Find(append([]string{"sh", "-c", script, "sh"}, args...))
	require.NoError(t, err)
	child, err := Start(command)
	require.NoError(t, err)
	require.NoError(t, child.Ready())
	t.Cleanup(child.Close)
	return child
}

// output runs a script, which writes to the file that is its first argument, and returns what it wrote.
func output(t *testing.T, filter seccomp.Program, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "output")
	child := start(t, script, path)
	require.NoError(t, child.Open(filter, seccomp.ByTrace))
	code, err := child.Wait()
	require.NoError(t, err)
	require.Zero(t, code)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestFindTellsWhatAShellWould(t *testing.T) {
	for _, c := range []struct {
		name string
		want int
	}{{"no-such-command-here", ExitNotFound}, {"./no/such", ExitNotFound}, {"/", ExitNotExec}, {"/proc/self/status", ExitNotExec}} {
		_, err := Find([]string{c.name})
		var start *StartError
		if !errors.As(err, &start) || start.Code != c.want {
			t.Errorf("%s: got %v, want status %d", c.name, err, c.want)
		}
	}
}

func TestWaitReturnsWhatAShellWould(t *testing.T) {
	for _, c := range []struct {
		script string
		want   int
	}{{"exit 0", 0}, {"exit 7", 7}, {"exit 127", 127}, {"kill -9 $$", 137}, {"kill -15 $$", 143}} {
		child := start(t, c.script)
		require.NoError(t, child.Open(nil, seccomp.ByTrace))
		if code, err := child.Wait(); code != c.want || err != nil {
			t.Errorf("%s: got %d, %v, want %d", c.script, code, err, c.want)
		}
	}
}

func TestNothingDoesNothing(t *testing.T) {
	child, err := Start(Nothing())
	require.NoError(t, err)
	defer child.Close()
	require.NoError(t, errors.Join(child.Ready(), child.Open(nil, seccomp.ByTrace)))
	if code, err := child.Wait(); code != 0 || err != nil {
		t.Errorf("got %d, %v, want 0", code, err)
	}
}

func TestTheChildWaitsUntilTheGateIsOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ran")
	child := start(t, `: >"$1"`, path)
	time.Sleep(50 * time.Millisecond) // were there no gate, the shell would long have run
	self, err := os.Readlink("/proc/self/exe")
	require.NoError(t, err)
	if got, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", child.PID)); got != self {
		t.Errorf("before: got %s, %v, want %s", got, err, self)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("before: got %v, want no file", err)
	}
	require.NoError(t, child.Open(nil, seccomp.ByTrace))
	_, err = child.Wait()
	require.NoError(t, err)
	if _, err := os.Stat(path); err != nil {
		t.Errorf("after: got %v, want a file", err)
	}
}

func TestAChildThatIsGivenUpEndsWithoutHavingRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ran")
	child := start(t, `: >"$1"`, path)
	child.Close()
	var status unix.WaitStatus
	_, err := unix.Wait4(child.PID, &status, 0, nil)
	require.NoError(t, err)
	if got := ExitCode(status); got != ExitFailed {
		t.Errorf("got status %d, want %d", got, ExitFailed)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no file", err)
	}
}

// Ended before its gate is open, it would leave a launcher that waits for it.
func TestASignalThatComesEarlyIsTheCommands(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGUSR1, 40} {
		path := filepath.Join(t.TempDir(), "ran")
		child := start(t, `: >"$1"`, path)
		require.NoError(t, unix.Kill(child.PID, sig))
		require.NoError(t, child.Open(nil, seccomp.ByTrace), "it has ended")
		code, err := child.Wait()
		require.NoError(t, err)
		if _, err := os.Stat(path); code != 128+int(sig) || !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: got status %d, %v, want that it ends the command before that has run", sig, code, err)
		}
	}
}

func TestACommandThatCannotBeExecutedIsAnError(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, content string
		want          int
	}{{"no interpreter", "#!/no/interpreter\n", ExitNotFound}, {"no access", "#!" + dir + "\n", ExitNotExec}} {
		path := filepath.Join(dir, c.name)
		require.NoError(t, os.WriteFile(path, []byte(c.content), 0o755))
		child, err := Start(Command{Path: path, Argv: []string{path}})
		require.NoError(t, err)
		defer child.Close()
		require.NoError(t, errors.Join(child.Ready(), child.Open(nil, seccomp.ByTrace)))
		code, err := child.Wait()
		var start *StartError
		if !errors.As(err, &start) || start.Code != c.want || code != c.want || !strings.Contains(err.Error(), "run "+path) {
			t.Errorf("%s: got %d, %v, want status %d", c.name, code, err, c.want)
		}
	}
}

func TestFailureTellsHowAChildEndedBeforeItRan(t *testing.T) {
	for _, c := range []struct {
		signal unix.Signal
		code   int
		want   string
	}{{unix.SIGKILL, 137, "start command: killed by signal 9 before it ran"}, {0, 3, "start command: child ended with status 3 before it ran: EOF"}} {
		child := start(t, "exit 0")
		require.NoError(t, unix.Kill(child.PID, unix.SIGKILL))
		if err := child.Failure(c.code); err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
		_, err := unix.Wait4(child.PID, nil, 0, nil)
		require.NoError(t, err)
	}
}

func TestAScriptWithoutAnInterpreterIsTheShells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(path, []byte("exit $1\n"), 0o755))
	child, err := Start(Command{Path: path, Argv: []string{path, "5"}})
	require.NoError(t, err)
	defer child.Close()
	require.NoError(t, errors.Join(child.Ready(), child.Open(nil, seccomp.ByTrace)))
	if code, err := child.Wait(); code != 5 || err != nil {
		t.Errorf("got %d, %v, want 5", code, err)
	}
}

func TestTheCommandGetsNoDescriptorOfTheLaunch(t *testing.T) {
	filter, err := watchChroot()
	require.NoError(t, err)
	const list = `ls -l /proc/$$/fd >"$1"; true`
	for name, filter := range map[string]seccomp.Program{"with a filter": filter, "without": nil} {
		child := output(t, filter, list)
		plain := exec.Command("sh", "-c", list, "sh", filepath.Join(t.TempDir(), "output"))
		plain.Stdin, plain.Stdout, plain.Stderr = os.Stdin, os.Stdout, os.Stderr
		require.NoError(t, plain.Run())
		b, err := os.ReadFile(plain.Args[4])
		require.NoError(t, err)
		if got, want := strings.Count(child, "\n"), strings.Count(string(b), "\n"); got != want || strings.Contains(child, "tiercel-filter") {
			t.Errorf("%s: got %d descriptors, want %d: %s", name, got, want, child)
		}
	}
}

// privileges are the lines of /proc/PID/status that a filter changes.
const privileges = `grep -E '^(NoNewPrivs|Seccomp):' /proc/$$/status | tr -d '\t' >"$1"`

func TestWithoutAFilterTheCommandKeepsItsPrivileges(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "output")
	require.NoError(t, exec.Command("sh", "-c", privileges, "sh", plain).Run())
	want, err := os.ReadFile(plain)
	require.NoError(t, err)
	if got := output(t, nil, privileges); got != string(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWithAFilterItsCallsAreFiltered(t *testing.T) {
	filter, err := watchChroot()
	require.NoError(t, err)
	got := strings.Fields(output(t, filter, privileges))
	if !slices.Contains(got, "Seccomp:2") {
		t.Errorf("got %v, want a filter (Seccomp:2)", got)
	}
}

// Who may not install a filter otherwise forgoes new privileges for it.
func TestAFilterOfAnOrdinaryUserForgoesNewPrivileges(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become an ordinary user")
	}
	dir, err := os.MkdirTemp("", "tiercel")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.Chmod(dir, 0o777))
	path := filepath.Join(dir, "output")
	launcher := exec.Command("/proc/self/exe", "/bin/sh", "-c", privileges, "sh", path) // the binary's own folder is closed to other users
	launcher.Env, launcher.Dir = append(os.Environ(), launcherVariable+"=1"), "/"
	launcher.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	require.NoError(t, launcher.Run())
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	if want := "NoNewPrivs:1\nSeccomp:2\n"; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Whoever traces the child knows one thread of it: the first.
func TestTheChildWaitsOnItsFirstThread(t *testing.T) {
	const many = 64 // so that they contend, and are moved about
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			child, err := Start(Nothing())
			if err != nil {
				t.Error(err)
				return
			}
			defer child.Close()
			reads := func() bool { return callOf(child.PID) == unix.SYS_READ }
			if !assert.Eventually(t, reads, 2*time.Second, 10*time.Millisecond) {
				t.Errorf("the first thread waits in call %d, want read", callOf(child.PID))
			}
		})
	}
	all.Wait()
}

// callOf returns the system call that a thread waits in, or -1 where it runs.
func callOf(tid int) int {
	call := -1
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", tid))
	if err == nil {
		_, _ = fmt.Sscan(string(b), &call) // else it runs
	}
	return call
}
