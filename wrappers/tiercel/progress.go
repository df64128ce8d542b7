package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"tiercel/engine/capture"
)

// When the progress is first shown, and how often: most replays are over before.
const (
	firstProgress = time.Second
	nextProgress  = 200 * time.Millisecond
)

// showProgress shows on a terminal how far a capture has been read, until the
// returned function is called.
func showProgress(src *capture.Reader) (done func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		drawProgress(src, stop)
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// drawProgress leaves the cursor at the start of the line, so that an alert, which is longer,
// takes the line's place.
func drawProgress(src *capture.Reader, stop <-chan struct{}) {
	width := 0
	for wait := time.After(firstProgress); ; wait = time.After(nextProgress) {
		select {
		case <-stop:
			fmt.Fprintf(os.Stderr, "%*s\r", width, "")
			return
		case <-wait:
			width, _ = fmt.Fprintf(os.Stderr, "%s\r", progress(src.Offset(), src.Size())) // it is just for looking at
		}
	}
}

// progress is how much of size bytes has been read; size is 0 where it is not known.
func progress(read, size int64) string {
	if size == 0 {
		return fmt.Sprintf("tiercel: %d MiB", read>>20)
	}
	return fmt.Sprintf("tiercel: %d%% of %d MiB", 100*read/size, size>>20)
}
