package rules

import (
	"net/netip"
	"strings"
	"testing"

	"tiercel/engine/event"
)

// matches compiles one comparison and tells whether it matches a text.
func matches(t *testing.T, op operator, text string, values ...string) bool {
	t.Helper()
	match, err := constants(event.TypeString, op, values)
	if op == opBContains || op == opBStartsWith {
		match, err = constants(event.TypeBytes, op, values)
	}
	if err != nil {
		t.Fatalf("%s %q: %v", op, values, err)
	}
	return match(event.Value{Status: event.Known, Text: text})
}

func TestGlobs(t *testing.T) {
	tests := []struct {
		name, glob, text string
		want             bool
	}{
		{"no wildcard", "/etc/passwd", "/etc/passwd", true},
		{"no wildcard, longer", "/etc/passwd", "/etc/passwd-", false},
		{"no wildcard, in the middle", "etc", "/etc/", false},
		{"a star is anything", "/etc/*", "/etc/passwd", true},
		{"a star matches slashes", "/etc/*", "/etc/ssh/sshd", true},
		{"a star matches nothing", "/etc/*", "/etc/", true},
		{"a star matches a line's end", "a*b", "a\nb", true},
		{"two stars", "*/ssh/*", "/etc/ssh/key", true},
		{"a mark is one character", "/tmp/?", "/tmp/a", true},
		{"a mark is not none", "/tmp/?", "/tmp/", false},
		{"a mark is not two", "/tmp/?", "/tmp/ab", false},
		{"a class", "[abc]x", "bx", true},
		{"a class without it", "[abc]x", "dx", false},
		{"a range", "/dev/tty[0-9]", "/dev/tty7", true},
		{"a range without it", "/dev/tty[0-9]", "/dev/ttyS", false},
		{"a class turned round", "[!abc]x", "dx", true},
		{"a class turned round with it", "[!abc]x", "ax", false},
		{"a class with its own bracket", "[]a]x", "]x", true},
		{"a class turned round with its own bracket", "[!]a]x", "bx", true},
		{"a bracket that is not closed is itself", "a[b", "a[b", true},
		{"a named class", "[[:digit:]]x", "7x", true},
		{"a named class without it", "[[:digit:]]x", "ax", false},
		{"a named class among others", "[[:alpha:]_]x", "_x", true},
		{"an escaped star is a star", `a\*`, "a*", true},
		{"an escaped star is nothing else", `a\*`, "ab", false},
		{"an escaped letter is itself", `\a`, "a", true},
		{"a dot is a dot", "a.b", "axb", false},
		{"signs of other patterns are themselves", "a+(b|c)^$", "a+(b|c)^$", true},
		{"case matters", "/ETC/*", "/etc/x", false},
		{"nothing", "", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := matches(t, opGlob, tt.text, tt.glob); got != tt.want {
				t.Errorf("%q over %q: got %v, want %v", tt.glob, tt.text, got, tt.want)
			}
		})
	}
}

func TestTextOperators(t *testing.T) {
	tests := []struct {
		op         operator
		text, want string
		matches    bool
	}{
		{opEq, "abc", "abc", true}, {opEq, "abc", "ABC", false}, {opEq, "", "", true},
		{opContains, "abc", "b", true}, {opContains, "abc", "", true}, {opContains, "abc", "B", false},
		{opIContains, "xABCy", "abc", true}, {opIContains, "xÄy", "ä", true}, {opIContains, "ab", "abc", false}, {opIContains, "abc", "", true},
		{opStartsWith, "abc", "ab", true}, {opStartsWith, "abc", "bc", false},
		{opEndsWith, "abc", "bc", true}, {opEndsWith, "abc", "ab", false},
		{opLt, "a", "b", true}, {opLe, "b", "b", true}, {opGt, "b", "b", false}, {opGe, "b", "b", true},
		{opIGlob, "/ETC/X", "/etc/*", true}, {opIGlob, "/VAR", "/etc/*", false},
		{opRegex, "abc", "a.c", true}, {opRegex, "xabc", "abc", false}, {opRegex, "abcx", "abc", false}, {opRegex, "ab", "a|ab", true},
		{opRegex, "x", "a|x", true}, {opRegex, "ax", "a|x", false},
		{opBContains, "a\x01\x02b", "0102", true}, {opBContains, "ab", "0102", false}, {opBStartsWith, "\x01b", "01", true}, {opBStartsWith, "b\x01", "01", false},
	}
	for _, tt := range tests {
		if got := matches(t, tt.op, tt.text, tt.want); got != tt.matches {
			t.Errorf("%q %s %q: got %v, want %v", tt.text, tt.op, tt.want, got, tt.matches)
		}
	}
}

// A set looks at a text's length before the text, and counts all above 62 as one.
func TestSetsHoldTextsOfEveryLength(t *testing.T) {
	for n := 1; n < 200; n++ {
		text := strings.Repeat("/", n)
		set := []string{"other", text, "/" + text + "/b"}
		for _, tt := range []struct {
			name, text string
			want       bool
		}{
			{"in the set", text, true},
			{"of that length and not in the set", strings.Repeat("-", n), false},
			{"longer by one", text + "-", false},
			{"of one byte", "x", false},
		} {
			if got := matches(t, opIn, tt.text, set...); got != tt.want {
				t.Errorf("length %d, %s: got %v, want %v", n, tt.name, got, tt.want)
			}
		}
		folder := "/" + strings.Repeat("a", n+1)
		if !matches(t, opPMatch, folder+"/b/c", "/other", folder) || matches(t, opPMatch, folder+"b/c", "/other", folder) {
			t.Errorf("length %d: want what is below the folder to match, and what only begins like it not", n)
		}
	}
}

func TestListOperators(t *testing.T) {
	tests := []struct {
		name    string
		op      operator
		text    string
		values  []string
		matches bool
	}{
		{"in nothing", opIn, "a", nil, false},
		{"in one", opIn, "a", []string{"a"}, true},
		{"in many", opIn, "c", []string{"a", "b", "c"}, true},
		{"not in many", opIn, "ab", []string{"a", "b", "c"}, false},
		{"intersects as in", opIntersects, "b", []string{"a", "b"}, true},
		{"a path that is it", opPMatch, "/etc", []string{"/etc"}, true},
		{"a path below it", opPMatch, "/etc/ssh/key", []string{"/usr", "/etc"}, true},
		{"a path that only begins so", opPMatch, "/etcetera", []string{"/etc"}, false},
		{"a path above it", opPMatch, "/etc", []string{"/etc/ssh"}, false},
		{"a slash at its end", opPMatch, "/etc/ssh", []string{"/etc/"}, true},
		{"the root has all", opPMatch, "/anything", []string{"/"}, true},
		{"the root has no relative path", opPMatch, "anything", []string{"/"}, false},
		{"a star is one element of a path", opPMatch, "/srv/app/data/x", []string{"/srv/*"}, true},
		{"a star is not none", opPMatch, "/srv", []string{"/srv/*"}, false},
		{"a mark in an element", opPMatch, "/srv/app/data/x", []string{"/srv/ap?/data"}, true},
		{"a class in an element", opPMatch, "/srv/app/data/x", []string{"/srv/[a-c]pp/data"}, true},
		{"a class without it", opPMatch, "/srv/app/data/x", []string{"/srv/[d-f]pp/data"}, false},
		{"no path", opPMatch, "", []string{"/etc"}, false},
		{"no paths", opPMatch, "/etc", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := matches(t, tt.op, tt.text, tt.values...); got != tt.matches {
				t.Errorf("got %v, want %v", got, tt.matches)
			}
		})
	}
}

func TestContainsFoldIsContainsOfLowerCase(t *testing.T) {
	texts := []string{"", "a", "A", "ab", "BA", "aAb", "xyzAB", "ABBA", "\xff", "a\xffB"}
	for _, s := range texts {
		for _, want := range texts {
			got := containsFold(s, want)
			if lower := strings.Contains(strings.ToLower(s), strings.ToLower(want)); got != lower {
				t.Errorf("%q in %q: got %v, want %v", want, s, got, lower)
			}
		}
	}
}

func TestAddressesAndNetworks(t *testing.T) {
	tests := []struct {
		typ         event.FieldType
		value, addr string
		want        bool
	}{
		{event.TypeAddr, "192.0.2.7", "192.0.2.7", true}, {event.TypeAddr, "192.0.2.7", "192.0.2.8", false},
		{event.TypeNet, "192.0.2.0/24", "192.0.2.255", true}, {event.TypeNet, "192.0.2.0/24", "192.0.3.0", false}, {event.TypeNet, "192.0.2.9/24", "192.0.2.1", true},
		{event.TypeNet, "0.0.0.0/0", "1.2.3.4", true}, {event.TypeNet, "0.0.0.0/0", "::1", false}, {event.TypeNet, "::/0", "1.2.3.4", false},
		{event.TypeAddr, "::1", "::1", true}, {event.TypeNet, "2001:db8::/32", "2001:db8:1::2", true}, {event.TypeNet, "2001:db8::/32", "2001:db9::", false},
		{event.TypeAddr, "2001:DB8::1", "2001:db8::1", true},
	}
	for _, tt := range tests {
		other := map[event.FieldType]string{event.TypeAddr: "203.0.113.1", event.TypeNet: "203.0.113.0/30"}[tt.typ]
		match, err := constants(tt.typ, opIn, []string{other, tt.value})
		if err != nil {
			t.Fatal(err)
		}
		raw := string(netip.MustParseAddr(tt.addr).AsSlice())
		if got := match(event.Value{Status: event.Known, Text: raw}); got != tt.want {
			t.Errorf("%s in %s: got %v, want %v", tt.addr, tt.value, got, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	tests := []struct {
		typ  event.FieldType
		text string
		want int64
		ok   bool
	}{
		{event.TypeInt, "7", 7, true}, {event.TypeInt, "-7", -7, true}, {event.TypeInt, "+7", 7, true}, {event.TypeInt, "0x1F", 31, true},
		{event.TypeUint, "18446744073709551615", -1, true}, {event.TypeInt, "18446744073709551616", 0, false},
		{event.TypeInt, "1.5", 0, false}, {event.TypeInt, "seven", 0, false}, {event.TypeInt, "", 0, false},
		{event.TypeBool, "true", 1, true}, {event.TypeBool, "false", 0, true}, {event.TypeBool, "yes", 0, false},
		{event.TypePort, "443", 443, true}, {event.TypePort, "http", 80, true}, {event.TypePort, "no-service", 0, false},
		{event.TypeInt, "0755", 755, true}, {event.TypeUint32, "-1", 1<<32 - 1, true}, {event.TypeBool, "1", 0, false}, {event.TypeRelTime, "1000000000", 1_000_000_000, true},
	}
	for _, tt := range tests {
		got, err := parseNumber(tt.typ, tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s %q: got %d, %v, want %d, accepted %v", tt.typ, tt.text, got, err, tt.want, tt.ok)
		}
	}
}

// The reference's operators by the type of field, operators.txt.
func TestOperatorsOfTypes(t *testing.T) {
	number := "= == != < <= > >= exists in intersects"
	for typ, want := range map[event.FieldType]string{
		event.TypeUint: number, event.TypeAbsTime: number, event.TypeRelTime: number, event.TypeInt: number, event.TypePort: number,
		event.TypeInt16: number, event.TypeInt32: number, event.TypeUint32: number, event.TypeDouble: number,
		event.TypeBool: "= == != exists in intersects", event.TypeAddr: "= == != exists in intersects", event.TypeNet: "= == != exists in intersects",
		event.TypeString: number + " contains icontains startswith endswith glob iglob regex pmatch",
		event.TypeBytes:  "= == != exists contains bcontains startswith bstartswith endswith in intersects",
	} {
		checkOperators(t, typ, false, want)
	}
	checkOperators(t, event.TypeString, true, "exists in intersects")
}

func checkOperators(t *testing.T, typ event.FieldType, list bool, want string) {
	t.Helper()
	for name, op := range operators {
		got := op.op.fits(typ, list)
		if listed := strings.Contains(" "+want+" ", " "+name+" "); got != listed {
			t.Errorf("%s (list %v) %s: got accepted %v, want %v", typ, list, name, got, listed)
		}
	}
}

func TestInequalityOfSeveralValues(t *testing.T) {
	s := event.Socket{Domain: 2, Kind: 1, Local: []byte(ip4(10, 0, 0, 1, 5000)), Remote: []byte(ip4(192, 0, 2, 7, 443))}
	ev := newEvent("connect", 3).with(event.FactSocket, string(s.Append(nil))).ret(0).Event()
	none := newEvent("connect", 3).ret(0).Event()
	tests := []struct {
		condition string
		ev        event.Event
		want      string
	}{
		{"fd.ip != 192.0.2.7", ev, ""},
		{"fd.ip != 10.0.0.1", ev, ""},
		{"fd.ip != 10.0.0.2", ev, "R"},
		{"fd.ip != 10.0.0.2", none, ""},
		{"fd.port != 443", ev, ""},
		{"fd.port != 80", ev, "R"},
		{"fd.net != 10.0.0.0/8", ev, ""},
		{"fd.port in (80, 5000)", ev, "R"},
		{"proc.aname != bash", ev, "R"}, // init is not
	}
	for _, tt := range tests {
		if got := match(compileOne(t, "evt.type = connect and "+tt.condition).Matcher(), tt.ev, cat()); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.condition, got, tt.want)
		}
	}
}

func TestValuesThatDoNotFitAreRefused(t *testing.T) {
	for cond, want := range map[string]string{
		"proc.name regex '('":                "missing closing",
		"proc.name regex 'a)|(?:b'":          "unexpected )",
		"fd.sip = nowhere":                   "no address",
		"fd.sip = 10.0.0.0/8":                "no address",
		"fd.snet = 10.0.0.1":                 "no network",
		"fd.snet in (10.0.0.0/8, 10.0.0/33)": "no network",
		"fd.port = no-service":               "no whole number",
		`proc.name regex "\d+"`:              "invalid escape",
		"evt.rawres < 1.5":                   "no whole number",
		"evt.failed = maybe":                 "neither true nor false",
		"evt.failed < 1":                     "does not fit",
		"fd.ip contains 10":                  "does not fit",
		"proc.pid startswith 1":              "does not fit",
		"proc.name bcontains 61":             "does not fit",
		"proc.name[1] = x":                   "takes no argument",
		"proc.aname[x] = x":                  "wants a number",
		"evt.arg = x":                        "wants an argument",
		"nothing.at.all = x":                 "unknown field",
		"evt.type = open and no_macro":       "unknown macro",
	} {
		set, problems := Compile(ruleFile(cond))
		if set != nil || !strings.Contains(messages(problems), want) {
			t.Errorf("%s: got %q, want %q", cond, messages(problems), want)
		}
	}
}
