package event

import (
	"slices"
	"strings"
)

// Fields is every field of the language, by Falco's names: first those that a
// source can answer, then, class by class, those that none can.
var Fields = slices.Concat(eventFields, processFields, accountFields, descriptorFields, pathFields, containerFields, unansweredFields())

// EventSource is where the events come from in Falco's sense (evt.source, and the
// source key of rules): other sources are those of plugins, of which there are none.
const EventSource = "syscall"

// Class returns the first part of the field's name: evt, proc, fd ...
func (f *Field) Class() string {
	class, _, _ := strings.Cut(f.Name, ".")
	return class
}

// A field is added by adding its line to the table of its class: name, type,
// argument, flags, what a source must read for it, what it says, and how it is read.

// eventFields are of the call itself, its result and its time.
var eventFields = []Field{
	{"evt.num", TypeUint, NoArg, 0, 0, "the event's number, counted from 1", ofRun(func(v *View) Value { return num(int64(v.Number)) })},
	{"evt.time", TypeString, NoArg, 0, 0, "when the call was entered: HH:MM:SS and nine digits, local time", clock("15:04:05.000000000", false)},
	{"evt.time.s", TypeString, NoArg, 0, 0, "the same without the digits", clock("15:04:05", false)},
	{"evt.time.iso8601", TypeString, NoArg, 0, 0, "the same as ISO 8601, UTC", clock("2006-01-02T15:04:05.000000000-0700", true)},
	{"evt.datetime", TypeString, NoArg, 0, 0, "date and time with nine digits, local time", clock("2006-01-02 15:04:05.000000000", false)},
	{"evt.datetime.s", TypeString, NoArg, 0, 0, "date and time without the digits", clock("2006-01-02 15:04:05", false)},
	{"evt.rawtime", TypeAbsTime, NoArg, 0, 0, "nanoseconds since the epoch", rawTime},
	{"evt.reltime", TypeRelTime, NoArg, 0, 0, "nanoseconds since the run started", relTime},
	{"evt.source", TypeString, NoArg, 0, 0, "always syscall", constant(EventSource)},
	{"evt.hostname", TypeString, NoArg, 0, 0, "the machine's name; TIERCEL_HOSTNAME sets another", ofRun(func(v *View) Value { return some(v.Host) })},
	{"evt.type", TypeString, NoArg, 0, 0, "the call's name", evtType},
	{"syscall.type", TypeString, NoArg, 0, 0, "the call's name; absent for what is no call", syscallType},
	{"evt.category", TypeString, NoArg, 0, 0, "file, net, process, memory, user, signal, system, IPC, other", func(v *View, _ *Arg, _ int) Value { return str(v.Row.Class.String()) }},
	{"evt.dir", TypeString, NoArg, Deprecated, 0, "< always: one event per call, with its result", constant("<")},
	{"evt.args", TypeString, NoArg, 0, 0, "all parameters, name=value", evtArgs},
	{"evt.arg", TypeString, MustKey, 0, 0, "a parameter by name or number, as text with symbolic names", evtArg},
	{"evt.rawarg", TypeDynamic, MustKey, NoRHS | NoTransformer, 0, "a parameter by name, as a number", evtRawArg},
	{"evt.res", TypeString, NoArg, 0, 0, "SUCCESS, or the name of the error", evtRes},
	{"evt.rawres", TypeInt, NoArg, 0, 0, "the result as a number, negative for an error", func(v *View, _ *Arg, _ int) Value { return v.result() }},
	{"evt.failed", TypeBool, NoArg, 0, 0, "the call gave an error", evtFailed},
	{"evt.is_open_read", TypeBool, NoArg, 0, 0, "an open for reading", opens("evt.is_open_read")},
	{"evt.is_open_write", TypeBool, NoArg, 0, 0, "an open for writing", opens("evt.is_open_write")},
	{"evt.is_open_create", TypeBool, NoArg, 0, 0, "an open that may create the file", opens("evt.is_open_create")},
	{"evt.is_open_exec", TypeBool, NoArg, 0, 0, "an open that may create the file, executable", openExec},
	{"evt.rawtime.s", TypeAbsTime, NoArg, 0, 0, "the seconds of evt.rawtime", seconds(rawTime)},
	{"evt.rawtime.ns", TypeAbsTime, NoArg, 0, 0, "the nanoseconds of evt.rawtime within the second", nanoseconds(rawTime)},
	{"evt.reltime.s", TypeRelTime, NoArg, 0, 0, "the seconds of evt.reltime", seconds(relTime)},
	{"evt.reltime.ns", TypeRelTime, NoArg, 0, 0, "the nanoseconds of evt.reltime within the second", nanoseconds(relTime)},
	{"evt.deltatime", TypeRelTime, NoArg, 0, 0, "nanoseconds since the event before, of those that a rule could match", deltaTime},
	{"evt.deltatime.s", TypeRelTime, NoArg, 0, 0, "the seconds of evt.deltatime", seconds(deltaTime)},
	{"evt.deltatime.ns", TypeRelTime, NoArg, 0, 0, "the nanoseconds of evt.deltatime within the second", nanoseconds(deltaTime)},
	{"evt.outputtime", TypeString, NoArg, PrintOnly, 0, "the same as evt.time", clock("15:04:05.000000000", false)},
	{"evt.is_async", TypeBool, NoArg, 0, 0, "false always: a call's event comes while the call is at hand", func(*View, *Arg, int) Value { return truth(false) }},
	{"evt.type.is", TypeUint32, MustKey, 0, 0, "1 where the call has that name, else 0", evtTypeIs},
	{"evt.cpu", TypeInt16, NoArg, 0, facts(FactUsage), "the processor that the thread last ran on", factNum(FactUsage, UsageCPU)},
	{"evt.info", TypeString, NoArg, 0, 0, "the same as evt.args", evtArgs},
	{"evt.buflen", TypeUint, NoArg, 0, 0, "how many bytes the call read or wrote, as its result says", transferred(anyWay, nil)},
	{"evt.buflen.in", TypeUint, NoArg, Deprecated, 0, "the bytes of a call that reads", transferred(reads, nil)},
	{"evt.buflen.out", TypeUint, NoArg, Deprecated, 0, "the bytes of a call that writes", transferred(writes, nil)},
	{"evt.buflen.file", TypeUint, NoArg, Deprecated, fdFacts, "the bytes read from a file or written to it", transferred(anyWay, isFileType)},
	{"evt.buflen.file.in", TypeUint, NoArg, Deprecated, fdFacts, "the bytes read from a file", transferred(reads, isFileType)},
	{"evt.buflen.file.out", TypeUint, NoArg, Deprecated, fdFacts, "the bytes written to a file", transferred(writes, isFileType)},
	{"evt.buflen.net", TypeUint, NoArg, Deprecated, fdFacts, "the bytes received or sent", transferred(anyWay, isNetType)},
	{"evt.buflen.net.in", TypeUint, NoArg, Deprecated, fdFacts, "the bytes received", transferred(reads, isNetType)},
	{"evt.buflen.net.out", TypeUint, NoArg, Deprecated, fdFacts, "the bytes sent", transferred(writes, isNetType)},
	{"evt.is_io", TypeBool, NoArg, 0, 0, "the call reads from a descriptor or writes to one", goes(anyWay)},
	{"evt.is_io_read", TypeBool, NoArg, 0, 0, "the call reads from a descriptor", goes(reads)},
	{"evt.is_io_write", TypeBool, NoArg, 0, 0, "the call writes to a descriptor", goes(writes)},
	{"evt.io_dir", TypeString, NoArg, 0, 0, "r for a call that reads from a descriptor, w for one that writes", ioDir},
	{"evt.is_wait", TypeBool, NoArg, 0, 0, "the call is made to wait: poll, select, nanosleep and their kin", goes(waits)},
	{"evt.is_syslog", TypeBool, NoArg, 0, fdFacts, "the call writes to /dev/log", isSyslog},
	{"evt.count", TypeUint32, NoArg, 0, 0, "1 always", one},
	{"evt.count.error", TypeUint32, NoArg, 0, 0, "1 where the call gave an error, else absent", countError(ofAny)},
	{"evt.count.error.file", TypeUint32, NoArg, 0, fdFacts, "the same, of calls about files", countError(ofFiles)},
	{"evt.count.error.net", TypeUint32, NoArg, 0, fdFacts, "the same, of calls about sockets", countError(ofSockets)},
	{"evt.count.error.memory", TypeUint32, NoArg, 0, 0, "the same, of calls about memory", countError(ofMemory)},
	{"evt.count.error.other", TypeUint32, NoArg, 0, fdFacts, "the same, of all other calls", countError(ofOthers)},
	{"evt.count.exit", TypeUint32, NoArg, 0, 0, "1 always: an event is of the call's end", one},
	{"evt.abspath", TypeString, MustKey, 0, 0, "of a call that names a directory descriptor: its absolute path; .src and .dst where there are two", absPath},
}
