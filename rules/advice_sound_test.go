package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// That advice is never wrong, tried on random rules over random events: a rule
// that is said never to match matches none, and one that is said to be hidden is
// the first match of none.

// closeBy are comparisons of which many imply or contradict one another.
var closeBy = []string{
	"evt.type = openat", "evt.type in (openat, connect)", "evt.type in (openat, connect, close, setuid)", "not evt.type = openat", "evt.type != connect", "evt.category = file",
	"proc.name = cat", "proc.name in (cat, sh)", "proc.name != cat", "proc.name startswith c", "proc.name exists", "not proc.name in (sh, bash)", "proc.name glob c*", "proc.name = sh",
	"proc.aname = bash", "proc.aname in (bash, init)", "proc.aname != bash", "proc.aname[1] = bash", "proc.aname[1] != bash", "proc.aname exists", "not proc.aname in (init, ssh)", "not proc.aname = init", "proc.aname = init", "proc.aname startswith anyof (b, i)",
	"proc.tty > 3", "proc.tty > 5", "proc.tty <= 5", "proc.tty = 4", "not proc.tty > 3", "proc.tty in (0, 4, 6)", "proc.tty >= 6", "proc.tty != 4",
	"fd.num = 3", "fd.num >= 3", "fd.num < 0", "not fd.num < 0", "fd.num exists",
	"fd.type = file", "fd.type in (file, ipv4)", "fd.type != file", "fd.type in (pipe, ipv4, socket)", "fd.typechar = 4", "fd.typechar != f", "fd.l4proto = tcp", "fd.l4proto != udp",
	"fd.port = 443", "fd.port in (22, 443)", "fd.port != 443", "fd.sport = 443", "fd.sport > 400", "fd.sport < 443", "fd.sport != 443", "fd.port > 65535",
	"fd.sip = 192.0.2.7", "fd.sip != 192.0.2.7", "fd.snet in (192.0.2.0/24)", "fd.snet in (192.0.0.0/8, 10.0.0.0/8)", "fd.ip = 192.0.2.7", "fd.ip in (192.0.2.7, 10.0.0.1)",
	"fd.name = /etc/passwd", "fd.name startswith /etc", "fd.name startswith anyof (/etc, /srv)", "fd.name pmatch (/etc)", "fd.name regex '/etc/.*'", "fd.name contains ''",
	"tolower(proc.name) = cat", "tolower(proc.name) in (cat, sh)", "tolower(proc.name) = sh", "len(proc.name) > 2", "len(proc.name) = 2", "proc.name = val(proc.pname)",
	"evt.res = SUCCESS", "evt.res in (SUCCESS, ENOENT)", "evt.res != SUCCESS", "evt.rawres < 0", "evt.rawres >= 0", "evt.failed = true", "evt.failed = false", "evt.failed != true",
	"evt.is_open_write = true", "evt.is_open_write = false", "container.image exists", "evt.dir = <",
}

// demandsOf is a random condition of several demands, most of which stand near one another in closeBy.
func demandsOf(random *rand.Rand, near int) []string {
	one := func() string {
		if random.IntN(4) == 0 {
			return pick(random, closeBy...)
		}
		return closeBy[(near+random.IntN(10))%len(closeBy)]
	}
	all := make([]string, 1+random.IntN(3))
	for i := range all {
		all[i] = one()
		if random.IntN(4) == 0 {
			all[i] = "(" + all[i] + " or " + one() + ")"
		}
		if random.IntN(6) == 0 {
			all[i] = "not (" + all[i] + pick(random, " and ", " or ") + one() + ")"
		}
	}
	return all
}

// randomRules are three rules, each of which may ask for what one before it does and more.
func randomRules(random *rand.Rand) (text string) {
	var asked []string
	near := random.IntN(len(closeBy))
	for i := range 3 {
		if random.IntN(2) == 0 {
			asked = nil
		}
		asked = append(asked, demandsOf(random, near)...)
		text += fmt.Sprintf("- rule: R%d\n  desc: d\n  condition: %q\n  output: o\n  priority: %s\n  warn_evttypes: false\n", i, strings.Join(asked, " and "), pick(random, "INFO", "WARNING"))
	}
	return text
}

// randomProcess is a process of a few that random conditions are about.
func randomProcess(random *rand.Rand) *event.Process {
	if random.IntN(8) == 0 {
		return nil
	}
	p := cat()
	p.Name, p.TTY = pick(random, "cat", "sh", "bash", ""), pick(random, int64(0), 4, 5, 6, 9)
	if random.IntN(3) == 0 {
		p.Parent = nil
	}
	return p
}

// claimed is what advice says of random rules.
type claimed struct {
	set    *Set
	dead   map[string]bool
	hidden map[string]Priority // by rule, the least grave priority to report at which it is hidden
}

func claims(t *testing.T, text string) claimed {
	t.Helper()
	c := newChecker(load([]File{{"random.yaml", []byte(text)}}))
	x := newIndexer(c)
	set, problems := c.compileSet(x)
	require.NotNil(t, set, "%s%v", text, problems)
	a := newAdviser(c, x)
	a.adviseAll(set)
	said := claimed{set, map[string]bool{}, map[string]Priority{}}
	for r := range a.dead {
		said.dead[r.Name] = true
	}
	for _, p := range c.doc.problems {
		if p.Code == "shadowed" {
			said.hidden[p.Rule] = Emergency
			if strings.HasSuffix(p.Message, "leaves that out") {
				said.hidden[p.Rule] = Debug
			}
		}
	}
	return said
}

func TestAdviceIsSound(t *testing.T) {
	dead, hidden, matched := 0, 0, 0
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 7))
		text := randomRules(random)
		said := claims(t, text)
		dead, hidden = dead+len(said.dead), hidden+len(said.hidden)
		for range 20 {
			matched += said.try(t, random, text)
		}
	}
	if dead < 300 || hidden < 300 || matched < 3000 {
		t.Errorf("got %d rules that never match, %d that are hidden and %d matches: too few to tell anything", dead, hidden, matched)
	}
}

// try matches a random event, and returns how many rules it matches by themselves.
func (said *claimed) try(t *testing.T, random *rand.Rand, text string) (matched int) {
	t.Helper()
	_, whole := randomEvent(random)
	m := said.set.Matcher()
	m.View().Begin(whole, randomProcess(random), event.Whole)
	m.forget()
	for _, r := range said.set.Rules {
		if !r.codes[0].run(m, false) {
			continue
		}
		if matched++; said.dead[r.Name] {
			t.Fatalf("%s%s matches %s, though advice says that it never does", text, r.Name, whole.Row().Name)
		}
	}
	for _, m.Minimum = range []Priority{WarningPriority, Debug} {
		if r := m.Match(); r != nil {
			if least, is := said.hidden[r.Name]; is && m.Minimum >= least {
				t.Fatalf("%s%s is the first match of %s, though advice says that another hides it", text, r.Name, whole.Row().Name)
			}
		}
	}
	return matched
}
