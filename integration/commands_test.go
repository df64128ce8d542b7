package integration

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are the words that scripts have beside testscript's own.
var commands = words{
	"status": cmdStatus,
	"alert":  cmdAlert,
	"until":  cmdUntil,
	"same":   cmdSame,
}

// cmdStatus runs a command and checks its exit status: status N COMMAND...
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND [ARG]...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("status: got %d, want %d", got, want)
	}
}

// cmdUntil waits until a line of a file matches: until FILE REGEXP.
func cmdUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until FILE REGEXP")
	}
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	var have []byte
	for range 400 {
		have, err = os.ReadFile(ts.MkAbs(args[0]))
		if len(have) > 0 && want.Match(have) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("until: no %s in %s (%v):\n%s", args[1], args[0], err, have)
}

// cmdAlert checks a file of JSON alerts: alert FILE RULE [FIELD=VALUE]... wants
// one alert of the rule with these output fields (priority is one, too); with
// "!" none. A rule "*" stands for any.
func cmdAlert(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] alert FILE RULE [FIELD=VALUE]...")
	}
	found := false
	for _, a := range readAlerts(ts, args[0]) {
		found = found || a.matches(args[1], args[2:])
	}
	if found == neg {
		ts.Fatalf("alert %s: found %v, want %v, in:\n%s", strings.Join(args[1:], " "), found, !neg, ts.ReadFile(args[0]))
	}
}

// alert is a JSON alert as a reader of Falco's has it.
type alert struct {
	Rule     string         `json:"rule"`
	Priority string         `json:"priority"`
	Tags     []string       `json:"tags"`
	Fields   map[string]any `json:"output_fields"`
}

func readAlerts(ts *testscript.TestScript, name string) (alerts []alert) {
	f, err := os.Open(ts.MkAbs(name))
	if os.IsNotExist(err) {
		return nil
	}
	ts.Check(err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a alert
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			ts.Fatalf("%s: %v in %s", name, err, lines.Text())
		}
		alerts = append(alerts, a)
	}
	ts.Check(lines.Err())
	return alerts
}

// text returns a field as text; of one that is no string, its JSON.
func (a *alert) text(name string) string {
	if s, ok := a.Fields[name].(string); ok {
		return s
	}
	b, _ := json.Marshal(a.Fields[name]) // it came from JSON
	return string(b)
}

func (a *alert) matches(rule string, fields []string) bool {
	if rule != "*" && a.Rule != rule {
		return false
	}
	for _, f := range fields {
		name, want, _ := strings.Cut(f, "=")
		got := a.Priority
		if name != "priority" {
			got = a.text(name)
		}
		if got != want {
			return false
		}
	}
	return true
}
