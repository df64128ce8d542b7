package main

import (
	"errors"
	"os"
	"strings"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"tiercel/tracer/launch"
)

// capability is one that the watch of a host wants.
type capability struct {
	name    string
	number  int
	lasting bool // also once it has begun
}

// ofHost are the capabilities that the watch of a host wants: of bpf(2), which
// kernels before 5.19 also ask for where a map is written; to load programs that
// trace; and to read what /proc has of other users' processes.
var ofHost = []capability{
	{"CAP_BPF", unix.CAP_BPF, true},
	{"CAP_PERFMON", unix.CAP_PERFMON, false},
	{"CAP_SYS_PTRACE", unix.CAP_SYS_PTRACE, true},
	{"CAP_DAC_READ_SEARCH", unix.CAP_DAC_READ_SEARCH, true},
}

// askPrivileges returns an error where this process has not what the watch of a host wants.
func askPrivileges() error {
	have, err := effective()
	if err != nil {
		return err
	}
	var lacking []string
	for _, c := range ofHost {
		if have&(1<<c.number) == 0 {
			lacking = append(lacking, c.name)
		}
	}
	if lacking == nil {
		return nil
	}
	return &failure{launch.ExitFailed, errors.New("watch this machine: no " + strings.Join(lacking, ", ")), "run it as root, in a container with these capabilities and the host's PID namespace; tiercel run -- COMMAND needs no privilege"}
}

// effective returns the capabilities that this thread may use, a bit each.
func effective() (uint64, error) {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return 0, os.NewSyscallError("capget", err)
	}
	return uint64(data[1].Effective)<<32 | uint64(data[0].Effective), nil
}

// dropPrivileges gives up, in all threads and for good, every capability but the
// lasting ones of ofHost, those that a program could be started with among them.
// What reads what others write is not to be worth taking over.
func dropPrivileges(log zerolog.Logger) error {
	have, err := effective()
	if err != nil {
		return err
	}
	keep := uint64(0)
	for _, c := range ofHost {
		if c.lasting {
			keep |= have & (1 << c.number)
		}
	}
	if err := dropBounding(); errors.Is(err, unix.EPERM) {
		log.Info().Err(err).Msg("the bounding set stays as it was: no CAP_SETPCAP")
	} else if err != nil {
		return err
	}
	return errors.Join(
		inAllThreads("prctl(CAP_AMBIENT)", unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0),
		setCapabilities(keep),
		inAllThreads("prctl(SET_NO_NEW_PRIVS)", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0),
		os.NewSyscallError("prctl(SET_DUMPABLE)", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)),
	)
}

// dropBounding empties the set that no program started by this one can go beyond.
func dropBounding() error {
	for c := uintptr(0); ; c++ {
		if _, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err != nil {
			return nil // the last one was the one before
		}
		if err := inAllThreads("prctl(CAPBSET_DROP)", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0); err != nil {
			return err
		}
	}
}
