package engine

import (
	"os"
	"strconv"
	"strings"

	"tiercel/engine/event"
)

// accounts is the machine's users and groups by number, passwd(5) and group(5).
// It is read once, from the files: a name service could ask the network while
// the workload waits.
type accounts struct {
	users, groups map[int64]event.Account
}

func loadAccounts() accounts {
	return accounts{
		users: readAccounts("/etc/passwd", func(f []string) event.Account {
			if len(f) < 7 {
				return event.Account{Name: f[0]}
			}
			return event.Account{Name: f[0], Home: f[5], Shell: f[6]}
		}),
		groups: readAccounts("/etc/group", func(f []string) event.Account { return event.Account{Name: f[0]} }),
	}
}

// readAccounts reads lines of NAME:PASSWORD:NUMBER:... A machine without the file has no names.
func readAccounts(path string, parse func(fields []string) event.Account) map[int64]event.Account {
	all := map[int64]event.Account{}
	b, err := os.ReadFile(path)
	if err != nil {
		return all
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 3 {
			continue
		}
		id, err := strconv.ParseInt(f[2], 10, 64)
		if _, twice := all[id]; err == nil && !twice {
			all[id] = parse(f)
		}
	}
	return all
}

func (a *accounts) user(id int64) event.Account  { return a.users[id] }
func (a *accounts) group(id int64) event.Account { return a.groups[id] }
