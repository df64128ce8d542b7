// Package kernel is the eBPF source: programs at raw tracepoints write the
// events of a whole machine, or of one tree of processes, into a ring that a
// [Probe] empties. What is read for an event comes from the kernel's own structs
// at its time; a lost event so leaves nothing wrong that follows.
//
// The programs stand in bpf/. What they do is told by a map of rows, which comes
// of the rules' needs: there is one loop for all calls.
//
// The trap: calls are seen when they end. A path that another thread rewrites
// during the call is recorded as it is then; what the kernel made of it (the
// descriptor, its socket) is in the facts.
package kernel
