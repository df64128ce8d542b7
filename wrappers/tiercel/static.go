package main

// Statically linked: for images that have no libraries, as each of tiercel's
// processes starts in a millisecond less, and as what stands in the workload's
// LD_PRELOAD is not for us.

// #cgo LDFLAGS: -static
import "C"
