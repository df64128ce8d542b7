package event

import (
	"strings"
	"sync"
)

// Row is one line of the table: all that tiercel knows of a system call.
//
// The index of a row is its identity in filters, BPF maps and recorded events.
// So lines are only ever appended, and a line keeps its parameters' order; the
// only change permitted to a line is a further parameter at its end.
type Row struct {
	Name   string // as evt.type has it; Names has the kernel's
	Class  Class
	When   When
	Params Params // in the order of the call's arguments
	Effect Effect // on the state of the process
	Shown  string // what rules see (evt.args) and in which order, where that is not the result and then the parameters: see shown
}

// Params are a call's parameters, under the names that Falco gives them.
type Params []Param

// Param is one parameter of a call. Without In it is the argument at its own
// position; with In it is a 64-bit word of the struct that an argument points to.
type Param struct {
	Name string
	Type Type
	In   *Word
}

// Word names a 64-bit word: the Index-th of the struct that argument Arg points to.
type Word struct{ Arg, Index int }

// Class is the kind of a call (Falco's evt.category).
type Class uint8

// The classes.
const (
	Other Class = iota
	File
	Net
	Memory
	Proc
	User
	Signals
	System
	IPC
	Wait
	Sleep
	Time
)

var classNames = [...]string{
	Other: "other", File: "file", Net: "net", Memory: "memory", Proc: "process",
	User: "user", Signals: "signal", System: "system", IPC: "IPC", Wait: "wait", Sleep: "sleep", Time: "time",
}

func (c Class) String() string { return classNames[c] }

// When says where a call's event is complete.
type When uint8

// A call whose result matters is complete at its exit, one that does not return at its entry.
// A pseudo row is no system call: the source itself raises it.
const (
	Exit When = iota
	Entry
	Pseudo
)

// Effect is what a successful call changes in the process, as bits.
type Effect uint16

// The effects. A source reads the new state from the kernel after the call; it never computes it.
const (
	OpensFD  Effect = 1 << iota // the result is a descriptor of the object that the path names
	Executes                    // another program image
	Spawns                      // a new process or thread
	Ends                        // the process is gone
	SetsIDs                     // user, group or capability sets
	SetsJob                     // session or process group
	SetsName                    // the thread's name
	Later                       // what it sets counts from the next event on: this one is told with what the caller had
)

// kernelNames has the kernel's names of the calls that a row stands for, where
// these are not just the row's own: Falco names some calls otherwise, and 32-bit
// x86 knows many a second time, with the same arguments.
var kernelNames = map[string]string{
	"pread": "pread64", "pwrite": "pwrite64", "llseek": "_llseek", "prlimit": "prlimit64",
	"chown": "chown chown32", "lchown": "lchown lchown32", "fchown": "fchown fchown32",
	"setuid": "setuid setuid32", "setgid": "setgid setgid32", "setreuid": "setreuid setreuid32", "setregid": "setregid setregid32",
	"setresuid": "setresuid setresuid32", "setresgid": "setresgid setresgid32", "setfsuid": "setfsuid setfsuid32", "setfsgid": "setfsgid setfsgid32",
	"getuid": "getuid getuid32", "geteuid": "geteuid geteuid32", "getgid": "getgid getgid32", "getegid": "getegid getegid32",
	"getresuid": "getresuid getresuid32", "getresgid": "getresgid getresgid32", "getgroups": "getgroups getgroups32", "setgroups": "setgroups setgroups32",
	"fcntl": "fcntl fcntl64", "sendfile": "sendfile sendfile64", "truncate": "truncate truncate64", "ftruncate": "ftruncate ftruncate64",
	"fadvise64": "fadvise64 fadvise64_64", "getrlimit": "getrlimit ugetrlimit",
	"futex": "futex futex_time64", "ppoll": "ppoll ppoll_time64", "pselect6": "pselect6 pselect6_time64", "recvmmsg": "recvmmsg recvmmsg_time64",
	"clock_gettime": "clock_gettime clock_gettime64", "clock_settime": "clock_settime clock_settime64", "clock_getres": "clock_getres clock_getres_time64",
	"clock_nanosleep": "clock_nanosleep clock_nanosleep_time64", "clock_adjtime": "clock_adjtime clock_adjtime64",
	"timer_gettime": "timer_gettime timer_gettime64", "timer_settime": "timer_settime timer_settime64",
	"timerfd_gettime": "timerfd_gettime timerfd_gettime64", "timerfd_settime": "timerfd_settime timerfd_settime64",
	"utimensat": "utimensat utimensat_time64", "io_pgetevents": "io_pgetevents io_pgetevents_time64", "semtimedop": "semtimedop semtimedop_time64",
	"mq_timedsend": "mq_timedsend mq_timedsend_time64", "mq_timedreceive": "mq_timedreceive mq_timedreceive_time64",
	"rt_sigtimedwait": "rt_sigtimedwait rt_sigtimedwait_time64", "sched_rr_get_interval": "sched_rr_get_interval sched_rr_get_interval_time64",
}

// otherTypes are the event types that a rule may name though no row is theirs:
// what Falco raises besides calls, calls of other architectures, the multiplexers
// whose calls have rows, and a name that the table once had.
const otherTypes = `switch signaldeliver page_fault pluginevent drop scapevent cpu_hotplug notification infra container
	useradded userdeleted groupadded groupdeleted asyncevent
	s390_pci_mmio_write s390_pci_mmio_read s390_guarded_storage s390_sthyi s390_runtime_instr spu_create spu_run switch_endian rtas
	riscv_flush_icache riscv_hwprobe sys_debug_setcontext multiplexer subpage_prot swapcontext pciconfig_read pciconfig_write
	pciconfig_iobase sync_file_range2 socketcall ipc prlimit64`

// Names returns every kernel name that the row stands for: none for a pseudo row.
func (r *Row) Names() []string {
	if r.When == Pseudo {
		return nil
	}
	if names, ok := kernelNames[r.Name]; ok {
		return strings.Fields(names)
	}
	return []string{r.Name}
}

// Param returns the index of the named parameter, or -1.
func (r *Row) Param(name string) int {
	for i := range r.Params {
		if r.Params[i].Name == name {
			return i
		}
	}
	return -1
}

// rowByName has the index of each row, and -1 of the types that have none.
var rowByName = sync.OnceValue(func() map[string]int {
	rows := make(map[string]int, len(Table))
	for _, name := range strings.Fields(otherTypes) {
		rows[name] = -1
	}
	for i := range Table {
		rows[Table[i].Name] = i
	}
	for _, row := range []int{RowLost, RowBlind} {
		delete(rows, Table[row].Name) // an event type of nobody's: no rule may be about it
	}
	return rows
})

// Lookup returns the index in Table of the row with that name (evt.type), or -1.
func Lookup(name string) int {
	if row, ok := rowByName()[name]; ok {
		return row
	}
	return -1
}

// IsType reports whether the name is an event type that rules may ask for, be
// there events of it or not.
func IsType(name string) bool {
	_, ok := rowByName()[name]
	return ok
}

// Types returns the types of the events that there are and that rules see.
func Types() (names []string) {
	for i := range Table {
		if !IsNote(i) {
			names = append(names, Table[i].Name)
		}
	}
	return names
}

// The rows that a source raises by itself.
const (
	RowProcInfo = 0
	RowSpawn    = 1
	RowProcExit = 2
	RowLost     = 416
	RowBlind    = 417
)

// IsNote reports whether records of the row are for the engine alone, and no events that rules see.
func IsNote(row int) bool {
	return row == RowProcInfo || row == RowSpawn || row == RowLost || row == RowBlind
}
