package main

import (
	"fmt"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tiercel/engine"
	"tiercel/tracer/launch"
)

// forUser are the capabilities that it takes to run a command as another user:
// without the last one what it does could not be read.
var forUser = []capability{
	{name: "CAP_SETUID", number: unix.CAP_SETUID},
	{name: "CAP_SETGID", number: unix.CAP_SETGID},
	{name: "CAP_SYS_PTRACE", number: unix.CAP_SYS_PTRACE},
}

// findUser finds whom NAME|UID[:GROUP|:GID] means, nil where it is empty.
func findUser(spec string) (*launch.User, error) {
	if spec == "" {
		return nil, nil
	}
	name, group, grouped := strings.Cut(spec, ":")
	u, err := findAccount(name, grouped)
	if err == nil && grouped {
		u.Groups = nil // just what is asked for
		u.GID, err = findGroup(group)
	}
	if err != nil {
		return nil, err
	}
	return u, mayBecome(spec)
}

// mayBecome returns an error where this process may not run a command as another user.
func mayBecome(spec string) error {
	have, err := effective()
	if err != nil {
		return err
	}
	var missing []string
	for _, c := range forUser {
		if have&(1<<c.number) == 0 {
			missing = append(missing, c.name)
		}
	}
	if missing == nil {
		return nil
	}
	return &failure{code: launch.ExitFailed, err: fmt.Errorf("run as %s: no %s", spec, strings.Join(missing, ", ")),
		hint: "start tiercel as root, in a container with these capabilities added; or as that user, without --user"}
}

// findAccount finds the user of a name or number. One without an account is a
// user all the same, as in containers, if a group is named for it.
func findAccount(name string, grouped bool) (*launch.User, error) {
	a, err := user.Lookup(name)
	if err != nil {
		a, err = user.LookupId(name)
	}
	uid, ok := number(name)
	switch {
	case err == nil:
		return ofAccount(a)
	case !ok:
		return nil, usage("a name of "+engine.UserFile+", or a number", "--user: unknown user %q", name)
	case !grouped:
		return nil, usage("name the group of a number without an account, too: --user "+name+":"+name, "--user: no user %s in %s", name, engine.UserFile)
	}
	return &launch.User{UID: uid, Env: []string{"HOME=/", "USER=" + name, "LOGNAME=" + name}}, nil
}

// ofAccount is a user as the account has it.
func ofAccount(a *user.User) (*launch.User, error) {
	groups, err := a.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("read groups of %s: %w", a.Username, err)
	}
	ids, err := numbers("user", a.Username, append([]string{a.Uid, a.Gid}, groups...)...)
	if err != nil {
		return nil, err
	}
	env := []string{"HOME=" + a.HomeDir, "USER=" + a.Username, "LOGNAME=" + a.Username, "SHELL=" + shellOf(ids[0])}
	return &launch.User{UID: ids[0], GID: ids[1], Groups: ids[2:], Env: env}, nil
}

// shellOf is the shell of a user's account, which package user leaves out.
func shellOf(uid int) string {
	if shell := engine.ThisMachine().Users[int64(uid)].Shell; shell != "" {
		return shell
	}
	return "/bin/sh" // as passwd(5) has it
}

func findGroup(name string) (int, error) {
	if g, err := user.LookupGroup(name); err == nil {
		return ofGroup(g)
	}
	if gid, ok := number(name); ok {
		return gid, nil
	}
	return 0, usage("a name of "+engine.GroupFile+", or a number", "--user: unknown group %q", name)
}

func ofGroup(g *user.Group) (int, error) {
	ids, err := numbers("group", g.Name, g.Gid)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// numbers reads what the account of a user or group has as numbers. Package user
// takes any integer for one, and what is none to the kernel must not become root.
func numbers(kind, name string, texts ...string) (ids []int, err error) {
	for _, text := range texts {
		id, ok := number(text)
		if !ok {
			return nil, usage("a number is from 0 to 4294967294", "--user: the account of %s %s has the number %q", kind, name, text)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// number is a text as the number of a user or group. The highest one is none:
// to the kernel it means no change.
func number(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return int(n), err == nil && n < 1<<32-1
}
