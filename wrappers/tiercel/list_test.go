package main

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// printed returns what a command line prints to standard output.
func printed(t *testing.T, args ...string) []byte {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	before := os.Stdout
	os.Stdout = write
	defer func() { os.Stdout = before }()
	all := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(read) // of a pipe: ends when the writer is closed
		all <- b
	}()
	cmd := newRoot()
	cmd.SetArgs(args)
	err = cmd.Execute()
	write.Close()
	b := <-all
	require.NoError(t, err)
	return b
}

func TestFieldsReferenceIsFresh(t *testing.T) {
	want := printed(t, "list", "fields", "--format", "markdown")
	got, err := os.ReadFile("../../rules/FIELDS.md")
	require.NoError(t, err)
	if !bytes.Equal(got, want) {
		t.Error("rules/FIELDS.md: got another text than the table of fields gives: make generate")
	}
}
