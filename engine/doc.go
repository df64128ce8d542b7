// Package engine drains the event queue: it keeps the tree of processes, matches
// the rules, and hands alerts to the outputs.
//
// In a nutshell: each event first changes the tree (a new process, a new image,
// other credentials), then the rules of its row are evaluated over the event and
// its process, then an ended process is forgotten. The tree is fed by events
// alone, never by a look at the running system, so a recorded run gives the same
// alerts as the live one.
//
// The trap: everything in an Engine but Run and Reload belongs to the goroutine that runs it.
package engine
