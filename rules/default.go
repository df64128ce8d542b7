package rules

import (
	"embed"
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
// .yaml and .yml files, by name), or DefaultName for the built-in rules.
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
	data, err := os.ReadFile(name)
	return []File{{name, data}}, err
}

// readFolder reads a folder's rule files; shown is the folder's name in messages.
func readFolder(fsys fs.FS, dir, shown string) ([]File, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(e.Name())) {
			continue
		}
		data, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, File{filepath.Join(shown, dir, e.Name()), data})
	}
	if len(files) == 0 {
		return nil, &fs.PathError{Op: "find .yaml files in", Path: shown, Err: fs.ErrNotExist}
	}
	return files, nil
}
