package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

func TestTemplates(t *testing.T) {
	tests := []struct {
		name, template, want string
	}{
		{"no field", "plain text", "plain text"},
		{"nothing", "", ""},
		{"only a field", "%proc.name", "cat"},
		{"fields in text", "file=%fd.name by %proc.name.", "file=/etc/passwd by cat."},
		{"fields side by side", "%proc.name%proc.pname", "catbash"},
		{"fields with signs between", "%fd.name:%fd.num->%proc.pid", "/etc/passwd:3->11"},
		{"a star is left out", "%*proc.name", "cat"},
		{"a field with a number", "%proc.aname[2] %proc.aname[1]", "init bash"},
		{"a field with a name", "%evt.arg.flags %evt.arg[flags]", "O_WRONLY O_WRONLY"},
		{"what is absent", "%fd.sip", "<NA>"},
		{"a transformer", "%toupper(proc.name) %len(fd.name)", "CAT 11"},
		{"a transformer of several", `%join("-", (proc.name, proc.pid))`, "cat-11"},
		{"a bracket that is not closed is text", "%proc.name[x", "cat[x"},
		{"brackets with nothing are text", "%proc.name[]", "cat[]"},
		{"letters of two bytes", "é%proc.nameé", "écaté"},
	}
	var v event.View
	v.Begin(newEvent("openat", 0, 0, 1).with(1, "/etc/passwd").ret(3).Event(), cat(), event.Whole)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			template, problems := templateOf(tt.template)
			require.Empty(t, problems)
			if got := string(template.Append(nil, &v)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// templateOf compiles an output.
func templateOf(output string) (Template, Problems) {
	c := newChecker(load(nil))
	t, _ := c.template("R", script{lineOf("output", output)})
	return t, c.doc.problems
}

func TestTemplatesThatAreRefused(t *testing.T) {
	tests := []struct {
		template, want string
		column         int
	}{
		{"a %no.field", "unknown field", 4},
		{"%proc.name %proc.nmae", "unknown field", 13},
		{"%proc.name[1]", "takes no argument", 2},
		{"%proc.aname[x]", "wants a number", 2},
		{"%evt.arg", "wants an argument", 2},
		{"100% of it", "expected a field", 4},
		{"%name", "expected a field", 1},
		{"%%proc.name", "expected a field", 1},
		{"%tolower(proc.pid)", "does not fit", 2},
	}
	for _, tt := range tests {
		_, problems := templateOf(tt.template)
		if len(problems) != 1 || !strings.Contains(problems[0].Message, tt.want) || problems[0].Column != tt.column {
			t.Errorf("%q: got %v, want %q at column %d", tt.template, problems, tt.want, tt.column)
		}
	}
}

func TestFieldsOfATemplateComeOnce(t *testing.T) {
	template, problems := templateOf("%proc.name %fd.num %proc.name %proc.aname[1] %proc.aname[2] %fd.sip")
	require.Empty(t, problems)
	var v event.View
	v.Begin(newEvent("openat").ret(3).Event(), cat(), event.Whole)
	var got []string
	template.Fields(&v, func(name string, typ event.FieldType, val event.Value) {
		got = append(got, fmt.Sprint(name, " ", typ, " ", string(typ.AppendText(nil, val))))
	})
	want := "proc.name CHARBUF cat, fd.num INT64 3, proc.aname[1] CHARBUF bash, proc.aname[2] CHARBUF init, fd.sip IPADDR <NA>"
	if all := strings.Join(got, ", "); all != want {
		t.Errorf("got %s, want %s", all, want)
	}
}

func TestPriorities(t *testing.T) {
	for name, want := range map[string]Priority{
		"emergency": Emergency, "Alert": Alert, "CRITICAL": Critical, "error": ErrorPriority, "Warning": WarningPriority,
		"notice": Notice, "informational": Informational, "info": Informational, "INFO": Informational, "debug": Debug,
	} {
		if got, err := ParsePriority(name); got != want || err != nil {
			t.Errorf("%q: got %v, %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "warn", "urgent", "4"} {
		if got, err := ParsePriority(name); err == nil {
			t.Errorf("%q: got %v, want an error", name, got)
		}
	}
}

func TestPriorityNamesCanBeParsed(t *testing.T) {
	names := PriorityNames()
	for i, name := range names {
		if got, err := ParsePriority(name); got != Priority(i) || err != nil {
			t.Errorf("%q: got %v, %v, want %v", name, got, err, Priority(i))
		}
	}
	if len(names) != 8 {
		t.Errorf("got %d names, want 8", len(names))
	}
}

func FuzzTemplate(f *testing.F) {
	for _, format := range []string{"", "%", "%%", "%evt.type", "%*evt.type x%proc.name[", "%proc.aname[2]%", "%tolower(proc.name", "%no.field", "%evt.arg[]", "%val(proc.name)", "%fd.name\n", "é%\xff"} {
		f.Add(format)
	}
	f.Fuzz(func(t *testing.T, format string) {
		set, problems := Query("", format)
		if (set == nil) != problems.Errors() {
			t.Errorf("%q: got set %v, problems %v, want one of them", format, set, problems)
		}
		for _, p := range problems {
			if p.Message == "" || p.Line > strings.Count(format, "\n")+2 {
				t.Errorf("%q: got %+v, want a message at a place in it", format, p)
			}
		}
		if set == nil {
			return
		}
		var v event.View
		v.Begin(newEvent("openat").with(1, "/x").ret(3).Event(), cat(), event.Whole)
		if got := string(set.Rules[0].Message.Append(nil, &v)); !strings.Contains(format, "%") && got != strings.TrimRight(format, "\n") {
			t.Errorf("%q: got %q, want the text as it stands", format, got)
		}
	})
}
