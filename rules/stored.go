package rules

import (
	_ "embed"
	"encoding/binary"
	"hash/crc32"
	"io"
	"io/fs"
	"runtime"

	"tiercel/engine/event"
)

// stored is the built-in rules as they were compiled before: to read and compile
// their text would take longer than all else that is done until a command starts.
// "make generate" writes it. Where it is of other texts or tables, as while these
// are changed, it is left alone.
//
//go:embed default/compiled.bin
var stored []byte

// Load reads and compiles the rule files of the paths, as Read and Compile do.
// Where these are just the built-in rules, what is stored of them is taken.
func Load(paths []string) (*Set, Problems, error) {
	if len(paths) == 1 && paths[0] == DefaultName {
		if set := readStored(stored, sum()); set != nil {
			return set, nil, nil
		}
	}
	files, err := Read(paths)
	if err != nil {
		return nil, nil, err
	}
	set, problems := Compile(files)
	return set, problems, nil
}

// sum is a checksum over what the stored set is made of: the files, and the tables
// of calls and fields. What else it depends on is the compiler, which a test
// compares with it.
func sum() uint32 {
	h := crc32.NewIEEE()
	b := append(make([]byte, 0, 1024), runtime.GOARCH...)
	for i := range event.Table {
		b = appendCall(b, &event.Table[i])
		h.Write(b)
		b = b[:0]
	}
	for i := range event.Fields {
		b = appendField(b[:0], &event.Fields[i])
		h.Write(b)
	}
	files, _ := fs.Glob(builtin, DefaultName+"/*.yaml") // in the binary: there are no errors
	for _, name := range files {
		h.Write([]byte(name))
		f, _ := builtin.Open(name)
		_, _ = io.CopyBuffer(h, f, b[:cap(b)])
	}
	return h.Sum32()
}

// appendCall appends what rules are compiled with of a call.
func appendCall(b []byte, row *event.Row) []byte {
	b = append(append(b, row.Name...), byte(row.When), byte(row.Effect), byte(row.Effect>>8))
	for _, p := range row.Params {
		b = append(append(b, p.Name...), byte(p.Type))
		if p.In != nil {
			b = append(b, byte(p.In.Arg), byte(p.In.Index))
		}
	}
	return b
}

// appendField appends the same of a field.
func appendField(b []byte, f *event.Field) []byte {
	b = append(append(b, f.Name...), byte(f.Type), byte(f.Arg), byte(f.Flags))
	return binary.AppendUvarint(b, uint64(f.Facts))
}

// store returns the set as bytes.
func (s *Set) store(sum uint32) []byte {
	c := &codec{}
	number(c, &sum)
	c.set(s)
	return c.data
}

// readStored reads a set from bytes; nil where these were made of something else.
func readStored(data []byte, want uint32) *Set {
	c := &codec{data: data, text: string(data), reading: true, check: newChecker(load(nil)), operands: map[string]*operand{"": nil}}
	got, set := uint32(0), &Set{}
	if number(c, &got); got != want || c.failed {
		return nil
	}
	if c.set(set); c.failed {
		return nil
	}
	return set
}
