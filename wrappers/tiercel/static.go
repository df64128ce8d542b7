package main

// Statically linked: for images that have no libraries, as each of tiercel's
// processes starts in a millisecond less, and as what stands in the workload's
// LD_PRELOAD is not for us. Without the Makefile's tags (osusergo, netgo) the
// linker would warn of what glibc then wants at run time.

// #cgo LDFLAGS: -static
import "C"
