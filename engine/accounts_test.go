package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
)

func TestAccountsOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "group")
	text := "# a comment\nroot:x:0:\ntwin:x:0:\n\nshort:x\nbad:x:number:\nnegative:x:-2:\nbig:x:4294967294:ann,bob\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	got := readAccounts(path, func(f []string) event.Account { return event.Account{Name: f[0]} })
	for id, want := range map[int64]string{0: "root", -2: "negative", 4294967294: "big", 1: ""} {
		if got[id].Name != want {
			t.Errorf("%d: got %q, want %q", id, got[id].Name, want)
		}
	}
	if len(got) != 3 {
		t.Errorf("got %d accounts, want 3", len(got))
	}
}

func TestMachineWithoutAccounts(t *testing.T) {
	got := readAccounts(filepath.Join(t.TempDir(), "none"), func([]string) event.Account { return event.Account{} })
	if len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

func TestAccountsOfThisMachine(t *testing.T) {
	if _, err := os.Stat("/etc/passwd"); err != nil {
		t.Skipf("needs /etc/passwd: %v", err)
	}
	m := ThisMachine()
	if got := m.Users[0]; got.Name != "root" || got.Home == "" || got.Shell == "" {
		t.Errorf("got %+v, want root with a home and a shell", got)
	}
	if got := m.Groups[1<<40]; got.Name != "" {
		t.Errorf("got %+v, want no group", got)
	}
}
