package keeper

/*
#cgo CFLAGS: -std=gnu11 -Wall -Wextra
#include "wait.h"
*/
import "C"

import "tiercel/seccomp"

const (
	name    = C.KEEPER_NAME
	tableFD = C.KEEPER_TABLE
)

// See wait.h.
const (
	ready     = C.KEEPER_READY
	given     = C.KEEPER_GIVEN
	dismissed = C.KEEPER_DISMISSED
	endRest   = C.KEEPER_END_REST
	noted     = C.KEEPER_NOTED
)

// waited returns what a keeper has waited for: its listener, and whether its
// supervisor has died, with the last note if that left any.
func waited() (l seccomp.Listener, died bool, note string) {
	return seccomp.Listener(C.keeper_listener), C.keeper_word == C.KEEPER_DIED, C.GoString(C.keeper_note)
}
