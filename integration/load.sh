#!/usr/bin/env bash
# Shows what `tiercel host` loses, and costs, under load: with its default rules,
# on the machine that this runs on, under servers, processes that come and go, a
# package installation and the project's own tests. Exits 1 if an event was lost.
#
#   integration/load.sh [SECONDS]    each load runs so long (60), watched and not
#
# In the environment: ROUNDS, the turns that watched and not are taken in (3); LOADS,
# which of the loads (all); PORT, the first of two that are free (18080).
#
# Prints a table in Markdown. A load that needs a program which is not here, or
# this not being root, is an error: .ci/install load.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
rounds=${ROUNDS:-3}
read -ra loads <<<"${LOADS:-kept-connections new-connections redis processes packages tests}"
port=${PORT:-18080}
tiercel=$PWD/bin/tiercel
processors=$(nproc)
ticks=$(getconf CLK_TCK)
scratch=$(mktemp -d)
results=$scratch/results
servers=()
watcher=

fail() {
	printf 'tiercel: error: %s\ntiercel: hint: %s\n' "$1" "$2" >&2
	exit 1
}

finish() {
	[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
	[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
	wait
	rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# calc EXPRESSION [FORMAT] prints its value.
calc() { awk "BEGIN { printf \"${2:-%.6f}\", $1 }"; }

now() { date +%s.%N; }

# again FUNCTION calls it until the time is over, and prints how often a second that was.
again() {
	local start count=0
	start=$(now)
	while [ "$(calc "$(now) - $start < $slice" %d)" = 1 ]; do
		"$1" >"$scratch/log" 2>&1 || fail "run $1: $(tail -n 5 "$scratch/log")" 'try it alone'
		count=$((count + 1))
	done
	calc "$count / ($(now) - $start)"
}

# Each load runs for $slice seconds, and prints how much it got done in one.

start_nginx() {
	mkdir "$scratch/www"
	head -c 1024 /dev/zero >"$scratch/www/file"
	cat >"$scratch/nginx.conf" <<-END
		daemon off;
		worker_processes auto;
		pid $scratch/nginx.pid;
		error_log $scratch/nginx.log;
		events { worker_connections 4096; }
		http {
			access_log $scratch/access.log;
			client_body_temp_path $scratch/body;
			keepalive_requests 1000000;
			server { listen 127.0.0.1:$port backlog=4096; root $scratch/www; }
		}
	END
	chmod 755 "$scratch" "$scratch/www"
	nginx -e "$scratch/nginx.log" -c "$scratch/nginx.conf" &
	servers+=($!)
}

start_redis() {
	redis-server --port $((port + 1)) --bind 127.0.0.1 --save '' --dir "$scratch" >"$scratch/redis.log" &
	servers+=($!)
}

requests() { wrk -t 1 -c 32 -d "${slice}s" "$@" "http://127.0.0.1:$port/file" | sed -n 's/^Requests\/sec: *//p'; }

kept-connections() { requests; }

new-connections() { requests -H 'Connection: close'; }

commands() { redis-cli -p $((port + 1)) info stats | tr -d '\r' | sed -n 's/^total_commands_processed://p'; }

redis() {
	local start before
	start=$(now)
	before=$(commands)
	timeout "$slice" redis-benchmark -p $((port + 1)) -t set,get -n 1000000 -l -q >/dev/null 2>&1 || true # it ends by the signal
	calc "($(commands) - $before) / ($(now) - $start)"
}

# stress KIND [COMMAND...] runs a stressor for each processor, by a command if one is given.
stress() {
	"${@:2}" stress-ng "--$1" "$processors" --timeout "$slice" --metrics --temp-path "$scratch/stress" --yaml "$scratch/stress/$1.yaml"
}

# As root stress-ng executes nothing.
processes() {
	install -d -m 1777 "$scratch/stress"
	stress fork >/dev/null 2>&1 &
	stress exec setpriv --reuid 65534 --regid 65534 --clear-groups >/dev/null 2>&1
	wait $!
	awk '/bogo-ops-per-second-real-time:/ { n += $2 } END { print n }' "$scratch"/stress/*.yaml
}

fetch_packages() {
	mkdir "$scratch/packages"
	(cd "$scratch/packages" && apt-get download -qq -o APT::Sandbox::User=root bc file jq less make sed strace tree) ||
		fail 'fetch packages' 'run apt-get update'
}

# unpack unpacks the packages into a folder that stands for a machine.
unpack() {
	local root=$scratch/root
	rm -rf "$root"
	mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
	touch "$root/var/lib/dpkg/status"
	dpkg --root="$root" --log=/dev/null --force-depends --force-script-chrootless --unpack "$scratch/packages"/*.deb
}

packages() { again unpack; }

own_tests() { go test -tags osusergo,netgo -count=1 ./engine/... ./seccomp; }

tests() { again own_tests; }

# used prints the processor time that the watch has used, in ticks.
used() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$watcher/stat"; }

# memory FIELD prints it, in MiB.
memory() { awk -v field="$1:" '$1 == field { printf "%.1f", $2 / 1024 }' "/proc/$watcher/status"; }

# watch starts the watch of the machine, and returns once it sees all.
watch() {
	"$tiercel" host -o json="$scratch/alerts" --stats="$scratch/ledger" --log-level info --log-format json 2>"$scratch/watch.log" &
	watcher=$!
	until grep -q 'watch all processes' "$scratch/watch.log"; do
		kill -0 "$watcher" 2>/dev/null || fail "watch: $(cat "$scratch/watch.log")" 'tiercel doctor says what this machine allows'
		sleep 0.1
	done
	sleep 1 # for the processes that were there already
	used_before=$(used)
	memory_before=$(memory VmRSS)
	watched_from=$(now)
}

# unwatch NAME ends the watch, and adds a line to its figures: events seen,
# filtered, filtered in the kernel, queued, lost, shed; ticks; seconds; memory at the start, at the end, at most.
unwatch() {
	local figures
	figures="$(($(used) - used_before)) $(calc "$(now) - $watched_from") $memory_before $(memory VmRSS) $(memory VmHWM)"
	kill -TERM "$watcher"
	wait "$watcher"
	watcher=
	echo "$(jq -r '[.events.seen, .events.filtered, .events.filtered_in_kernel, .events.queued, .events.lost, ([.lost[] | select(.shed) | .count] | add // 0)] | @tsv' "$scratch/ledger")" "$figures" >>"$results/$1"
	jq -c '.lost[]' "$scratch/ledger" >>"$results/$1.lost"
}

# figures NAME prints the cells of what was measured while watching.
figures() {
	awk -v ticks="$ticks" '
		{ for (i = 1; i <= 8; i++) sum[i] += $i; if (NR == 1) first = $9; last = $10; if ($11 > most) most = $11 }
		END {
			printf "%d | %d | %d | %d | %d | %d | ", sum[1], sum[2], sum[3], sum[4], sum[5], sum[6]
			printf "%.2f | %.1f %% | %.0f, %.0f, %.0f", sum[7] / ticks, 100 * sum[7] / ticks / sum[8], first, last, most
		}' "$results/$1"
}

# speed NAME prints the cells of what a load got done: the medians, and that of the rounds' ratios.
speed() {
	local column
	for column in 1 2 3; do
		awk -v c=$column '{ print c == 3 ? $2 / $1 : $c }' "$results/$1.rate" | sort -g |
			awk -v format="$([ $column = 3 ] && echo ' | %.2f' || echo ' | %.4g')" '{ v[NR] = $1 } END { printf format, (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'
	done
}

# measure NAME runs a load, watched and not in turns.
measure() {
	local round bare watched
	slice=$(((seconds + rounds - 1) / rounds))
	for round in $(seq "$rounds"); do
		echo "$1, round $round of $rounds, $slice s each" >&2
		bare=$("$1")
		watch
		watched=$("$1")
		echo "$bare $watched" >>"$results/$1.rate"
		unwatch "$1"
	done
}

# all runs each load, under one watch.
all() {
	local name
	slice=$seconds
	watch
	for name in "${loads[@]}"; do
		echo "all under one watch: $name" >&2
		"$name" >/dev/null
	done
	unwatch all
}

need() {
	local program
	[ "$(id -u)" = 0 ] || fail 'watch: not root' 'eBPF programs are loaded as root'
	for program in nginx wrk redis-server redis-benchmark stress-ng dpkg jq go; do
		command -v "$program" >/dev/null || fail "find $program: not installed" 'on Debian, sh .ci/install load'
	done
}

table() {
	local name
	echo "Linux $(uname -r), $processors processors, load average before: $load; each load $seconds s watched and as long not, in $rounds rounds."
	echo
	echo '| load | seen | filtered | of these in the kernel | queued | lost | of these shed | CPU s | of one processor | memory MiB: start, end, most | bare /s | watched /s | ratio |'
	echo '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|'
	for name in "${loads[@]}"; do
		echo "| $name | $(figures "$name")$(speed "$name") |"
	done
	echo "| all, one watch | $(figures all) | | | |"
}

main() {
	local name
	need
	load=$(cut -d ' ' -f 1-3 /proc/loadavg)
	mkdir "$results"
	start_nginx
	start_redis
	fetch_packages
	if [[ " ${loads[*]} " == *' tests '* ]]; then # compiled, and they pass
		own_tests >"$scratch/log" || fail "run the tests: $(tail -n 5 "$scratch/log")" 'they must pass first'
	fi
	for name in "${loads[@]}"; do
		measure "$name"
	done
	all
	table
	if awk '$5 > 0 { lost = 1 } END { exit !lost }' "${loads[@]/#/$results/}" "$results/all"; then
		cat "$results"/*.lost >&2
		exit 1
	fi
}

main
