package launch

import (
	"encoding/binary"
	"os"
	"slices"
	"strings"
)

// User is whom a command runs as.
type User struct {
	UID, GID int
	Groups   []int    // the supplementary ones
	Env      []string // what of its environment is this user's: NAME=VALUE
}

// groups is the supplementary groups as the kernel takes them (setgroups(2)).
func (u *User) groups() (b []byte) {
	for _, gid := range u.Groups {
		b = binary.NativeEndian.AppendUint32(b, uint32(gid))
	}
	return b
}

// environ is the launcher's environment with what is the user's in place of its own.
func (u *User) environ() []string {
	env := os.Environ()
	if u == nil {
		return env
	}
	for _, setting := range u.Env {
		name, _, _ := strings.Cut(setting, "=")
		env = slices.DeleteFunc(env, func(s string) bool { return strings.HasPrefix(s, name+"=") })
		env = append(env, setting)
	}
	return env
}
