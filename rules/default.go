package rules

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

//go:embed default/*.yaml
var builtin embed.FS

// DefaultName is how the built-in rules are called where a path is wanted.
const DefaultName = "default"

// Read returns the rule files of the paths, in their order: files, folders (their
// .yaml and .yml files, by name; a pipe in there is none), or DefaultName for the
// built-in rules.
func Read(paths []string) ([]File, error) {
	var files []File
	for _, p := range paths {
		more, err := read(p)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

func read(name string) ([]File, error) {
	if name == DefaultName {
		return readFolder(builtin, DefaultName, "")
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readFolder(os.DirFS(name), ".", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	file, err := readFile(f, name)
	return []File{file}, err
}

// maxFile is how many bytes a rule file may have: a million items of a list fit.
// What YAML makes of them in memory is up to 200 times as much, and a device has no end.
const maxFile = 16 << 20

// readFile reads all of a rule file, and closes it; shown is its name in messages.
func readFile(f fs.File, shown string) (File, error) {
	defer func() { _ = f.Close() }() // it was only read from
	var data bytes.Buffer
	if info, err := f.Stat(); err == nil {
		data.Grow(int(min(info.Size(), maxFile)) + bytes.MinRead) // what grows by steps leaves garbage
	}
	n, err := data.ReadFrom(io.LimitReader(f, maxFile+1))
	if err == nil && n > maxFile {
		err = &fs.PathError{Op: "read", Path: shown, Err: fmt.Errorf("more than %d MiB", maxFile>>20)}
	}
	return File{shown, data.Bytes()}, err
}

// readFolder reads a folder's rule files; shown is the folder's name in messages.
func readFolder(fsys fs.FS, dir, shown string) ([]File, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range entries {
		if !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(e.Name())) {
			continue
		}
		name := path.Join(dir, e.Name())
		if info, err := fs.Stat(fsys, name); err != nil {
			return nil, err
		} else if !info.Mode().IsRegular() {
			continue // to open a FIFO is to wait for who writes into it
		}
		f, err := fsys.Open(name)
		if err != nil {
			return nil, err
		}
		file, err := readFile(f, filepath.Join(shown, dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return nil, &fs.PathError{Op: "find .yaml files in", Path: shown, Err: fs.ErrNotExist}
	}
	return files, nil
}
