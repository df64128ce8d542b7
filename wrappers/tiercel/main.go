// Command tiercel detects threats at run time: it runs a command, watches the
// system calls of all that comes of it, and raises alerts from rules.
//
// The trap: the first thing in main is launch.Launch, which in a re-executed
// child never returns; nothing may come before it.
package main

import (
	"os"

	"tiercel/tracer/launch"
)

func main() {
	launch.Launch()
	os.Exit(execute(os.Args[1:]))
}
