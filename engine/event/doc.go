// Package event is the vocabulary that every part of tiercel shares: the table
// of system calls, the types and symbolic names of their parameters, the fields
// that rules read, the flat record in which one event travels, and the ring
// that carries records from a source to the engine.
//
// In a nutshell: a source looks a call up in [Table], writes a record with a
// [Builder], and commits it to a [Ring]; the engine takes it out as an [Event]
// and reads [Fields] of it through a [View]. Everything that is known about a
// system call stands in its one row.
//
// The trap: an [Event], and every string that a [View] hands out, aliases the
// buffer that it was read from. Both are valid only until that buffer is
// released; whoever wants to keep one clones it.
package event
