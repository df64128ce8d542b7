package sigaction_test

import (
	"encoding/binary"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/tracer/sigaction"
)

// send has a signal come, written as said, and is over when it is dealt with.
func send(t *testing.T, s unix.Signal, fd, size int) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	was, err := sigaction.Write(s, fd, size)
	require.NoError(t, err)
	require.NoError(t, unix.Tgkill(os.Getpid(), unix.Gettid(), s))
	set, err := sigaction.Set(s, &was)
	require.NoError(t, err)
	require.NotEqual(t, was[0], set[0])
	now, err := sigaction.Set(s, nil)
	require.NoError(t, err)
	require.Equal(t, was, now)
}

func read(t *testing.T, fd, size int) []byte {
	t.Helper()
	b := make([]byte, 2*size)
	n, err := unix.Read(fd, b)
	require.NoError(t, err)
	require.Equal(t, size, n)
	return b
}

func TestASignalIsWrittenWhole(t *testing.T) {
	var ends [2]int
	require.NoError(t, unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	send(t, unix.SIGUSR1, ends[1], sigaction.InfoSize)
	info := read(t, ends[0], sigaction.InfoSize)
	require.EqualValues(t, unix.SIGUSR1, binary.NativeEndian.Uint32(info))
	require.EqualValues(t, os.Getpid(), binary.NativeEndian.Uint32(info[16:]), "si_pid")
}

func TestASignalIsCounted(t *testing.T) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	require.NoError(t, err)
	send(t, unix.SIGCHLD, fd, 8)
	require.EqualValues(t, unix.SIGCHLD, binary.NativeEndian.Uint64(read(t, fd, 8)))
}
