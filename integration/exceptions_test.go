package integration

import "regexp"

// varies is what differs between any two runs, whatever the source: in fields of
// these names, such text is replaced.
var varies = []struct {
	field, text *regexp.Regexp
	by, reason  string
}{
	{fields(`proc\.v?p?pid|evt\.rawarg\.pid`), whole, "N", "the kernel numbers processes as they come"},
	{every, regexp.MustCompile(`/proc/\d+/`), "/proc/N/", "the kernel numbers processes as they come"},
	{fields(`evt\.(time|num|reltime|latency).*|proc\.duration|container\.start_ts|proc\.exe_ino\..*`), whole, "N", "time goes on, and calls are counted"},
	{fields(`fd\.[lrcs]?port`), regexp.MustCompile(`^\d{5}$`), "PORT", "the kernel chooses the ports of clients, and those that a server leaves to it"},
	{every, regexp.MustCompile(`([\da-f:]:|\d/)\d{5}\b`), "${1}PORT", "the kernel chooses the ports of clients, and those that a server leaves to it"},
	{fields(`proc\.env`), regexp.MustCompile(`TIERCEL_(SOURCE|STOPS)=\w*`), "TIERCEL_$1=NAME", "the source is chosen by the environment"},
	{every, regexp.MustCompile(`(socket|pipe):\[\d+\]`), "$1:[N]", "the kernel numbers what has no name as it comes"},
	{every, regexp.MustCompile(`/(\.?tiercel)\.\w{6}\b`), "/$1.XXXXXX", "mktemp(1) invents names"},
}

var (
	every = regexp.MustCompile("")
	whole = regexp.MustCompile(`(?s)^.+$`)
)

func fields(names string) *regexp.Regexp { return regexp.MustCompile("^(" + names + ")$") }

// What an exception is about, beside a field.
const (
	onlyPtrace  = "the script runs under ptrace only"
	onlyEBPF    = "the script runs under eBPF only"
	once        = "the script runs once"
	parts       = "parts of the script run under ptrace only"
	otherAlerts = "other alerts"
)

// exceptions are where the sources differ: what of a script, in which file of
// alerts, and why it cannot or need not be otherwise.
var exceptions = []exception{
	{"script/bad_input", "", parts, "strace can keep one tracer from a command, not eBPF"},
	{"script/capabilities", "", once, "it says itself which source its containers have: that is what it is about"},
	{"script/container", "", once, "a container without privileges allows ptrace only"},
	{"script/exec_by_source", "script.json", "evt.arg.argv", "of a script, the image has its interpreter before its name; eBPF tells of the image, ptrace of the call"},
	{"script/exec_by_source", "script.json", "evt.rawarg.argv", "eBPF tells of an image when the registers of the call are gone"},
	{"script/exec_by_source", "at.json", "evt.type", "without a descriptor, execveat leaves no trace in the image, and is told as execve"},
	{"script/exec_by_source", "", parts, "as of at.json"},
	{"script/interrupted", "handler.json", otherAlerts, "a call whose signal's handler executes another image never ends, so that eBPF does not see it; ptrace sees that it was broken off"},
	{"script/interrupted", "", parts, "as of handler.json"},
	{"script/io_uring", "", onlyEBPF, "what io_uring does is no system call, and no stop of a tracee"},
	{"script/ordinary_user", "", onlyPtrace, "an ordinary user may not load eBPF programs"},
	{"script/own_filter", "", onlyPtrace, "calls that a filter of the workload's stops for a tracer fail where there is none"},
	{"script/record_user", "", parts, "an ordinary user may not load eBPF programs"},
	{"script/refusals", "", onlyPtrace, "what is refused is of the ptrace source"},
	{"script/setuid_lost", "", onlyPtrace, "an ordinary user may not load eBPF programs"},
	{"script/unreadable", "", parts, "an ordinary user may not load eBPF programs"},
	{"rules/drop_and_execute", "", once, "a container without privileges allows ptrace only"},
	{"rules/process_takeover", "attach.json", "evt.res", "a process has one tracer: under ptrace (not by notify) it is tiercel, and to attach fails"},
}

// uncompared is what differs between the sources in what varies anyway.
var uncompared = []string{
	"evt.time and its kin: the time of a call is when it began under ptrace, and when it ended under eBPF",
	"evt.num: the sources tell of more events than rules match, and not of the same ones",
}

type exception struct{ script, file, what, reason string }

// exceptionOf finds what is known of a difference.
func exceptionOf(script, file, what string) (exception, bool) {
	for _, e := range exceptions {
		if e.script == script && e.file == file && e.what == what {
			return e, true
		}
	}
	return exception{}, false
}

func isException(script, what string) bool {
	_, is := exceptionOf(script, "", what)
	return is
}
