package seccomp

import (
	"runtime"
	"testing"

	"tiercel/engine/event"
)

// i386 has calls for sockets beside socketcall(2), by numbers that the library does not resolve their names to.
func TestASocketCallIsFoundByEachOfItsNumbers(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("needs x86_64: the numbers are of its entries")
	}
	calls := Calls(matching("connect"), ByTrace)
	for _, call := range []event.Call{{Number: 42}, {Number: 362, Is32: true}, Multiplexed(3)} {
		if row, ok := calls[call]; !ok || row != event.Lookup("connect") {
			t.Errorf("%+v: got row %d, %v, want that of connect", call, row, ok)
		}
	}
}
