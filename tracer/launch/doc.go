// Package launch starts a command that does not run before whoever watches it is
// ready. What the command gets is as it was given to tiercel: descriptors,
// environment, working directory, terminal, signals that are ignored or blocked.
//
// In a nutshell: the parent makes a gate, a pipe by which it sends the filter once
// it is ready, and a report, on which the child says that it runs its own image (seized
// before, that exec would be taken for the command's), and why if it cannot go
// on. It starts its own binary again under another name. That child waits at the gate,
// before Go's runtime starts, puts the filter on itself, and one more where calls are
// denied, becomes the user that the command is to run as, and executes the command,
// which closes the descriptors. Signals that come meanwhile it holds until last thing. The
// descriptors' numbers are passed as arguments, so that nothing else need be touched.
//
// The trap: the child's half is in child.c, a constructor, in each program that imports
// this package. While [Start] runs, nothing else may start a process: it would
// inherit the child's ends of the pipes.
package launch
