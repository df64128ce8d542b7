package event

import (
	"maps"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// Words returns, in order, every text that the field can have; nil of a field
// whose texts are not known beforehand.
func (f *Field) Words() []string {
	if f.Why() != "" || f.Type != TypeString || f.Arg == MustKey {
		return nil
	}
	if words := wordsOf()[f.Name]; words != nil {
		return words
	}
	return f.wordsOfRows()
}

// wordsOf is the words of fields that more than the row decides.
var wordsOf = sync.OnceValue(func() map[string][]string {
	types := slices.Sorted(maps.Keys(typeCharsOf([]string{unknownSocket})))
	return map[string][]string{
		"fd.type":          types,
		"proc.stdin.type":  types,
		"proc.stdout.type": types,
		"proc.stderr.type": types,
		"fd.types":         types,
		"fd.typechar":      slices.Compact(slices.Sorted(maps.Values(typeCharsOf(types)))),
		"fd.l4proto":       socketWords((*socketInfo).protoName),
		"fd.sockfamily":    socketWords((*socketInfo).familyName),
	}
})

// typeCharsOf is the characters of all types, those given among them.
func typeCharsOf(types []string) map[string]string {
	all := maps.Clone(typeChars)
	for _, t := range types {
		if all[t] == "" {
			all[t] = otherType
		}
	}
	return all
}

// socketWords is the words that a name of a socket can be, found by trying all kinds.
func socketWords(name func(*socketInfo) string) (words []string) {
	for _, domain := range slices.Sorted(maps.Keys(socketTypes)) {
		for kind := uint16(0); kind <= unix.SOCK_PACKET; kind++ {
			for _, proto := range []uint16{0, unix.IPPROTO_ICMP} {
				word := name(&socketInfo{domain: domain, kind: kind, proto: proto})
				if word != "" && !slices.Contains(words, word) {
					words = append(words, word)
				}
			}
		}
	}
	slices.Sort(words)
	return words
}

// wordsOfRows is the field's words where the row decides it, else nil.
func (f *Field) wordsOfRows() (words []string) {
	var v View
	for row := range Table {
		v.BeginRow(row)
		unknown := f.Any(&v, NewArg(""), func(val Value) bool {
			words = append(words, val.Text)
			return false
		})
		if unknown == Unknown {
			return nil
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// Limits returns the least and the greatest number of the type; ok is false of a
// type whose values are no whole numbers. Those of an unsigned type are in the
// same bits as its values.
func (t FieldType) Limits() (least, greatest int64, ok bool) {
	if t == TypeBool {
		return 0, 1, true
	}
	width, ok := bits[t]
	switch {
	case !ok:
		return 0, 0, false
	case width.signed:
		return -1 << (width.n - 1), 1<<(width.n-1) - 1, true
	}
	return 0, int64(^uint64(0) >> (64 - width.n)), true
}
