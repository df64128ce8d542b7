package keeper

/*
#cgo CFLAGS: -std=gnu11 -Wall -Wextra
#include "keeper.h"
*/
import "C"

import (
	"os"

	"tiercel/seccomp"
)

// Mode is what a keeper does with the workload when its supervisor has died.
type Mode string

// The modes.
const (
	Kill     Mode = C.KEEPER_KILL
	Continue Mode = C.KEEPER_CONTINUE // the calls run, and nobody watches them
)

// See keeper.h.
const (
	name      = C.KEEPER_NAME
	tableFD   = C.KEEPER_TABLE
	ready     = C.KEEPER_READY
	given     = C.KEEPER_GIVEN
	dismissed = C.KEEPER_DISMISSED
	endRest   = C.KEEPER_END_REST
	noted     = C.KEEPER_NOTED
)

// made returns what the keeper has given to the process that offers its workload.
func made() (l seccomp.Listener, note string, keeper *os.File) {
	return seccomp.Listener(C.keeper_listener), C.GoString(C.keeper_note), os.NewFile(uintptr(C.keeper_answers), "keeper")
}
