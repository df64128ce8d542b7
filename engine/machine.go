package engine

import (
	"os"

	"tiercel/engine/event"
)

// Machine is what an engine takes from the machine that it watches instead of
// from the events. A recorded run carries that of the machine it was recorded
// on, so that a replay says the same anywhere.
type Machine struct {
	Host      string                  `json:"host"`      // its name
	Container event.Container         `json:"container"` // that tiercel itself is in
	Users     map[int64]event.Account `json:"users"`     // by number, passwd(5)
	Groups    map[int64]event.Account `json:"groups"`    // by number, group(5)
}

// The files that accounts are read from.
const (
	UserFile  = "/etc/passwd"
	GroupFile = "/etc/group"
)

// ThisMachine reads the machine that tiercel runs on. A name service is not
// asked for accounts, just the files: it could ask the network while the
// workload waits.
func ThisMachine() *Machine {
	return &Machine{
		Host: hostname(), Container: ownContainer(),
		Users: readAccounts(UserFile, func(f []string) event.Account {
			if len(f) < 7 {
				return event.Account{Name: f[0]}
			}
			return event.Account{Name: f[0], Home: f[5], Shell: f[6]}
		}),
		Groups: readAccounts(GroupFile, func(f []string) event.Account { return event.Account{Name: f[0]} }),
	}
}

// hostname is the machine's name, or the one that TIERCEL_HOSTNAME gives it.
func hostname() string {
	if name := os.Getenv("TIERCEL_HOSTNAME"); name != "" {
		return name
	}
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}
