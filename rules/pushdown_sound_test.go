package rules

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// That what is pushed down is sound: a call that a rule may match passes, tried on
// random calls whose numbers and paths are near those that the rules are about.

// tryout makes random calls for a set.
type tryout struct {
	set    *Set
	random *rand.Rand
	texts  []string // what the rules compare with

	called, dropped, watched int
}

func newTryout(set *Set, seed uint64) *tryout {
	t := &tryout{set: set, random: rand.New(rand.NewPCG(seed, 11)), texts: []string{"/", "/etc/passwd", "/srv/a"}}
	for _, p := range set.preds {
		for _, v := range p.values {
			if strings.Contains(v, "/") || p.left.field != nil && strings.HasSuffix(p.left.field.Name, "name") {
				t.texts = append(t.texts, v)
			}
		}
	}
	return t
}

// number is one near those that the row's clauses are about.
func (t *tryout) number(need *event.RowNeed) uint64 {
	near := []uint64{0, 1, 2, 3, 0x41, 1<<64 - 100, 1 << 31, 1<<32 - 1, 1 << 63, t.random.Uint64(), t.random.Uint64N(1 << 20)}
	for _, clause := range need.Only {
		for _, c := range clause.All {
			near = append(near, c.Value, c.Mask, c.Value|t.random.Uint64()&^c.Mask, c.Mask&t.random.Uint64(), c.Value+1)
		}
	}
	return pick(t.random, near...)
}

// result is that of a call.
func (t *tryout) result(need *event.RowNeed) int64 {
	return pick(t.random, 0, 1, 3, -1, -2, -13, -115, -4095, -4096, -5000, 1<<40, int64(t.number(need)))
}

// path is one of the rules' texts, or something near it.
func (t *tryout) path() string {
	s := pick(t.random, t.texts...)
	if strings.HasPrefix(s, "/") && t.random.IntN(2) == 0 {
		s = strings.TrimSuffix(s, "/") + pick(t.random, "", "/", "x", "/x", "/x/y", "/.", "/..", "/.x", "/"+pick(t.random, t.texts...))
	}
	switch t.random.IntN(8) {
	case 0:
		return "/" + s
	case 1:
		return "/srv" + s
	case 2:
		return "/srv/a/" + s
	case 3:
		return s[:t.random.IntN(len(s)+1)]
	case 4:
		return strings.Replace(s, "/", pick(t.random, "//", "/./", "/x/../"), 1)
	case 5:
		return strings.NewReplacer("*", "q", "?", "q").Replace(s)
	}
	return s
}

// call is a random one of the row, at its entry and at its end.
func (t *tryout) call(row int) (entry, whole event.Event) {
	need := &t.set.Needs().Rows[row]
	r := newEvent(event.Table[row].Name, t.number(need), t.number(need), t.number(need), t.number(need), t.number(need), t.number(need))
	for i, p := range event.Table[row].Params {
		if p.Type != event.Path || t.random.IntN(8) == 0 {
			addRandom(t.random, r, event.Part(i), p)
			continue
		}
		r.with(event.Part(i), t.path())
	}
	entry = slices.Clone(r.Event())
	for i, p := range event.Table[row].Params {
		if p.Type == event.Path && r.Event().NeedsBase(i) && t.random.IntN(4) > 0 {
			r.with(event.Base+event.Part(i), pick(t.random, "/etc", "/root", "/proc/1", "/", "/root/.ssh", "pipe:[1]"))
		}
	}
	if event.Table[row].When == event.Exit {
		r.ret(t.result(need))
	}
	return entry, slices.Clone(r.Event())
}

// try makes a call, and sees to it that it passes, at its entry and at its end, where a rule may match.
func (t *tryout) try(tt *testing.T, m *Matcher, row int) {
	tt.Helper()
	need := &t.set.Needs().Rows[row]
	entry, whole := t.call(row)
	t.called++
	if !need.MayMatch(whole) {
		t.dropped++
	}
	if m.Decide(whole) == event.Drop && match(m, whole, randomProcess(t.random)) == "" {
		return
	}
	t.watched++
	for _, ev := range []event.Event{entry, whole} {
		if !need.MayMatch(ev) {
			tt.Fatalf("a call that a rule may match does not pass: %s %x\n%s\n%s", event.Table[row].Name, ev, shownNeed(row, need), t.set.Rules[0].Condition)
		}
	}
}

func (t *tryout) tryAll(tt *testing.T, times int) {
	tt.Helper()
	m := t.set.Matcher()
	for row := range event.Table {
		if !t.set.Needs().Rows[row].Match || event.Table[row].When == event.Pseudo {
			continue
		}
		for range times {
			t.try(tt, m, row)
		}
	}
}

func TestWhatIsPushedDownOfRuleFilesIsSound(t *testing.T) {
	for _, rules := range ruleSets {
		t.Run(rules.name, func(t *testing.T) {
			try := newTryout(compileAll(t, rules.paths(t)...), 1)
			try.tryAll(t, 1000)
			t.Logf("%d calls, %d of them dropped; %d may match", try.called, try.dropped, try.watched)
			if try.dropped*20 < try.called || try.watched*20 < try.called {
				t.Errorf("got %d calls, %d dropped, %d that may match: too few to tell anything", try.called, try.dropped, try.watched)
			}
		})
	}
}

// A rule by itself is pushed down further than with others.
func TestWhatIsPushedDownOfEachRuleIsSound(t *testing.T) {
	for _, rules := range ruleSets {
		t.Run(rules.name, func(t *testing.T) {
			files, err := Read(rules.paths(t))
			require.NoError(t, err)
			for i := range compileAll(t, rules.paths(t)...).Rules {
				newTryout(only(t, files, i), uint64(i)).tryAll(t, 20)
			}
		})
	}
}

// only is the set of the files with none but the i-th rule enabled.
func only(t *testing.T, files []File, i int) *Set {
	t.Helper()
	doc := load(files)
	n := 0
	for _, r := range doc.rules {
		if r.source == engineSource {
			r.enabled = n == i
			n++
		}
	}
	set, problems := compileDocument(doc)
	require.NotNil(t, set, "%v", problems)
	return set
}

// pushable are comparisons of which something can be pushed down.
var pushable = []string{
	"evt.type in (open, openat)", "evt.type in (openat, unlinkat, renameat2)", "evt.type in (socket, kill, dup3)", "evt.type in (chmod, mount, connect, fcntl)", "evt.type = openat2",
	"evt.is_open_read = true", "evt.is_open_write = true", "evt.is_open_write != true", "evt.is_open_create = true", "evt.is_open_create = false", "evt.is_open_exec = true",
	"evt.arg.flags contains O_CREAT", "evt.arg.flags contains O_TMPFILE", "evt.arg.flags contains O_DIRECT", "evt.arg.flags contains O_RDONLY", "evt.arg.flags = O_RDONLY",
	"evt.arg.flags in (O_RDWR, 'O_TRUNC|O_CREAT|O_WRONLY')", "evt.arg.flags startswith O_TRUNC", "evt.arg.flags endswith O_CLOEXEC", "evt.arg.flags contains 'CREAT|O_W'", "evt.arg.flags contains '|'",
	"evt.arg.mode contains S_ISUID", "evt.arg.mode contains S_IX", "evt.arg.flags contains PRIVATE", "evt.arg.flags contains SLAVE",
	"evt.arg.domain = AF_INET", "evt.arg.domain in (AF_INET, AF_UNIX, AF_LOCAL)", "evt.arg.domain contains INET", "evt.arg.domain startswith AF_", "evt.arg.domain != AF_UNIX", "evt.arg.domain = 2",
	"evt.arg.cmd = F_DUPFD", "evt.arg.cmd = UNKNOWN", "evt.arg.cmd contains DUPFD", "evt.arg.sig = SIGKILL", "evt.arg.sig in (SIGSTOP, SIGKILL)",
	"evt.rawarg.type in (3, 2051, 524291)", "evt.rawarg.domain = 2", "evt.rawarg.flags = 4", "evt.rawarg.pid = -1", "evt.rawarg.pid < -1", "evt.rawarg.pid <= 0", "evt.rawarg.newfd in (0, 1, 2)", "evt.rawarg.newfd > 2", "evt.rawarg.mode = 493",
	"fd.num >= 0", "fd.num > 0", "fd.num < 0", "fd.num = -1", "fd.num != -1", "fd.num != -2", "fd.num in (-1, 3)", "fd.num exists", "fd.num <= 3",
	"evt.failed = false", "evt.failed = true", "evt.failed != false", "evt.res = SUCCESS", "evt.res != SUCCESS", "evt.res in (SUCCESS, ENOENT, EINPROGRESS)", "evt.res startswith E", "evt.res = EACCES", "evt.res = 5000",
	"evt.rawres >= 0", "evt.rawres < 0", "evt.rawres = -13", "evt.rawres in (-1, -13, 3)", "evt.rawres > -1", "evt.rawres > 0", "evt.rawres exists",
	"fd.name = /etc/passwd", "fd.name in (/etc/passwd, /srv/a, etc)", "fd.name startswith /etc", "fd.name startswith anyof (/etc/, /srv)", "fd.name startswith allof (/e, /etc)", "fd.name startswith e", "fd.name startswith ''",
	"fd.name pmatch (/etc, /srv/)", "fd.name pmatch (/)", "fd.name pmatch ('/e*/p', /srv/?)", "fd.name endswith /passwd", "fd.name endswith passwd", "fd.name endswith /", "fd.name endswith /.x", "fd.name != /etc/passwd",
	"fd.name contains /.ssh/", "fd.name contains /etc/", "fd.name contains //", "fd.name glob '/etc/*'", "fd.name glob '*/passwd'", "fd.name glob '/[a/.]x'", "fd.name glob '/[a/.]etc/*'", "fd.name glob '/home/*/.ssh/*'", `fd.name glob '/et\c/*'`, "fd.name regex '/etc/.*'",
	"fd.directory = /etc", "fd.directory = /", "fd.directory in (/srv, /root/.ssh)", "fd.directory startswith /e", "fd.directory pmatch (/srv)", "fd.directory contains /.", "fd.directory glob '/e*'", "fd.directory endswith /etc",
	"fd.filename = passwd", "fd.filename in (passwd, .x, a)", "fd.filename = ''", "fd.filename startswith p", "fd.nameraw = /etc/passwd", "fd.nameraw startswith ../", "fd.nameraw contains '../'",
	"fs.path.name = /etc/passwd", "fs.path.nameraw startswith /etc", "fs.path.source pmatch (/etc)", "fs.path.target = /srv/a", "fs.path.targetraw = /srv/a", "evt.arg.name = /etc/passwd", "evt.arg[1] startswith /etc", "evt.arg.path = /srv/a",
	"evt.rawarg.name = /etc/passwd", "evt.abspath.dst = /srv/a", "evt.arg.newpath startswith /etc", "evt.args contains O_CREAT",
	"proc.name = cat", "proc.exepath startswith /usr", "evt.num > 0", "tolower(fd.name) = /etc/passwd", "fd.name = val(proc.exepath)",
}

// pushableCondition is a random tree of them.
func pushableCondition(random *rand.Rand, depth int) string {
	if depth == 0 || random.IntN(4) == 0 {
		return pick(random, pushable...)
	}
	kids := make([]string, 2+random.IntN(3))
	for i := range kids {
		kids[i] = pushableCondition(random, depth-1)
	}
	return pick(random, "", "", "not ") + "(" + strings.Join(kids, pick(random, " and ", " and ", " or ")) + ")"
}

func TestWhatIsPushedDownOfRandomRulesIsSound(t *testing.T) {
	all := tryout{}
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 12))
		set := compileOne(t, pushableCondition(random, 1+random.IntN(3)))
		try := newTryout(set, seed)
		m := set.Matcher()
		for range 100 {
			row := event.Lookup(pick(random, "open", "openat", "openat2", "creat", "unlinkat", "renameat2", "symlinkat", "socket", "kill", "dup3", "chmod", "fchmod", "mount", "connect", "fcntl", "mkdir", "exit_group"))
			if set.Needs().Rows[row].Match {
				try.try(t, m, row)
			}
		}
		all.called, all.dropped, all.watched = all.called+try.called, all.dropped+try.dropped, all.watched+try.watched
	}
	t.Logf("%d calls, %d of them dropped; %d may match", all.called, all.dropped, all.watched)
	if all.dropped < 1000 || all.watched < 1000 {
		t.Errorf("got %d dropped, %d that may match: too few to tell anything", all.dropped, all.watched)
	}
}
