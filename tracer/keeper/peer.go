package keeper

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// refusal says why a peer may not have the listener, nothing if it may.
//
// None of the workload may, which could then let its own calls run unseen. All of it is
// under at least one filter more than we are, as a filter is inherited and cannot be taken off.
func refusal(conn *net.UnixConn) string {
	pidfd, peer, err := peerOf(conn)
	if err != nil {
		return err.Error()
	}
	defer closePeer(pidfd)
	if peer.Uid != 0 && int(peer.Uid) != os.Geteuid() {
		return "it is another user's"
	}
	switch of := isOfAWorkload(int(peer.Pid)); {
	case pidfd != none && errors.Is(unix.PidfdSendSignal(pidfd, 0, nil, 0), unix.ESRCH):
		return "it is not known who asks"
	case of:
		return "who asks is under more seccomp filters than it, as the workload itself is"
	}
	return ""
}

// peerOf returns who is at the other end, and a descriptor of that process where the
// kernel gives one (Linux 6.5): as long as it has not ended its number is no other's.
func peerOf(conn *net.UnixConn) (pidfd int, peer *unix.Ucred, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return none, nil, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		if pidfd, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PEERPIDFD); errors.Is(failed, unix.ENOPROTOOPT) {
			pidfd, failed = none, nil
		}
		if failed == nil {
			peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		}
	})
	return pidfd, peer, errors.Join(err, os.NewSyscallError("getsockopt", failed))
}

func closePeer(pidfd int) {
	if pidfd != none {
		unix.Close(pidfd)
	}
}
