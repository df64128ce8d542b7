package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What the workloads work on is made here, of nothing: no network is needed.

// write writes a file, and the folders that it is in.
func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// prose is text of about that many bytes, another one for each number.
func prose(number, size int) string {
	line := fmt.Sprintf("line of file %d, which says the same as the one before\n", number)
	return strings.Repeat(line, size/len(line)+1)
}

const repositoryFiles = 20000

func gitEnv(p *place) []string {
	return []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + p.path("gitconfig"), "GIT_TERMINAL_PROMPT=0"}
}

// makeRepository makes a repository of many files, in its newest state on the disk: git-fast-import(1).
func makeRepository(ctx context.Context, p *place) error {
	repository := p.path("repository")
	if _, err := os.Stat(repository); err == nil {
		return nil // another workload has made it
	}
	var stream strings.Builder
	fmt.Fprint(&stream, "commit refs/heads/main\ncommitter bench <bench@localhost> 0 +0000\ndata 5\nbegin\n")
	for i := range repositoryFiles {
		text := prose(i, 1000)
		fmt.Fprintf(&stream, "M 100644 inline folder%d/sub%d/file%d.txt\ndata %d\n%s\n", i/1000, i/50, i, len(text), text)
	}
	if err := write(p.path("gitconfig"), "[gc]\n\tauto = 0\n"); err != nil {
		return err
	}
	if err := write(p.path("stream"), stream.String()); err != nil {
		return err
	}
	script := `git init -q -b main repository && cd repository && git fast-import --quiet <../stream && git reset -q --hard`
	return p.run(ctx, way{}, job{args: []string{"sh", "-c", script}, dir: p.dir, env: gitEnv(p)})
}

const projectFiles, projectSteps = 200, 5

const projectMakefile = `objects := $(patsubst %.c,build/%.o,$(wildcard *.c))
build/program: $(objects)
	cc -o $@ $^
build/%.o: %.c common.h | build
	cc $(CFLAGS) -c -o $@ $<
build:
	mkdir build
`

// makeProject makes a program of many C files that share a header.
func makeProject(_ context.Context, p *place) error {
	header, body := "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n", "#include \"common.h\"\nint main(void)\n{\n\tint n = 0;\n"
	for i := range projectFiles {
		header += fmt.Sprintf("int work%d(int n);\n", i)
		body += fmt.Sprintf("\tn = work%d(n);\n", i)
	}
	files := map[string]string{"common.h": header, "main.c": body + "\tprintf(\"%d\\n\", n);\n\treturn 0;\n}\n", "Makefile": projectMakefile}
	for i := range projectFiles {
		files[fmt.Sprintf("work%d.c", i)] = projectFile(i)
	}
	for name, text := range files {
		if err := write(p.path("project", name), text); err != nil {
			return err
		}
	}
	return nil
}

func projectFile(number int) string {
	var text strings.Builder
	fmt.Fprint(&text, "#include \"common.h\"\n")
	for i := range 20 {
		fmt.Fprintf(&text, "static int step%d(int n)\n{\n\tchar s[64];\n\tfor (int i = 0; i < %d; i++)\n\t\tn = n * 31 + i;\n"+
			"\tsnprintf(s, sizeof s, \"%%d\", n);\n\treturn n ^ (int)strlen(s);\n}\n", i, number+i+1)
	}
	fmt.Fprintf(&text, "int work%d(int n)\n{\n", number)
	for i := range 20 {
		fmt.Fprintf(&text, "\tn = step%d(n);\n", i)
	}
	return text.String() + "\treturn n;\n}\n"
}

const packages, packageFiles = 40, 25

func npmEnv(p *place) []string {
	return []string{"npm_config_cache=" + p.path("npmcache"), "npm_config_userconfig=" + p.path("npmrc"), "npm_config_update_notifier=false"}
}

// makePackages makes packages and an application that depends on all of them, as files.
func makePackages(ctx context.Context, p *place) error {
	script, uses := "npm pack --silent --pack-destination ../app", []string{}
	for i := range packages {
		name := fmt.Sprintf("package%d", i)
		script += " ./" + name
		uses = append(uses, fmt.Sprintf("%q: \"file:%s-1.0.0.tgz\"", name, name))
		if err := write(p.path("packages", name, "package.json"), fmt.Sprintf(`{"name": %q, "version": "1.0.0"}`, name)); err != nil {
			return err
		}
		for f := range packageFiles {
			if err := write(p.path("packages", name, "lib", fmt.Sprintf("file%d.js", f)), "/*\n"+prose(i, 2000)+"*/\n"); err != nil {
				return err
			}
		}
	}
	app := fmt.Sprintf(`{"name": "app", "version": "1.0.0", "dependencies": {%s}}`, strings.Join(uses, ", "))
	if err := write(p.path("app", "package.json"), app); err != nil {
		return err
	}
	return p.run(ctx, way{}, job{args: []string{"sh", "-c", script}, dir: p.path("packages"), env: npmEnv(p)})
}
