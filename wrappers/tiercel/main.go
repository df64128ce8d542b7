// Command tiercel detects threats at run time: it runs a command, watches the
// system calls of all that comes of it, and raises alerts from rules.
//
// The trap: the first things in main are kernel.Keep and keeper.Keep, which in a
// re-executed child never return; nothing may come before them.
package main

import (
	"os"

	"tiercel/kernel"
	"tiercel/tracer/keeper"
)

func main() {
	kernel.Keep()
	keeper.Keep()
	keepIgnoring()
	os.Exit(execute(os.Args[1:]))
}
