package output

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tiercel/engine"
	"tiercel/rules"
)

func alert(rule string) *engine.Alert {
	return &engine.Alert{
		Time: time.Unix(0, 1_000_000_000_000_000_000), Rule: rule, Priority: rules.WarningPriority, Source: "syscall",
		Hostname: "box", Message: "a -> b", Fields: map[string]any{"fd.num": int64(3), "fd.name": nil},
	}
}

func open1(t *testing.T, spec string) *Output {
	t.Helper()
	out, err := Open(spec)
	require.NoError(t, err)
	return out
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, spec, want string
	}{
		{"an unknown format", "xml=stderr", `unknown output format "xml": want one of json, text`},
		{"no format", "", `unknown output format ""`},
		{"a folder", "text=" + dir, "is a directory"},
		{"a file in no folder", "json=" + dir + "/none/x", "no such file"},
		{"a socket that nobody listens on", "json=unix:" + dir + "/none", "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := Open(tt.spec)
			if out != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want %q", out, err, tt.want)
			}
		})
	}
	if _, err := Open("text=" + dir + "/none/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

func TestStandardStreams(t *testing.T) {
	for spec, want := range map[string]*os.File{"text": os.Stderr, "text=": os.Stderr, "json=stderr": os.Stderr, "json=stdout": os.Stdout} {
		out := open1(t, spec)
		if got := out.w.(stream).File; got != want {
			t.Errorf("%q: got %s, want %s", spec, got.Name(), want.Name())
		}
		if err := out.Close(); err != nil {
			t.Errorf("%q: got %v, want no error", spec, err)
		}
		if _, err := want.Stat(); err != nil {
			t.Errorf("%q: got a stream that is closed, want it left open", spec)
		}
	}
}

func TestFilesAreAppendedTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts=now")
	for _, rule := range []string{"one", "two"} {
		out := open1(t, "json="+path)
		require.NoError(t, out.Write(alert(rule)))
		require.NoError(t, out.Write(alert(rule)))
		require.NoError(t, out.Close())
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	if got, want := strings.Join(rulesOf(t, strings.NewReader(string(b))), " "), "one one two two"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %v, want that nobody else reads it", got)
	}
}

// rulesOf returns the rule of each line of JSON.
func rulesOf(t *testing.T, lines interface{ Read([]byte) (int, error) }) (names []string) {
	t.Helper()
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		var a struct {
			Rule string `json:"rule"`
		}
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &a), "%s", scanner.Text())
		names = append(names, a.Rule)
	}
	require.NoError(t, scanner.Err())
	return names
}

func TestUnixSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer listener.Close()
	got := make(chan []string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			t.Error(err)
			got <- nil
			return
		}
		got <- rulesOf(t, conn)
	}()
	out := open1(t, "json=unix:"+path)
	require.NoError(t, out.Write(alert("one")))
	require.NoError(t, out.Write(alert("two")))
	require.NoError(t, out.Close())
	if names := strings.Join(<-got, " "); names != "one two" {
		t.Errorf("got %s, want one two", names)
	}
}

// writes counts what is written, and fails if it is told to.
type writes struct {
	all []string
	err error
}

func (w *writes) Write(b []byte) (int, error) {
	w.all = append(w.all, string(b))
	return len(b), w.err
}

func (w *writes) Close() error { return nil }

func TestAnAlertIsOneLineInOneWrite(t *testing.T) {
	a := alert("two\nlines")
	a.Fields["proc.name"] = "x\ny"
	for _, format := range Formats() {
		w := &writes{}
		out := &Output{"test", formats[format], false, w}
		require.NoError(t, out.Write(a))
		if len(w.all) != 1 || strings.Count(w.all[0], "\n") != 1 || !strings.HasSuffix(w.all[0], "\n") {
			t.Errorf("%s: got %q, want one write of one line", format, w.all)
		}
	}
}

func TestArrowsStayReadableInJSON(t *testing.T) {
	w := &writes{}
	require.NoError(t, (&Output{"test", formats["json"], false, w}).Write(alert("one")))
	if !strings.Contains(w.all[0], "a -> b") {
		t.Errorf("got %s, want a -> b", w.all[0])
	}
}

func TestText(t *testing.T) {
	w := &writes{}
	a := alert("one")
	require.NoError(t, (&Output{"test", formats["text"], false, w}).Write(a))
	if want := a.Time.Format("15:04:05.000000000") + ": Warning a -> b\n"; w.all[0] != want {
		t.Errorf("got %q, want %q", w.all[0], want)
	}
}

func TestColoursOfPriorities(t *testing.T) {
	for priority, want := range map[rules.Priority]string{
		rules.Emergency: "\x1b[1;31mEmergency\x1b[0m", rules.ErrorPriority: "\x1b[1;31mError\x1b[0m",
		rules.WarningPriority: "\x1b[33mWarning\x1b[0m", rules.Notice: "\x1b[36mNotice\x1b[0m", rules.Debug: "\x1b[36mDebug\x1b[0m",
	} {
		a := alert("one")
		a.Priority, a.Message = priority, "an Error, a Warning, a Notice"
		if got := paint(a, true); !strings.Contains(got, ": "+want+" an Error, a Warning, a Notice") {
			t.Errorf("%v: got %q, want %q", priority, got, want)
		}
		if got := paint(a, false); got != a.Text() {
			t.Errorf("%v without colour: got %q, want %q", priority, got, a.Text())
		}
	}
}

func TestOnlyTerminalsAreColoured(t *testing.T) {
	if isTerminal(&writes{}) {
		t.Error("a file: got a terminal, want none")
	}
	t.Setenv("NO_COLOR", "1")
	if isTerminal(stream{os.Stderr}) {
		t.Error("NO_COLOR: got colours, want none")
	}
}

func TestWritesThatFailNameTheTarget(t *testing.T) {
	cause := errors.New("disk full")
	err := (&Output{"json=/x", formats["json"], false, &writes{err: cause}}).Write(alert("one"))
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "json=/x") {
		t.Errorf("got %v, want the cause and the target", err)
	}
	a := alert("one")
	a.Fields["bad"] = make(chan int)
	if err := (&Output{"json=/x", formats["json"], false, &writes{}}).Write(a); err == nil {
		t.Error("a field that JSON has not: got no error, want one")
	}
}
