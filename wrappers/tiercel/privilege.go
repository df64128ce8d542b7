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
	needed  bool // without it there is no watch
	lasting bool // also once it has begun
	use     string
}

// ofHost are the capabilities that the watch of a host wants: of bpf(2), which
// kernels before 5.19 also ask for where a map is written; to load programs that
// trace; and to read what /proc has of other users' processes.
var ofHost = []capability{
	{"CAP_BPF", unix.CAP_BPF, true, true, "to use bpf(2)"},
	{"CAP_PERFMON", unix.CAP_PERFMON, true, false, "to load programs that trace"},
	{"CAP_SYS_PTRACE", unix.CAP_SYS_PTRACE, false, true, "to read of the processes of other users what they are"},
	{"CAP_DAC_READ_SEARCH", unix.CAP_DAC_READ_SEARCH, false, true, "to read files in /proc that are other users' own"},
}

// askPrivileges returns an error where this process may not use eBPF.
func askPrivileges() error {
	missing, err := lacking(true)
	if err == nil && missing != nil {
		err = &failure{code: launch.ExitFailed, err: errors.New("use eBPF: no " + strings.Join(missing, ", ")),
			hint: "run it as root, or with these capabilities; tiercel run --source ptrace needs none"}
	}
	return err
}

// lacking returns the names of the capabilities that this process has not: of
// those that are needed, which CAP_SYS_ADMIN includes, or of the others.
func lacking(needed bool) (names []string, err error) {
	have, err := effective()
	if needed && have&(1<<unix.CAP_SYS_ADMIN) != 0 {
		return nil, err
	}
	for _, c := range ofHost {
		if c.needed == needed && have&(1<<c.number) == 0 {
			names = append(names, c.name)
		}
	}
	return names, err
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
	keep := lasting(have)
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

// lasting returns those of the capabilities that the watch of a host goes on with.
// CAP_SYS_ADMIN is one where it stands for CAP_BPF.
func lasting(have uint64) (keep uint64) {
	for _, c := range ofHost {
		if c.lasting {
			keep |= have & (1 << c.number)
		}
	}
	if keep&(1<<unix.CAP_BPF) == 0 {
		keep |= have & (1 << unix.CAP_SYS_ADMIN)
	}
	return keep
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
