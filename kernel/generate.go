package kernel

//go:generate go tool bpf2go -tags linux -target amd64,arm64 -cc clang -type row -type tally -type hierarchy -type prefix -type name -type member -type ending source bpf/source.c -- -Wall -Werror
