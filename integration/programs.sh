#!/usr/bin/env bash
# Runs real programs, bare and then watched in each way, and compares what came of
# them: their output, their exit status, and which processes they left behind.
#
#   integration/programs.sh [PROGRAM]...   names of integration/programs; without any, all
#
# A program is a script that prints what is alike in any two runs, with this at its top:
#
#   # What it is, as a line of the table
#   # needs: PROGRAM...             it is skipped where one of them is not here
#   # limit: SECONDS                that it may take; a minute if it does not say
#   # differs WAY: REASON           what it prints under that way is not the same, known
#
# In the environment: WAYS, which of notify, ptrace and ebpf; RULES, the rules that
# watch (default). What each printed is kept in dist/programs, and
# integration/programs.md is made anew of all that is there.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts=$PWD/integration/programs
page=$PWD/integration/programs.md
results=$PWD/dist/programs
tiercel=$PWD/bin/tiercel
read -ra ways <<<"${WAYS:-notify ptrace ebpf}"
scratch=$(mktemp -d)

declare -A flags=(
	[notify]='--source ptrace --stops notify'
	[ptrace]='--source ptrace --stops ptrace'
	[ebpf]='--source ebpf'
)

# finish ends what is left of a program, and removes what it made.
finish() {
	end_left >/dev/null
	rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

fail() {
	printf 'tiercel: error: %s\ntiercel: hint: %s\n' "$1" "$2" >&2
	exit 1
}

# about NAME WORD prints what a program's script says of itself by that word.
about() { sed -n "s/^# $2: *//p" "$scripts/$1.sh"; }

# title NAME prints what the program is.
title() { sed -n '2s/^# //p' "$scripts/$1.sh"; }

# left prints which processes came of a program: some write over their environment,
# others change their folder.
left() {
	grep -lzxs "TIERCEL_PROGRAM=$scratch" /proc/[0-9]*/environ | cut -d / -f 3
	find /proc/[0-9]*/cwd -maxdepth 0 -lname "$scratch/*" 2>/dev/null | cut -d / -f 3
}

# end_left kills what a program left running, and prints its names.
end_left() {
	local process
	{ left || true; } | sort -u | while read -r process; do
		cat "/proc/$process/comm" 2>/dev/null || continue
		kill -KILL "$process" 2>/dev/null || true
	done
}

# run NAME WAY runs a program in a folder of its own, and keeps what it printed,
# how it ended and what it left; the time that it took is in $took.
run() {
	local name=$1 way=$2 status=0 start limit keep=$results/$1.$2 watch=()
	limit=$(about "$name" limit)
	if [ "$way" != bare ]; then
		# shellcheck disable=SC2206 # the flags are words
		watch=("$tiercel" run ${flags[$way]} -r "${RULES:-default}" -o "json=$keep.alerts" --stats="$keep.ledger" --)
		rm -f "$keep.alerts"
	fi
	rm -rf "$scratch/work"
	mkdir -m 1777 "$scratch/work" || fail "run $name: no folder" 'is there room in /tmp?'
	start=$EPOCHREALTIME
	(cd "$scratch/work" && TIERCEL_PROGRAM=$scratch TMPDIR=$scratch/work exec timeout -k 10 "${limit:-60}" \
		"${watch[@]}" bash "$scripts/$name.sh") >"$keep.out" 2>"$keep.log" </dev/null &
	wait $! || status=$? # a trap waits for what is not in the background
	took=$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $start }")
	echo "status $status" >>"$keep.out" || fail "keep what $name printed" 'is there room in dist?'
	sleep 0.2 # for what is about to end by itself
	end_left | sed 's/^/left /' >>"$keep.out"
}

# alike NAME WAY reports whether what it printed is what any bare run has; if not,
# the lines that bare (-) or watched (+) alone had are kept.
alike() {
	local bare keep=$results/$1.$2
	for bare in "$results/$1".bare.out*; do
		cmp -s "$bare" "$keep.out" && return
	done
	diff -U 0 "$results/$1.bare.out" "$keep.out" | sed '/^---/d; /^+++/d; /^@@/d' >"$keep.diff"
	return 1
}

# lacks NAME prints what a program needs and is not here.
lacks() {
	local program
	for program in $(about "$1" needs); do
		command -v "$program" >/dev/null || printf '%s ' "$program"
	done
}

# row NAME WAY RESULT SECONDS keeps a result for the page, and shows it.
row() {
	printf '%s\t%s\n' "$3" "$4" >"$results/$1.$2.row"
	printf '%-12s %-8s %-10s %s\n' "$1" "$2" "$3" "$4"
}

# watch NAME WAY runs a program that way. If it is not as bare, bare gets another
# chance to vary as much, and then the program, to tell what is always so.
watch() {
	local name=$1 way=$2
	rm -f "$results/$name.$way.diff"
	run "$name" "$way"
	alike "$name" "$way" && { verdict "$name" "$way" same; return; }
	mv "$results/$name.bare.out" "$results/$name.bare.out.$way"
	run "$name" bare
	alike "$name" "$way" && { rm "$results/$name.$way.diff" && verdict "$name" "$way" 'same, as bare varies'; return; }
	run "$name" "$way"
	alike "$name" "$way" && { verdict "$name" "$way" 'differs at times'; return; }
	verdict "$name" "$way" differs
}

# verdict NAME WAY RESULT says what came of it; false if that was not to be so.
verdict() {
	local name=$1 way=$2 known
	known=$(about "$name" "differs $way")
	row "$name" "$way" "$3" "$took"
	if [ ! -e "$results/$name.$way.diff" ]; then
		[ -z "$known" ]
		return
	fi
	[ -n "$known" ] && return
	head -n 20 "$results/$name.$way.diff"
	return 1
}

# program NAME runs it bare and each way; false if not all is as it should be.
program() {
	local name=$1 way missing status=0
	[ -e "$scripts/$name.sh" ] || fail "find $name: no such program" "one of: $(all)"
	missing=$(lacks "$name")
	if [ -n "$missing" ]; then
		for way in bare "${ways[@]}"; do
			row "$name" "$way" "skipped: no $missing" -
		done
		return
	fi
	rm -f "$results/$name".bare.out.*
	run "$name" bare
	row "$name" bare "$(sed -n 's/^status 0$/well/p; s/^status \(.*\)/ends with \1/p' "$results/$name.bare.out")" "$took"
	for way in "${ways[@]}"; do
		watch "$name" "$way" || status=1
	done
	return $status
}

# all prints the names of the programs.
all() { (cd "$scripts" && printf '%s\n' *.sh | sed 's/\.sh$//'); }

# cell NAME WAY prints a result for the page.
cell() {
	[ -e "$results/$1.$2.row" ] || { echo 'not run' && return; }
	awk -F '\t' '{ print $2 == "-" ? $1 : $1 ", " $2 " s" }' "$results/$1.$2.row"
}

# differences prints, for the page, where a program was not as bare, and why or what.
differences() {
	local name way known
	for name in $(all); do
		for way in notify ptrace ebpf; do
			[ -e "$results/$name.$way.diff" ] || continue
			known=$(about "$name" "differs $way")
			printf -- '- %s, %s: %s\n' "$name" "$way" "${known:-not known why; bare (-) and watched (+) alone had}"
			[ -n "$known" ] || head -n 10 "$results/$name.$way.diff" | sed 's/.*/  - <code>&<\/code>/'
		done
	done
}

write_page() {
	local name
	cat <<-END
		<!-- Generated by make test-programs; DO NOT EDIT. -->
		# Real programs, bare and watched

		Linux $(uname -r), $(nproc) processors, which other work shared. Each program ran bare and then
		under \`tiercel run\` with the rules "${RULES:-default}" in each way; what it printed, its exit status and the processes that
		it left were compared. Seconds are of one run each, and no measure of the cost. A program that differs had a second
		chance, and so had bare to vary by itself.

		| program | what | bare | notify | ptrace | ebpf |
		|---|---|---|---|---|---|
	END
	for name in $(all); do
		echo "| [$name](programs/$name.sh) | $(title "$name") | $(cell "$name" bare) | $(cell "$name" notify) | $(cell "$name" ptrace) | $(cell "$name" ebpf) |"
	done
	printf '\n## Where they differ\n\n'
	differences
}

main() {
	local name names=("$@") status=0
	[ "$(id -u)" = 0 ] || fail 'run programs: not root' 'some of them, and eBPF, want it'
	[ $# -gt 0 ] || readarray -t names < <(all)
	mkdir -p "$results"
	chmod 755 "$scratch"
	for name in "${names[@]}"; do
		program "$name" || status=1
	done
	write_page >"$page"
	return $status
}

main "$@"
