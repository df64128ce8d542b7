package kernel

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

// The calls of other entries lead to the same rows: those of x32 with numbers of
// their own, and those that socketcall(2) makes.
func TestNumbersOfOtherEntriesLeadToTheirRows(t *testing.T) {
	needs := &event.Needs{}
	for i := range needs.Rows {
		needs.Rows[i].Match = true
	}
	n := numbersOf(needs, map[event.Call]int{{Number: 11, Is32: true}: event.Lookup("execve")})
	row := func(at int) string { return event.Table[int(n.rows[at])-1].Name }
	require.Equal(t, "execve", row(520))
	require.Equal(t, "pwritev2", row(547))
	require.Equal(t, "execve", row(maxCalls+11))
	require.Equal(t, "connect", row(2*maxCalls-1-3))
	for _, number := range []int{11, 102, 520, 547} {
		require.NotZero(t, n.watched[number/64]&(1<<(number%64)), "number %d is watched", number)
	}
	none := numbersOf(&event.Needs{}, nil)
	require.Zero(t, none.watched)
	require.Zero(t, none.early)
}

// What stands here and in the programs' own words is the same.
func TestNumbersAreThoseOfThePrograms(t *testing.T) {
	words := map[string]string{}
	for _, name := range []string{"source.h", "call.h", "io_uring.h"} {
		b, err := os.ReadFile("bpf/" + name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)(?:#define\s+|\bOP_|^\s+)?\b([A-Z][A-Z_0-9]+)\s+=?\s*(\d+|0xff)\b`).FindAllStringSubmatch(string(b), -1) {
			if words[m[1]] == "" {
				words[m[1]] = m[2]
			}
		}
	}
	for word, want := range map[string]int{
		"ROWS": maxRows, "CALLS": maxCalls, "NAME_SIZE": nameSize, "NONE": noParam, "MAX_SIZE": event.MaxSize, "MAX_STRING": event.MaxString,
		"SOCKETCALL": socketcall, "RESTART_SYSCALL": restart, "RESTART_SYSCALL_COMPAT": restartCompat, "BASE_MOVES": baseMoves,
		"BASE": int(event.Base), "FACT_OBJECT": int(event.FactObject), "RESULT": event.Result,
		"WATCHED": watchedMember, "OP_CONNECT": numberOf("connect"), "OP_OPENAT": numberOf("openat"), "OP_OPENAT2": numberOf("openat2"),
		"OP_RENAMEAT": numberOf("renameat2"), "OP_SOCKET": numberOf("socket"),
	} {
		require.Equal(t, fmt.Sprint(want), strings.Replace(words[word], "0xff", "255", 1), word)
	}
	require.Len(t, sourceRow{}.Clause, 8)
	require.Len(t, sourceRow{}.Clause[0].All, 4)
}

// numberOf is the number of the operation that is like the call.
func numberOf(call string) int {
	for number, name := range operations {
		if name == call {
			return number
		}
	}
	return -1
}
