package keeper

/*
#cgo CFLAGS: -std=gnu11 -Wall -Wextra
#include "keeper.h"
*/
import "C"

import (
	"net"
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

// made returns the offer that this process was made for.
func made() *offer {
	return &offer{
		listener: seccomp.Listener(C.keeper_listener), note: C.GoString(C.keeper_note), since: uint64(C.keeper_since),
		keeper: int(C.keeper_pid), answers: os.NewFile(uintptr(C.keeper_answers), "keeper"), taker: make(chan *net.UnixConn, 1),
	}
}
