// Package procfs turns what the kernel says of processes in /proc, proc(5), into
// parts of records. Every source needs it: for the processes that were there
// before it, and for what it cannot see by itself.
//
// In a nutshell: a [Reader] adds to the record that a [event.Builder] holds. What
// cannot be read is marked so in the record, never left out.
//
// The trap: /proc shows the present. What is read of a process that runs may be
// newer than the event, and its number may be another's by then; only of one
// that is stopped is it the truth. A Reader is for one goroutine at a time.
package procfs
