// Package tracer is the ptrace source: it launches a command, follows every
// process and thread that comes of it, and turns their system calls into events.
//
// In a nutshell: package launch starts a child that waits until it is seized,
// puts the filter on itself and executes the command. From then on the
// filter stops just the calls that a rule could match. At the entry stop the
// arguments are read and, where their numbers and path leave a doubt, the gate is asked;
// only what may still match is let run to its exit stop, and queued with its result. Processes and images come as
// ptrace events. dispatch(next()) is all there is to the loop: next says what
// happened, in words that do not depend on ptrace; dispatch deals with it.
//
// The trap: ptrace belongs to a thread. Everything in this package runs on the
// one goroutine that called Run, which is locked to its thread; a function that
// says nothing else must be called there.
package tracer
