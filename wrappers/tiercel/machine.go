package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
	"tiercel/tracer"
)

// machine tries what no source is needed for.
func (d *doctor) machine() {
	d.add("kernel", release(), nil)
	lockdown, err := lockdown()
	d.add("lockdown", lockdown, err)
	d.add("yama", sysctl("kernel.yama.ptrace_scope"), nil)
	actions, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	d.add("seccomp actions", strings.TrimSpace(string(actions)), err)
	d.add("user notification", "calls can be answered by a listener", seccomp.ProbeListener())
	abi, err := landlockABI()
	d.add("landlock", fmt.Sprintf("ABI %d", abi), err)
	d.add("process_vm_readv", "arguments are read directly", tracer.ProbeMemory())
	d.add("pidfd_getfd", "sockets are read directly", getfd())
}

// capabilities tells of those that the eBPF source wants, whether this process has them.
func (d *doctor) capabilities() {
	wanted := ofHost
	if major, minor := kernelVersion(); major < 5 || major == 5 && minor < 11 {
		wanted = append(wanted[:len(wanted):len(wanted)], capability{name: "CAP_SYS_RESOURCE", number: unix.CAP_SYS_RESOURCE, use: "to raise the limit of locked memory, which maps count as before Linux 5.11"})
	}
	have, err := effective()
	within := inUserNamespace()
	for _, c := range wanted {
		lack := err
		switch {
		case lack == nil && have&(1<<c.number) == 0:
			lack = errors.New("not held; wanted " + c.use)
		case lack == nil && within:
			lack = errors.New("held in a user namespace only; wanted " + c.use)
		}
		d.add(c.name, c.use, lack)
	}
}

// inUserNamespace reports whether this process is in another user namespace than
// the machine's own, which has a fixed number (PROC_USER_INIT_INO).
func inUserNamespace() bool {
	const machines = 0xeffffffd
	var st unix.Stat_t
	return unix.Stat("/proc/self/ns/user", &st) == nil && st.Ino != machines
}

func release() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err.Error()
	}
	return unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}

// kernelVersion is the running one's, as far as that can be read off its name.
func kernelVersion() (major, minor int) {
	_, _ = fmt.Sscanf(release(), "%d.%d", &major, &minor) // what is not read stays 0: an old kernel
	return major, minor
}

// sysctl is a setting as people write it down.
func sysctl(name string) string {
	b, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return name + " is not in this kernel"
	case err != nil:
		return err.Error()
	}
	return name + " is " + strings.TrimSpace(string(b))
}

// lockdown is how far the kernel is closed to root. What is confidential to it
// cannot be read by programs that trace.
func lockdown() (string, error) {
	const path = "/sys/kernel/security/lockdown"
	b, err := os.ReadFile(path)
	if err != nil {
		return "cannot be told, there may be none: " + err.Error(), nil
	}
	modes := strings.TrimSpace(string(b))
	if strings.Contains(modes, "[confidentiality]") {
		return "", errors.New(modes + ": programs that trace are refused")
	}
	return modes, nil
}

// getfd takes one of our own descriptors the way a tracee's is taken.
func getfd() error {
	pidfd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return os.NewSyscallError("pidfd_open", err)
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, pidfd, 0)
	if err != nil {
		return os.NewSyscallError("pidfd_getfd", err)
	}
	return unix.Close(fd)
}
