package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// shownNeed is what is pushed down of a row, as a text.
func shownNeed(row int, need *event.RowNeed) string {
	p := passesRow(&event.Table[row], need, 0)
	text := strings.Join(p.Where, " or ")
	if need.Paths != nil {
		text += ": " + strings.Join(p.Paths, ", ")
	}
	return text
}

func TestWhatIsPushedDown(t *testing.T) {
	const good, bad = "result >= 0", "result < 0"
	tests := []struct{ name, row, condition, want string }{
		{"a way to open", "openat", "evt.is_open_write = true", "flags & 0x3 != 0x0 and flags & 0x200000 = 0x0"},
		{"its contrary", "openat", "evt.is_open_write != true", "flags & 0x3 = 0x0 or flags & 0x200000 != 0x0"},
		{"flags that no register holds", "openat2", "evt.is_open_write = true", ""},
		{"flags that the call does not have to be given", "creat", "evt.is_open_write = true and fd.num >= 0", good},
		{"a flag by its name", "openat", "evt.arg.flags contains O_CREAT", "flags & 0x40 != 0x0"},
		{"several flags", "openat", "evt.arg.flags contains O_CREAT or evt.arg.flags contains O_TRUNC", "flags & 0x240 != 0x0"},
		{"a flag that must not be there", "mount", "not evt.arg.flags contains PRIVATE and not evt.arg.flags contains SLAVE", "flags & 0xc0000 = 0x0"},
		{"a name that is part of another", "openat", "evt.arg.flags contains O_DIRECT", "flags & 0x14000 != 0x0"},
		{"a name for the lack of bits", "openat", "evt.arg.flags contains O_RDONLY", "flags & 0x3 = 0x0"},
		{"names with a bar between", "openat", "evt.arg.flags = 'O_TRUNC|O_CREAT'", "flags & 0x200 != 0x0"},
		{"a name of one value", "socket", "evt.arg.domain = AF_INET", "domain = 0x2"},
		{"names of one value", "socket", "not evt.arg.domain in (AF_INET, AF_INET6)", "domain != 0x2 and domain != 0xa"},
		{"digits that could be a value's without a name", "socket", "evt.arg.domain contains 2", ""},
		{"a request among many", "ptrace", "evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE)", "request = 0x10 or request = 0x4206"},
		{"an option of sockets depends on the level", "setsockopt", "evt.arg.optname = SO_DEBUG", ""},
		{"a name that stands for any other value", "fcntl", "evt.arg.cmd = UNKNOWN", ""},
		{"a raw number", "socket", "evt.rawarg.type in (3, 2051)", "type = 0x3 or type = 0x803"},
		{"a raw number that Falco numbers otherwise", "openat", "evt.rawarg.flags = 4", ""},
		{"a negative number of 32 bits", "kill", "evt.rawarg.pid = -1", "pid = 0xffffffff"},
		{"the sign of 32 bits", "kill", "evt.rawarg.pid < 0", "pid < 0"},
		{"what is more than the sign", "kill", "evt.rawarg.pid > 100", "pid >= 0"},
		{"the contrary of more than the sign", "kill", "not evt.rawarg.pid > 100", ""},
		{"a given descriptor", "fchmod", "fd.num >= 0", "fd >= 0"},
		{"a made descriptor", "openat", "fd.num >= 0", good},
		{"a descriptor that was not made is always -1", "openat", "fd.num != -2", ""},
		{"a descriptor that was not made", "openat", "fd.num = -1", bad},
		{"any error in words", "openat", "evt.res startswith E", bad},
		{"all but errors of a kind", "openat", "not evt.res startswith E", ""},
		{"success", "fchmod", "evt.failed = false", good},
		{"failure", "fchmod", "not evt.failed = false", bad},
		{"a result in words", "connect", "evt.res = EINPROGRESS", "result = 0xffffffffffffff8d"},
		{"success in words", "connect", "evt.res = SUCCESS", "result & 0xfffffffffffff000 != 0xfffffffffffff000 or result = 0xfffffffffffff000"},
		{"a result that says more than its sign", "dup", "evt.rawres >= 0 and evt.rawres in (0, 1)", "result = 0x0 or result = 0x1"},
		{"what rules itself out", "openat", "fd.num = 3 and fd.num = 4", ""},
		{"what the process says is left out", "openat", "proc.name = cat and evt.arg.flags contains O_CREAT", "flags & 0x40 != 0x0"},
		{"an alternative that may always be true", "openat", "proc.name = cat or evt.arg.flags contains O_CREAT", ""},
		{"a field on the other side", "openat", "fd.num = val(proc.pid)", ""},

		{"a path", "openat", "fd.name = /etc/shadow", "name may be such a path: is /etc/shadow"},
		{"a path or below", "openat", "fd.name pmatch (/etc, /usr/)", "name may be such a path: is /etc, /usr, begins with /etc/, /usr/"},
		{"a beginning is no element", "openat", "fd.name startswith /etc", "name may be such a path: begins with /etc"},
		{"an end", "unlinkat", "fs.path.name endswith /a/shadow", "name may be such a path: has as its last element shadow"},
		{"an end that is no element", "openat", "fd.name endswith shadow", ""},
		{"a folder", "openat", "fd.directory in (/etc, /root/.ssh)", "name may be such a path: begins with /etc/"},
		{"the folder of all", "openat", "fd.directory = /", ""},
		{"a name", "openat", "fd.filename in (shadow, .bashrc)", "name may be such a path: has as its last element shadow"},
		{"a hidden element, with which no path is plain", "openat", "fd.name contains /.ssh/id_", "name may be such a path: "},
		{"any element", "openat", "fd.name contains /ssh/", ""},
		{"a glob's name", "openat", "fd.name glob '/proc/*/environ'", "name may be such a path: has as its last element environ"},
		{"a glob's beginning", "openat", "fd.name glob '/etc/ssh_*_key'", "name may be such a path: begins with /etc/ssh_"},
		{"a path that is not", "openat", "fd.name != /etc/shadow", ""},
		{"a path as it was given", "openat", "evt.arg.name startswith /dev/ or fd.nameraw = /x", "name may be such a path: is /x, begins with /dev/"},
		{"the new name", "renameat", "fs.path.target startswith /etc/", "newpath may be such a path: begins with /etc/"},
		{"both names, of which one is enough", "renameat", "fs.path.target startswith /etc/ and fs.path.source = /a", "oldpath may be such a path: is /a"},
		{"what a symbolic link leads to is no path of the call", "symlink", "fs.path.target = /etc/shadow", ""},
		{"what a descriptor is of is not known", "fchmod", "fd.name = /etc/shadow", ""},
		{"the stricter of two", "openat", "fd.name startswith /proc/ and fd.filename = mem", "name may be such a path: has as its last element mem"},
		{"one clause with a path, one without", "openat", "fd.name = /a or evt.arg.flags contains O_CREAT", "name may be such a path or flags & 0x40 != 0x0: is /a"},
		{"a clause that makes another needless", "openat", "evt.failed = false and (evt.arg.flags contains O_CREAT or fd.num >= 0)", good},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := event.Lookup(tt.row)
			set := compileOne(t, "evt.type = "+tt.row+" and ("+tt.condition+")")
			if got := shownNeed(row, &set.Needs().Rows[row]); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWhatIsPushedDownFitsIn(t *testing.T) {
	var numbers, paths, pairs []string
	var socketTypes []string
	for i := range 5 {
		socketTypes = append(socketTypes, fmt.Sprintf("domain = 0x2 and type = %#x", i))
	}
	for i := range 400 {
		numbers = append(numbers, fmt.Sprint(i))
		paths = append(paths, fmt.Sprintf("/usr/share/p%d/x", i))
		pairs = append(pairs, fmt.Sprintf("(evt.rawarg.type = %d and evt.arg.domain = AF_INET)", i))
	}
	few, more := strings.Join(pairs[:5], " or "), strings.Join(numbers[:8], ", ")
	long := "/" + strings.Repeat("a", 80)
	tests := []struct{ name, row, condition, want string }{
		{"too many numbers", "socket", "evt.rawarg.type in (" + strings.Join(numbers, ", ") + ")", ""},
		{"too many clauses with something in common", "socket", strings.Join(pairs, " or "), "domain = 0x2"},
		{"a product of too many clauses", "socket", "evt.rawarg.proto in (" + more + ") and (" + few + ")", strings.Join(socketTypes, " or ")},
		{"too many conditions", "clone", "evt.arg.flags contains CLONE_NEWNS and evt.arg.flags contains CLONE_NEWPID and evt.arg.flags contains CLONE_NEWNET and evt.arg.flags contains CLONE_NEWUSER and evt.arg.flags contains CLONE_NEWIPC",
			"flags & 0x20000 != 0x0 and flags & 0x20000000 != 0x0 and flags & 0x40000000 != 0x0 and flags & 0x10000000 != 0x0"},
		{"a long path", "openat", "fd.name = " + long, "name may be such a path: begins with " + long[:maxPathBytes]},
		{"a long beginning", "openat", "fd.name startswith " + long, "name may be such a path: begins with " + long[:maxPathBytes]},
		{"a long name", "openat", "fd.filename = " + long[1:], ""},
		{"too many names", "openat", "fd.filename in (" + strings.Join(numbers, ", ") + ")", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := event.Lookup(tt.row)
			set := compileOne(t, "evt.type = "+tt.row+" and ("+tt.condition+")")
			if got := shownNeed(row, &set.Needs().Rows[row]); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	openat := event.Lookup("openat")
	p := compileOne(t, "evt.type = openat and fd.name in ("+strings.Join(paths, ", ")+", /etc/x)").Needs().Rows[openat].Paths
	require.NotNil(t, p)
	require.LessOrEqual(t, len(p.Texts)+len(p.Prefixes), maxPaths)
	require.Contains(t, p.Texts, "/etc/x", "what is far from all others stays")
}

// Where there is no room for the paths of some rules, those of another do not take their place.
func TestPathsThatDoNotFitInAreAny(t *testing.T) {
	names := func(letter string) string {
		var all []string
		for i := range 300 {
			all = append(all, fmt.Sprintf("%s%d", letter, i))
		}
		return strings.Join(all, ", ")
	}
	set := compileOne(t, "evt.type = openat and ((evt.is_open_write = true and fd.filename in ("+names("a")+")) or (evt.is_open_read = true and fd.filename in ("+names("b")+")) or "+
		"(evt.is_open_create = true and fd.name = /tmp/x))")
	for path, flags := range map[string]uint64{"/srv/a7": 1, "/srv/b7": 0, "/tmp/x": 0o101} {
		ev := newEvent("openat", 0, 0, flags).with(1, path).Event()
		require.Equal(t, event.Watch, set.Matcher().Decide(ev), path)
		require.True(t, set.Needs().Rows[ev.RowIndex()].MayMatch(ev), path)
	}
}

func TestNothingIsPushedDownWhereARuleCanMatchAnything(t *testing.T) {
	set := compileAll(t, DefaultName)
	anything, problems := Query("", "%evt.type")
	require.NotNil(t, anything, "%v", problems)
	for row := range event.Table {
		if need := anything.Needs().Rows[row]; need.Only != nil || need.Paths != nil {
			t.Errorf("%s of a rule without a condition: got %s, want nothing", event.Table[row].Name, shownNeed(row, &need))
		}
		need := set.Needs().Rows[row]
		if !need.Match && need.Only != nil {
			t.Errorf("%s, which no rule matches: got %s, want nothing", event.Table[row].Name, shownNeed(row, &need))
		}
	}
}

func TestRulesThatAreOffPushNothingDown(t *testing.T) {
	text := `
- {rule: A, desc: d, condition: evt.type = openat and fd.name = /a, output: o, priority: debug}
- {rule: B, desc: d, condition: evt.type = openat, output: o, priority: info, enabled: false}`
	set, problems := Compile([]File{{"test.yaml", []byte(text)}})
	require.NotNil(t, set, "%v", problems)
	openat := event.Lookup("openat")
	if got, want := shownNeed(openat, &set.Needs().Rows[openat]), "name may be such a path: is /a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
