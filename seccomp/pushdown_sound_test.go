package seccomp

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/rules"
)

// caller makes random calls by the numbers of the machine's entries, with
// arguments near those that the needs are about.
type caller struct {
	*rand.Rand
	needs   *event.Needs
	numbers []map[string]uint32 // by entry
}

func newCaller(numbers []map[string]uint32, needs *event.Needs, seed uint64) *caller {
	return &caller{rand.New(rand.NewPCG(seed, 21)), needs, numbers}
}

// entryNumbers returns the numbers of each entry.
func entryNumbers(t *testing.T) (all []map[string]uint32) {
	for _, e := range entries {
		all = append(all, numbers(t, e.header))
	}
	return all
}

// argument is a number at random, or one near those of the clauses.
func (c *caller) argument(of []event.Clause) uint64 {
	near := []uint64{0, 1, 2, 3, 1 << 31, 1<<32 - 1, 1 << 32, whole, c.Uint64(), uint64(c.Uint32()), c.Uint64N(1 << 12)}
	for _, clause := range of {
		for _, cond := range clause.All {
			free := c.Uint64() &^ cond.Mask
			near = append(near, cond.Value, cond.Value|free, ^cond.Value&cond.Mask, cond.Mask&c.Uint64()|free, cond.Value+1, cond.Value-1, cond.Value^1<<c.IntN(64))
		}
	}
	return near[c.IntN(len(near))]
}

// call is one of the row by the entry; ok is false where it has no number there.
// Of a 32-bit one's arguments the filter sees what the caller had in the upper halves.
func (c *caller) call(row, entry int) (d data, ok bool) {
	names := event.Table[row].Names()
	name := names[c.IntN(len(names))]
	d.nr, ok = c.numbers[entry][name]
	d.arch = entries[entry].arch
	for i := range d.args {
		d.args[i] = c.argument(slices.Concat(c.needs.Rows[row].Only, ByNotice.where(c.needs, row)))
		if entry == 1 && c.IntN(2) == 0 {
			d.args[i] &= 1<<32 - 1
		}
	}
	subcall, muxed := subcalls[name]
	if entry == 1 && muxed && (c.IntN(2) == 0 || !ok) {
		d.nr, d.args[0] = Socketcall, subcall
		return d, true
	}
	return d, ok
}

// stops is the reference for whether a call of the row stops.
func stops(where []event.Clause, d *data) bool {
	return slices.ContainsFunc(where, func(c event.Clause) bool {
		return !slices.ContainsFunc(c.All, func(cond event.Condition) bool { return !cond.Of(d.args[cond.Arg]) })
	})
}

// condition is a random one.
func (c *caller) condition() event.Condition {
	cond := event.Condition{Arg: c.IntN(event.Result), Not: c.IntN(3) == 0}
	switch c.IntN(6) {
	case 0, 1:
		cond.Mask = 1<<32 - 1
	case 2:
		cond.Mask = 1 << c.IntN(64)
	case 3:
		cond.Mask = c.Uint64N(256)
	case 4:
		cond.Mask = c.Uint64() & c.Uint64() & c.Uint64()
	default:
		cond.Mask = whole
	}
	cond.Value = c.argument(nil)
	if c.IntN(20) > 0 { // else one that may never be
		cond.Value &= cond.Mask
	}
	return cond
}

// clauses are random ones, that may overlap, contradict each other and say the same twice.
func (c *caller) clauses() []event.Clause {
	some := make([]event.Clause, 1+c.IntN(5))
	for i := range some {
		for range 1 + c.IntN(3) {
			some[i].All = append(some[i].All, c.condition())
		}
	}
	if c.IntN(4) == 0 {
		some = append(some, some[0])
	}
	return some
}

// rowsOfClauses are rows of calls with a number by both entries, with many names, behind a multiplexer, and whose arguments are in memory.
var rowsOfClauses = []string{"openat", "open", "fcntl", "kill", "socket", "mmap", "mprotect", "prctl", "clone", "ptrace", "seccomp", "rt_sigaction", "setresuid", "semget", "send"}

// What is asked of arguments stops exactly the calls that meet it, by every entry and both ways.
func TestThoseCallsStopWhoseArgumentsAreAsWanted(t *testing.T) {
	stopped, passed, numbers := 0, 0, entryNumbers(t)
	for seed := range uint64(50) {
		var needs event.Needs
		c := newCaller(numbers, &needs, seed)
		for _, name := range rowsOfClauses {
			need := &needs.Rows[event.Lookup(name)]
			need.Match, need.Only = true, c.clauses()
		}
		by := Stops(c.IntN(2))
		prog, _, err := Compile(&needs, by)
		require.NoError(t, err)
		for range 2000 {
			row := event.Lookup(rowsOfClauses[c.IntN(len(rowsOfClauses))])
			entry := c.IntN(2)
			d, ok := c.call(row, entry)
			if !ok {
				continue
			}
			want := entry == 1 || stops(by.where(&needs, row), &d)
			got := run(t, prog, d) != unix.SECCOMP_RET_ALLOW
			if got {
				stopped++
			} else {
				passed++
			}
			if got != want {
				t.Fatalf("seed %d: %s of %s with %#x: got stopped %v, want %v, of %+v", seed, event.Table[row].Name, entries[entry].name, d.args, got, want, by.where(&needs, row))
			}
		}
	}
	t.Logf("%d calls stop, %d do not", stopped, passed)
	if stopped < 10000 || passed < 10000 {
		t.Errorf("got %d calls that stop, %d that do not: too few to tell anything", stopped, passed)
	}
}

// sets are rules whose conditions are about arguments, beside the built-in ones.
var sets = map[string]string{
	"built-in": "",
	"of arguments": `
- {rule: A, desc: d, output: o, priority: info, condition: "evt.type in (open, openat, openat2, creat) and evt.is_open_write = true and fd.name startswith /etc"}
- {rule: B, desc: d, output: o, priority: info, condition: "evt.type in (mmap, mmap2, mprotect) and evt.arg.prot contains PROT_EXEC and evt.arg.prot contains PROT_WRITE"}
- {rule: C, desc: d, output: o, priority: info, condition: "evt.type = socket and not evt.arg.domain in (AF_UNIX) and evt.rawarg.type != 2"}
- {rule: D, desc: d, output: o, priority: info, condition: "evt.type in (kill, tkill, tgkill) and evt.arg.sig in (SIGKILL, SIGSTOP) and proc.name = x"}
- {rule: E, desc: d, output: o, priority: info, condition: "evt.type in (clone, clone3, unshare) and evt.arg.flags contains CLONE_NEWUSER"}
- {rule: F, desc: d, output: o, priority: info, condition: "evt.type in (prctl, fcntl, ioctl) and (evt.arg.option = PR_SET_SECCOMP or evt.arg.cmd = F_DUPFD or evt.rawarg.request = 21522)"}
- {rule: G, desc: d, output: o, priority: info, condition: "evt.type in (ftruncate, lseek) and evt.rawarg.length < 0 or evt.type = kill and evt.rawarg.pid = -1"}
- {rule: H, desc: d, output: o, priority: info, condition: "evt.type in (fchmod, fchmodat, chmod) and evt.arg.mode contains S_ISUID and evt.failed = false"}
- {rule: I, desc: d, output: o, priority: info, condition: "evt.type in (socketpair, setsockopt) and (evt.arg.domain = AF_INET or evt.arg.level = SOL_SOCKET)"}`,
}

func setOf(t *testing.T, text string) *rules.Set {
	t.Helper()
	files, err := rules.Read([]string{rules.DefaultName})
	require.NoError(t, err)
	if text != "" {
		files = []rules.File{{Name: "test.yaml", Data: []byte(text)}}
	}
	set, problems := rules.Compile(files)
	require.NotNil(t, set, "%v", problems)
	return set
}

// eventOf is the call as a rule sees it when it begins: nothing is known of the process, nor of what the arguments point to.
func eventOf(row int, d *data) event.Event {
	var b event.Builder
	b.Begin(row, event.Origin{PID: 1, TID: 1, Is32: d.arch == unix.AUDIT_ARCH_I386}, 0)
	args := d.args
	if d.arch != unix.AUDIT_ARCH_X86_64 {
		for i := range args {
			args[i] = uint64(uint32(args[i])) // as the kernel does
		}
	}
	b.SetArgs(&args)
	return b.Event()
}

// No call runs on unseen that a rule could match.
func TestWhatARuleMayMatchStops(t *testing.T) {
	for name, text := range sets {
		t.Run(name, func(t *testing.T) {
			set := setOf(t, text)
			needs, m := set.Needs(), set.Matcher()
			c := newCaller(entryNumbers(t), needs, 1)
			progs := map[Stops]Program{}
			for _, by := range []Stops{ByTrace, ByNotice} {
				var err error
				progs[by], _, err = Compile(needs, by)
				require.NoError(t, err)
			}
			matched, passed := 0, 0
			for row := range event.Table {
				if len(event.Table[row].Names()) == 0 {
					continue
				}
				for range 200 {
					d, ok := c.call(row, c.IntN(2))
					if !ok {
						continue
					}
					may := m.Decide(eventOf(row, &d)) != event.Drop
					for by, prog := range progs {
						stops := run(t, prog, d) != unix.SECCOMP_RET_ALLOW
						if may && !stops {
							t.Fatalf("%s, arch %#x, with %#x, way %d: a rule may match it, and it runs on", event.Table[row].Name, d.arch, d.args, by)
						}
						if may {
							matched++
						} else if needs.Rows[row].Match && !stops {
							passed++
						}
					}
				}
			}
			t.Logf("%d calls may match; %d of rows that rules match run on", matched, passed)
			if matched < 1000 || passed < 1000 {
				t.Errorf("got %d calls that may match, %d that run on: too few to tell anything", matched, passed)
			}
		})
	}
}
