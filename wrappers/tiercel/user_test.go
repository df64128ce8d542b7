package main

import (
	"os/user"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAccountWhoseNumberIsNoneIsRefused(t *testing.T) {
	for _, odd := range []string{"-1", "-2", "4294967295", "4294967296", "99999999999", "12x", "+5", " 5", ""} {
		for name, a := range map[string]*user.User{
			"user":  {Username: "odd-one", Uid: odd, Gid: "65534"},
			"group": {Username: "odd-one", Uid: "65534", Gid: odd},
		} {
			if got, err := ofAccount(a); err == nil {
				t.Errorf("of %s number %q: got %+v, want an error", name, odd, got)
			}
		}
		if got, err := ofGroup(&user.Group{Name: "odd-one", Gid: odd}); err == nil {
			t.Errorf("of a group with number %q: got %d, want an error", odd, got)
		}
	}
	_, err := numbers("user", "odd-one", "65534", "65534", "-1")
	require.EqualError(t, err, `--user: the account of user odd-one has the number "-1"`)
}

func TestAnAccountIsTheUserThatItSays(t *testing.T) {
	got, err := ofAccount(&user.User{Username: "odd-one", Uid: "4294967294", Gid: "12345", HomeDir: "/nowhere"})
	require.NoError(t, err)
	require.Equal(t, []int{4294967294, 12345, 12345}, append([]int{got.UID, got.GID}, got.Groups...))
	require.Equal(t, []string{"HOME=/nowhere", "USER=odd-one", "LOGNAME=odd-one", "SHELL=/bin/sh"}, got.Env)
}
