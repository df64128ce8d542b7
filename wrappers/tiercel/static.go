//go:build osusergo && netgo

package main

// Statically linked: for images that have no libraries, as each of tiercel's
// processes starts in a millisecond less, and as what stands in the workload's
// LD_PRELOAD is not for us. Not without the Makefile's tags: what glibc loads at run
// time to look up users and names crashes in a program that is linked so.

// #cgo LDFLAGS: -static
import "C"
