package kernel

//go:generate go tool bpf2go -tags linux -target amd64,arm64 -cc clang -type row -type tally -type hierarchy -type prefix -type name -type member source bpf/source.c -- -Wall -Werror
