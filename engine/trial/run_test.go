package trial

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/rules"
)

const ruleText = `
- rule: Grave
  desc: d
  condition: evt.type = execve and proc.name = sh and proc.pname in (nginx, httpd)
  output: shell %proc.name of %proc.pname, %proc.tty
  priority: WARNING
- rule: Light
  desc: d
  condition: evt.type = execve and proc.name in (sh, bash) and (proc.pname = sshd or proc.aname = sshd or proc.pname = nginx)
  output: shell %proc.name
  priority: NOTICE
- rule: Off
  desc: d
  condition: evt.type = dup
  output: o
  priority: NOTICE
  enabled: false
- rule: Late
  desc: d
  condition: evt.type = dup and evt.reltime > 5000000000 and evt.num = 2
  output: o
  priority: NOTICE
`

func testSet(t testing.TB) *rules.Set {
	t.Helper()
	set, problems := rules.Compile([]rules.File{{Name: "r.yaml", Data: []byte(ruleText)}})
	require.NotNil(t, set, "%v", problems)
	return set
}

func TestResultsSayWhatCameAndWhy(t *testing.T) {
	for _, tc := range []struct{ name, event, expect, want string }{
		{"the rule that speaks is expected", "{evt.type: execve, proc.name: sh, proc.pname: nginx}", "Grave", ""},
		{"none speaks, and none is expected", "{evt.type: execve, proc.name: ls}", "none", ""},
		{"one speaks, and none is expected", "{evt.type: execve, proc.name: sh, proc.pname: nginx}", "none", "- none\n+ Grave\n"},
		{"all that can be compared is as expected", "{evt.type: execve, proc.name: sh, proc.pname: nginx, proc.tty: 5}",
			"[{rule: Grave, output: 'shell sh of nginx, 5', priority: warning, fields: {proc.name: sh, proc.tty: 0x5}}]", ""},
		{"an absent field is expected to be", "{evt.type: execve, proc.name: sh, proc.pname: nginx}", "[{rule: Grave, fields: {proc.tty: null}}]", ""},
		{"priority, output and fields are others", "{evt.type: execve, proc.name: sh, proc.pname: nginx, proc.tty: 5}",
			"[{rule: Grave, output: shell, priority: notice, fields: {proc.tty: 6, proc.exe: sh}}]",
			"  Grave\n-   priority: Notice\n-   output: shell\n-   proc.exe: sh\n-   proc.tty: 6\n" +
				"+   priority: Warning\n+   output: shell sh of nginx, 5\n+   proc.exe: not in the rule's output\n+   proc.tty: 5\n"},
		{"a rule before it speaks", "{evt.type: execve, proc.name: sh, proc.pname: nginx}", "Light",
			"- Light\n+ Grave\nhint: Light matches, but Grave stands before it\n"},
		{"one comparison is false", "{evt.type: execve, proc.name: sh, proc.pname: cron}", "Grave",
			"- Grave\n+ none\nhint: Grave does not match, false are:\nhint:   proc.pname in (nginx, httpd): proc.pname is cron\n"},
		{"all alternatives are false", "{evt.type: execve, proc.name: sh, proc.aname: [cron, systemd]}", "Light",
			"- Light\n+ none\nhint: Light does not match, false are:\nhint:   proc.pname = sshd: proc.pname is absent\n" +
				"hint:   proc.aname = sshd: proc.aname is cron, systemd\nhint:   proc.pname = nginx: proc.pname is absent\n"},
		{"an alternative that is true leaves the others out", "{evt.type: execve, proc.name: zsh, proc.aname: [sshd]}", "Light",
			"- Light\n+ none\nhint: Light does not match, false are:\nhint:   proc.name in (sh, bash): proc.name is zsh\n"},
		{"the rule is disabled", "{evt.type: dup}", "Off", "- Off\n+ none\nhint: Off is disabled\n"},
		{"of several events the nearest one is explained", "[{evt.type: dup}, {evt.type: dup, at: 1s}]", "Late",
			"- Late\n+ none\nhint: Late does not match event 2, false are:\nhint:   evt.reltime > 5000000000: evt.reltime is 1000000000\n"},
		{"events have their times and numbers", "[{evt.type: dup}, {evt.type: dup, at: 6s}]", "Late", ""},
		{"a list is all that alert, in order", "[{evt.type: execve, proc.name: sh, proc.pname: nginx}, {evt.type: execve, proc.name: bash, proc.pname: sshd}]", "[Grave]",
			"  Grave\n+ Light\n"},
		{"one rule is the first that alerts", "[{evt.type: execve, proc.name: sh, proc.pname: nginx}, {evt.type: execve, proc.name: bash, proc.pname: sshd}]", "Grave", ""},
		{"the rule that must not match does", "{evt.type: execve, proc.name: sh, proc.pname: nginx}", "Grave\n  not: Grave", "- not Grave\n+ Grave\n"},
		{"it does so behind another", "{evt.type: execve, proc.name: sh, proc.pname: nginx}", "Grave\n  not: Light",
			"- not Light\n+ Light\nhint: Light matches, but Grave stands before it\n"},
		{"it does not", "{evt.type: execve, proc.name: sh, proc.pname: httpd}", "Grave\n  not: Light", ""},
		{"a disabled rule does not match", "{evt.type: dup}", "none\n  not: Off", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key := "event"
			if strings.HasPrefix(tc.event, "[") {
				key = "events"
			}
			res := runAlone(t, ruleText, "- test: T\n  "+key+": "+tc.event+"\n  expect: "+tc.expect)
			if got := strings.ReplaceAll("\n"+res.Failure(), "\n    ", "\n")[1:]; got != tc.want || res.Passed != (tc.want == "") {
				t.Errorf("passed %v, got\n%swant\n%s", res.Passed, got, tc.want)
			}
		})
	}
}

func TestRulesThatTestsNameMustBeThere(t *testing.T) {
	f, problems := Read(rules.File{Name: "t.yaml", Data: []byte("- {test: T, event: {evt.type: dup}, expect: [Graves, {rule: Nope}], not: Lights}")})
	require.Empty(t, problems)
	const want = `1:46: unknown rule "Graves" [did you mean Grave?]; 1:61: unknown rule "Nope"; 1:74: unknown rule "Lights" [did you mean Light?]`
	if got := places(f.Check(testSet(t))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestJUnitHasASuiteForEachFile(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteJUnit(&b, []Result{
		{File: "a.yaml", Line: 1, Test: "good", Passed: true},
		{File: "a.yaml", Line: 5, Test: `<bad> & "worse"`, Diff: []string{"- R", "+ none"}},
		{File: "b.yaml", Line: 1, Test: "good", Passed: true},
	}, nil))
	const want = `<testsuites tests="3" failures="1">
  <testsuite name="a.yaml" tests="2" failures="1">
    <testcase name="good" classname="a.yaml" line="1"></testcase>
    <testcase name="&lt;bad&gt; &amp; &#34;worse&#34;" classname="a.yaml" line="5">
      <failure message="a.yaml:5: other alerts than expected">&#xA;    - R&#xA;    + none&#xA;</failure>
    </testcase>
  </testsuite>
  <testsuite name="b.yaml" tests="1" failures="0">
    <testcase name="good" classname="b.yaml" line="1"></testcase>
  </testsuite>
</testsuites>
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestJUnitHasAnErrorForWhatCouldNotBeRead(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteJUnit(&b, nil, []Broken{{"c.yaml", errors.New("c.yaml:1:1: not YAML")}}))
	const want = `<testsuites tests="1" failures="0" errors="1">
  <testsuite name="c.yaml" tests="1" failures="0" errors="1">
    <testcase name="the file is read" classname="c.yaml" line="0">
      <error message="c.yaml: no test was run">&#xA;c.yaml:1:1: not YAML&#xA;</error>
    </testcase>
  </testsuite>
</testsuites>
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
