package engine

import (
	"os"
	"strconv"
	"strings"

	"tiercel/engine/event"
)

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
