// Package kernel is the eBPF source. So far it only tells, by trying, what this
// machine would allow one to do.
//
// The trap: a probe needs the privilege that it probes for; run as an ordinary
// user it tells of that user, not of the kernel.
package kernel
