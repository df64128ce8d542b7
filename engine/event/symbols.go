package event

import "golang.org/x/sys/unix"

// symbolSet is how the words of one type are named: as a sum of bits, or as one
// of several values. A name's order is the order in which it is printed.
type symbolSet struct {
	bits []symbol // each is there where any bit of its value is
	mask uint64   // of these bits the names are values, not bits (O_ACCMODE)
	none string   // what no bits are called

	enum  []symbol
	flags []symbol // bits that may stand beside the value
	shift int      // how far left the value stands in the word
	other symbol   // what a value without a name counts as; without a name, as itself
}

// symbol is a name, the kernel's value of it, and Falco's number for it where that is another.
type symbol struct {
	name  string
	value uint64
	code  uint64
}

func (n *symbol) number() uint64 {
	if n.code != 0 {
		return n.code
	}
	return n.value
}

// hasBits reports whether the word has the symbol, one of bits.
func (s *symbolSet) hasBits(n *symbol, word uint64) bool {
	if n.value&^s.mask == 0 {
		return word&s.mask == n.value
	}
	return word&n.value != 0
}

// split divides a word of an enum into its flags and its value.
func (s *symbolSet) split(word uint64) (flags, value uint64) {
	for i := range s.flags {
		flags |= word & s.flags[i].value
	}
	return flags, (word &^ flags) >> s.shift
}

// append appends the names of the word, with bars between; nothing where it has none.
func (s *symbolSet) append(b []byte, word uint64) []byte {
	start := len(b)
	for i := range s.bits {
		if n := &s.bits[i]; s.hasBits(n, word) {
			b = appendName(b, start, n.name)
		}
	}
	if s.enum == nil {
		if len(b) == start {
			b = append(b, s.none...)
		}
		return b
	}
	flags, value := s.split(word)
	for i := range s.flags {
		if n := &s.flags[i]; flags&n.value != 0 {
			b = appendName(b, start, n.name)
		}
	}
	return s.appendValue(b, start, value)
}

// appendValue appends every name of a value. Beside flags a zero goes without saying.
func (s *symbolSet) appendValue(b []byte, start int, value uint64) []byte {
	if value == 0 && len(b) > start {
		return b
	}
	before := len(b)
	for i := range s.enum {
		if n := &s.enum[i]; n.value == value {
			b = appendName(b, start, n.name)
		}
	}
	if len(b) == before && s.other.name != "" {
		b = appendName(b, start, s.other.name)
	}
	return b
}

func appendName(b []byte, start int, name string) []byte {
	if len(b) > start {
		b = append(b, '|')
	}
	return append(b, name...)
}

// number returns the word as Falco numbers it.
func (s *symbolSet) number(word uint64) uint64 {
	if s.enum == nil {
		var sum uint64
		for i := range s.bits {
			if n := &s.bits[i]; s.hasBits(n, word) {
				sum |= n.number()
			}
		}
		return sum
	}
	flags, value := s.split(word)
	for i := range s.enum {
		if s.enum[i].value == value {
			return flags | s.enum[i].number()
		}
	}
	if s.other.name != "" {
		return s.other.code
	}
	return word
}

// symbols has the names of every type that has any. The names are those of the
// kernel's headers, as far as Falco knows them and as it prints them.
var symbols = [...]*symbolSet{
	OpenFlags: &openFlagsNames, FileFlags: &fileFlagsNames, ResolveFlags: &resolveFlagsNames, AtFlags: &atFlagsNames, StatFlags: &statFlagsNames,
	UnlinkFlags: &unlinkFlagsNames, RenameFlags: &renameFlagsNames, MemfdFlags: &memfdFlagsNames, MountFlags: &mountFlagsNames,
	UmountFlags: &umountFlagsNames, Mode: &modeNames, AccessMode: &accessModeNames, FlockOp: &flockOpNames, Whence: &whenceNames,
	FcntlCmd: &fcntlCmdNames, SpliceFlags: &spliceFlagsNames, CloseRangeFlags: &closeRangeFlagsNames, EpollFlags: &epollFlagsNames,
	FsconfigCmd: &fsconfigCmdNames, QuotaCmd: &quotaCmdNames,
	Domain: &domainNames, ShutdownHow: &shutdownHowNames, SockLevel: &sockLevelNames, SockOption: &sockOptionNames,
	CloneFlags: &cloneFlagsNames, ModuleFlags: &moduleFlagsNames, UnloadFlags: &unloadFlagsNames, ProtFlags: &protFlagsNames, MapFlags: &mapFlagsNames,
	LockFlags: &lockFlagsNames, LockAllFlags: &lockAllFlagsNames, PidfdFlags: &pidfdFlagsNames, PrctlOption: &prctlOptionNames,
	PtraceRequest: &ptraceRequestNames, BPFCmd: &bpfCmdNames, KeyctlOp: &keyctlOpNames, Resource: &resourceNames, FutexOp: &futexOpNames,
	SemgetFlags: &semgetFlagsNames, SemctlCmd: &semctlCmdNames, RingFlags: &ringFlagsNames, RingEnterFlags: &ringEnterFlagsNames, RingOp: &ringOpNames,
	ImageFlags: &imageFlagsNames, SignalNumber: signalNames(),
}

// signalNames takes the names from x/sys, which generates them from the kernel's headers.
func signalNames() *symbolSet {
	set := &symbolSet{}
	for n := range unix.Signal(65) {
		if name := unix.SignalName(n); name != "" {
			set.enum = append(set.enum, symbol{name, uint64(n), 0})
		}
	}
	return set
}
