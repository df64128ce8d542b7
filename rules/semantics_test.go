package rules

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// The meaning of conditions, checked on random ones: a program says what a direct
// evaluation of the tree says in Kleene's logic, and what is said early holds.

// comparisons that random conditions are made of.
var comparisons = []string{
	"evt.type = openat", "evt.type in (openat, connect, close)", "evt.category = file", "evt.res = SUCCESS", "evt.res != SUCCESS", "evt.rawres < 0", "evt.failed = true",
	"evt.arg.flags contains O_CREAT", "evt.arg.res = ENOENT", "evt.arg.fd exists", "evt.args contains 'res='", "evt.num > 0", "evt.rawarg.flags = 65",
	"evt.is_open_write = true", "evt.is_open_read = true", "evt.hostname exists", "evt.dir = <",
	"fd.name = /etc/passwd", "fd.name startswith /srv", "fd.name glob /etc/*", "fd.name pmatch (/etc, /usr)", "fd.name exists", "fd.num >= 0", "fd.num = 3",
	"fd.directory = /etc", "fd.filename icontains PASS", "fd.typechar = f", "fd.type in (ipv4, ipv6)", "fd.sip = 192.0.2.7", "fd.ip != 10.0.0.1", "fd.sip != 192.0.2.7",
	"fd.snet in (192.0.2.0/24)", "fd.net != 10.0.0.0/8", "fd.port = 443", "fd.cport < 1024", "fd.l4proto = tcp", "fd.is_server = true", "fd.rip exists",
	"fs.path.name exists", "fs.path.target startswith /x", "proc.name = cat", "proc.name != cat", "proc.name in (cat, sh)", "proc.aname = init", "proc.aname != bash",
	"proc.aname[2] = init", "proc.pname exists", "proc.cmdline regex '.*hosts'", "proc.cwd startswith /srv", "proc.stdin.type = pipe", "proc.duration > 5",
	"user.name = root", "user.uid = 1000", "container.id = host", "thread.cap_effective contains ADMIN", "thread.tid = 11",

	"tolower(proc.name) = cat", "toupper(fd.name) startswith /ETC", "basename(fd.name) = passwd", "len(fd.name) > 6", "len(fd.types) = 1", "b64(proc.name) exists",
	`join("-", (fd.filename, proc.name)) = passwd-cat`, `concat(fd.directory, "/", fd.filename) = val(fd.name)`, "fd.name glob concat(proc.cwd, \"/*\")",
	"proc.name = val(proc.pname)", "fd.name startswith val(proc.cwd)", "fd.num >= val(proc.pid)", "fd.sport = val(fd.rport)", "tolower(proc.name) != val(proc.name)",
	"fd.types in (file, ipv4)", "fd.types intersects (file, pipe)", "toupper(fd.types) in (FILE)", "fd.types[3] in (file)",
	"fd.name startswith anyof (/etc, /srv)", "fd.name contains allof (a, s)", "proc.name != anyof (cat, sh)", "proc.name = oneof (cat, sh)", "fd.ip != anyof (10.0.0.1, 192.0.2.7)", "fd.filename endswith oneof (d, wd)",
	"evt.type.is.openat = 1", "evt.io_dir = out", "evt.count.error.file = 1", "evt.count.exit = 1", "evt.abspath.src = /srv/passwd", "evt.buflen.net > 0", "evt.is_wait = true", "fd.proto = https", "fd.connected = true", "fd.nameraw exists", "fs.path.nameraw contains ..",
	"proc.env exists", "proc.cmdnargs > 0", "proc.args contains hosts", "proc.aenv exists", "proc.sid.exe exists", "container.type = host", "thread.ismain = true", "proc.exe_ino exists",
}

// condition returns a random condition in which parentheses nest to the depth.
func condition(random *rand.Rand, depth int) string {
	if depth == 0 || random.IntN(4) == 0 {
		return comparisons[random.IntN(len(comparisons))]
	}
	if random.IntN(4) == 0 {
		return "not (" + condition(random, depth-1) + ")"
	}
	parts := make([]string, 2+random.IntN(3))
	for i := range parts {
		parts[i] = condition(random, depth-1)
	}
	return "(" + strings.Join(parts, []string{" and ", " or "}[random.IntN(2)]) + ")"
}

func pick[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// ip4 is a struct sockaddr_in.
func ip4(a, b, c, d byte, port uint16) string {
	head := binary.BigEndian.AppendUint16([]byte{2, 0}, port)
	return string(append(head, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0))
}

// randomEvent is an event at its entry and at its end.
func randomEvent(random *rand.Rand) (entry, whole event.Event) {
	row := pick(random, "openat", "openat2", "connect", "close", "fchmod", "setuid", "rename", "mkdir", "exit_group", "execve", "accept", "creat")
	r := newEvent(row, pick(random, uint64(3), 1<<64-100, 0), random.Uint64N(100), pick(random, uint64(0), 0x41, 0x10000), 0o755)
	for i, p := range r.Event().Row().Params {
		addRandom(random, r, event.Part(i), p)
	}
	entry = slices.Clone(r.Event())
	finishRandom(random, r)
	return entry, slices.Clone(r.Event())
}

func addRandom(random *rand.Rand, r *recorder, part event.Part, p event.Param) {
	switch {
	case p.In == nil && !p.Type.InMemory():
	case random.IntN(8) == 0:
		r.AddUnreadable(part)
	case p.In != nil:
		r.AddWord(part, pick(random, uint64(0), 0x41, 1))
	case p.Type == event.Path:
		r.AddString(part, pick(random, "/etc/passwd", "passwd", "../x/./y", "", "/srv/a"))
	case p.Type == event.SockAddr:
		r.AddString(part, pick(random, ip4(192, 0, 2, 7, 443), ip4(10, 0, 0, 1, 22), "\x01\x00/run/x", ""))
	default:
		r.AddString(part, "cat\x00/etc/hosts\x00")
	}
}

func finishRandom(random *rand.Rand, r *recorder) {
	row := r.Event().Row()
	for i, p := range row.Params {
		if p.Type == event.Path && r.Event().NeedsBase(i) && random.IntN(4) > 0 {
			r.AddString(event.Base+event.Part(i), pick(random, "/etc", "/srv"))
		}
	}
	if row.When == event.Exit && random.IntN(8) > 0 {
		r.SetRet(pick(random, int64(0), 3, -2, -13))
	}
	if random.IntN(2) == 0 {
		r.AddString(event.FactObject, pick(random, "/etc/passwd", "socket:[9]", "pipe:[3]"))
	}
	if random.IntN(2) == 0 {
		r.Add(event.FactSocket, randomSocket(random, r.Event()))
	}
	if random.IntN(2) == 0 {
		r.with(event.FactCwd, "/srv").with(event.FactStdio, "pipe pipe:[3]\x00\x00\x00")
	}
}

// randomSocket is a socket whose remote end is that which a connect names.
func randomSocket(random *rand.Rand, ev event.Event) []byte {
	s := event.Socket{Domain: 2, Kind: pick(random, uint16(1), 2), Local: []byte(ip4(10, 0, 0, 1, 5000))}
	if addr, ok := ev.Bytes(1); ok && ev.Row().Name == "connect" {
		s.Remote = addr
	} else if random.IntN(2) == 0 {
		s.Remote = []byte(ip4(192, 0, 2, 7, 443))
	}
	return s.Append(nil)
}

// kleene evaluates a checked tree.
func kleene(n node, m *Matcher) Truth {
	switch n := n.(type) {
	case *inverse:
		return True - kleene(n.kid, m)
	case *branch:
		out := True
		if n.or {
			out = False
		}
		for _, kid := range n.kids {
			if n.or {
				out = max(out, kleene(kid, m))
			} else {
				out = min(out, kleene(kid, m))
			}
		}
		return out
	case *leaf:
		return map[event.Status]Truth{event.Absent: False, event.Unknown: Maybe, event.Known: True}[m.predicate(n.pred)]
	}
	panic("unknown node")
}

// checked is a condition's tree and its program, over one list of comparisons.
func checked(t *testing.T, cond string) (node, program, *Matcher) {
	t.Helper()
	doc := load(ruleFile(cond))
	c := newChecker(doc)
	tree := c.condition("R", doc.rules[0].cond)
	require.NotNil(t, tree, "%s: %v", cond, doc.problems)
	code, ok := compile(tree)
	require.True(t, ok)
	return tree, code, (&Set{preds: c.preds}).Matcher()
}

// truth is what both runs of a program say.
func truth(code program, m *Matcher) Truth {
	switch {
	case !code.run(m, true):
		return False
	case code.run(m, false):
		return True
	}
	return Maybe
}

func FuzzMatch(f *testing.F) {
	for seed := range uint64(400) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		cond := condition(random, 1+random.IntN(4))
		tree, code, m := checked(t, cond)
		set := compileOne(t, cond)
		for range 10 {
			entry, whole := randomEvent(random)
			proc := pick(random, cat(), &event.Process{}, nil)
			truths := checkTruths(t, cond, tree, code, m, entry, whole, proc)
			checkSet(t, cond, set, truths, entry, whole, proc)
		}
	})
}

// checkTruths compares the program with the tree at each stage, and the stages with one another.
func checkTruths(t *testing.T, cond string, tree node, code program, m *Matcher, entry, whole event.Event, proc *event.Process) (truths [3]Truth) {
	t.Helper()
	for stage := range truths {
		switch event.Stage(stage) {
		case event.RowOnly:
			m.view.BeginRow(entry.RowIndex())
		case event.AtEntry:
			m.view.Begin(entry, nil, event.AtEntry)
		case event.Whole:
			m.view.Number, m.view.Host = 1, "box"
			m.view.Begin(whole, proc, event.Whole)
		}
		m.forget()
		truths[stage] = kleene(tree, m)
		if got := truth(code, m); got != truths[stage] {
			t.Fatalf("%s over %s at stage %d: got %v, want %v", cond, entry.Row().Name, stage, got, truths[stage])
		}
		if got, want := code.run(m, false), truths[stage] == True; event.Stage(stage) == event.Whole && got != want {
			t.Fatalf("%s over %s: got match %v, want %v", cond, entry.Row().Name, got, want)
		}
	}
	last := truths[event.Whole]
	for stage, early := range truths {
		if early != Maybe && early != last || last == Maybe {
			t.Fatalf("%s over %s: got %v at stage %d, want %v or %v", cond, entry.Row().Name, early, stage, last, Maybe)
		}
	}
	return truths
}

// checkSet compares what a set says, whose programs leave out what rows decide, with the truths of the tree.
func checkSet(t *testing.T, cond string, set *Set, truths [3]Truth, entry, whole event.Event, proc *event.Process) {
	t.Helper()
	gate, late := set.Matcher(), set.Matcher()
	late.view.Number, late.view.Host = 1, "box"
	if got, want := gate.Decide(entry) == event.Watch, truths[event.AtEntry] != False; got != want {
		t.Fatalf("%s over %s: got watched %v at the entry, want %v", cond, entry.Row().Name, got, want)
	}
	if got, want := match(late, whole, proc) != "", truths[event.Whole] == True; got != want {
		t.Fatalf("%s over %s: got match %v, want %v", cond, entry.Row().Name, got, want)
	}
}

func TestNegationOfWhatIsAbsentIsTrue(t *testing.T) {
	tests := []struct {
		condition string
		want      string
	}{
		{"evt.type = setuid and fd.name = x", ""},
		{"evt.type = setuid and fd.name != x", ""},
		{"evt.type = setuid and not fd.name = x", "R"},
		{"evt.type = setuid and not fd.name exists", "R"},
		{"evt.type = setuid and not fd.name != x", "R"},
	}
	ev := newEvent("setuid").ret(0).Event()
	for _, tt := range tests {
		if got := match(compileOne(t, tt.condition).Matcher(), ev, cat()); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.condition, got, tt.want)
		}
	}
}

func TestDecide(t *testing.T) {
	open := func(name string, flags uint64) event.Event {
		return newEvent("openat", 0, 0, flags).with(1, name).Event()
	}
	tests := []struct {
		name, condition string
		ev              event.Event
		want            event.Verdict
	}{
		{"another path", "evt.type = openat and fd.name = /etc/shadow", open("/etc/hosts", 0), event.Drop},
		{"the path", "evt.type = openat and fd.name = /etc/shadow", open("/etc/shadow", 0), event.Watch},
		{"a path that is not known yet", "evt.type = openat and fd.name = /etc/shadow", open("shadow", 0), event.Watch},
		{"the result is not known yet", "evt.type = openat and fd.num >= 0", open("/x", 0), event.Watch},
		{"other flags", "evt.type = openat and evt.is_open_write = true and proc.name = x", open("/x", 0), event.Drop},
		{"the process is not known here", "evt.type = openat and not proc.name = cat", open("/x", 0), event.Watch},
		{"a call that no rule is about", "evt.type = connect", open("/x", 0), event.Drop},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := compileOne(t, tt.condition).Matcher().Decide(tt.ev); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
