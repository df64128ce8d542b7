package main

import "testing"

func TestProgressSaysHowFarAndOfHowMuch(t *testing.T) {
	for _, tt := range []struct {
		read, size int64
		want       string
	}{
		{0, 100 << 20, "tiercel: 0% of 100 MiB"},
		{50 << 20, 100 << 20, "tiercel: 50% of 100 MiB"},
		{8 << 40, 8 << 40, "tiercel: 100% of 8388608 MiB"},
		{3<<20 + 1, 0, "tiercel: 3 MiB"}, // of standard input, which has no size
	} {
		if got := progress(tt.read, tt.size); got != tt.want {
			t.Errorf("%d of %d: got %q, want %q", tt.read, tt.size, got, tt.want)
		}
	}
}
