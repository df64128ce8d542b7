package launch

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// User is whom a command runs as.
type User struct {
	UID, GID int
	Groups   []int    // the supplementary ones
	Env      []string // what of its environment is this user's: NAME=VALUE
}

// ids is the user's numbers as the child gets them, each with a comma before the
// next; nothing of no user.
func (u *User) ids() string {
	if u == nil {
		return ""
	}
	var all []string
	for _, id := range append([]int{u.UID, u.GID}, u.Groups...) {
		all = append(all, strconv.Itoa(id))
	}
	return strings.Join(all, ",")
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

// assume makes the calling thread the user's whose ids these are: the groups and
// the group first, as the user may not change them any more.
//
// Precondition: the runtime OS thread must be locked.
func assume(ids []int) error {
	if len(ids) == 0 {
		return nil
	}
	uid, gid := ids[0], ids[1]
	if err := unix.Setgroups(ids[2:]); err != nil {
		return os.NewSyscallError("setgroups", err)
	}
	if errno := setresgid(gid); errno != 0 {
		return os.NewSyscallError("setresgid", errno)
	}
	if errno := setresuid(uid); errno != 0 {
		return os.NewSyscallError("setresuid", errno)
	}
	return nil
}

// words reads what was written with commas between.
func words(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func numbers(s string) (all []int) {
	for _, word := range words(s) {
		n, _ := strconv.Atoi(word) // written by the launcher
		all = append(all, n)
	}
	return all
}
