package event

import "unsafe"

// bytesOf returns the first n bytes of the words.
// Precondition: n <= 8*len(words).
func bytesOf(words []uint64, n int) []byte {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), n)
}

// text returns the bytes as a string without copying them: it changes when they do.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
