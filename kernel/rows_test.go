package kernel

import (
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
