package event

func IsType(name string) bool { return Lookup(name) >= 0 }

func Types() []string {
	var names []string
	for i := range Table {
		names = append(names, Table[i].Name)
	}
	return names
}
