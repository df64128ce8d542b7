package seccomp

import (
	"fmt"

	lib "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"
)

// Refuse returns a filter that gives ENOSYS to the calls of these names, as a
// kernel without them would, and lets all others run. It may stand beside
// another filter: of two, the stricter one decides.
func Refuse(names ...string) (Program, error) {
	f, err := newFilter()
	if err != nil {
		return nil, err
	}
	defer f.Release()
	for _, name := range names {
		call, err := lib.GetSyscallFromName(name)
		if err == nil {
			err = f.AddRule(call, lib.ActErrno.SetReturnCode(int16(unix.ENOSYS)))
		}
		if err != nil {
			return nil, fmt.Errorf("add %s to filter: %w", name, err)
		}
	}
	return export(f)
}
