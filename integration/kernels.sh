#!/usr/bin/env bash
# Runs the scripts of this folder on older kernels, by each source: Debian's
# kernels are booted by qemu with a small Debian in memory, without disk and network.
#
#   integration/kernels.sh [RELEASE]...   each release of Debian stands for its kernel;
#                                         without any: bullseye (5.10) and bookworm (6.1)
#
# bookworm-backports (6.12) can be named, too, but qemu 7.2 emulates it with random
# crashes. In the environment: SOURCES, which of ptrace and ebpf; RUN, which tests (a
# pattern, as of go test -run); LIMIT, the seconds that a boot may take; MIRROR, where
# Debian's packages are, if this machine's apt does not know. What was fetched is
# kept in dist/kernels, with the log of each boot.
set -euo pipefail
cd "$(dirname "$0")/.."

releases=("$@")
[ $# -gt 0 ] || releases=(bullseye bookworm)
limit=${LIMIT:-2400}
build=$PWD/dist/kernels
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The tests of a source. By eBPF those are left out that watch nothing: each start of
# tiercel has the kernel verify its programs, which takes an emulator some two seconds.
declare -A tests=(
	[ptrace]='^(TestScripts|TestRules)$'
	[ebpf]='TestScripts/^ebpf$|TestRules/^ebpf$|TestHost'
)

# What the scripts run, of the release that they all get, whatever the kernel.
userland=bookworm
packages=(base-passwd bash busybox-static coreutils dash diffutils findutils gcc git grep hostname kmod libc6-dev
	make mawk mount openssh-client passwd procps python3 sed socat strace usr-is-merged util-linux)

# fail MESSAGE HINT ends with both.
fail() {
	printf 'tiercel: error: %s\ntiercel: hint: %s\n' "$1" "$2" >&2
	exit 1
}

# debian COMMAND DIR ARGUMENT... is a command of apt that knows no package of this
# machine, and one release alone: the one that DIR was made for.
debian() {
	local command=$1 dir=$2
	shift 2
	"$command" -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::State="$dir" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
		-o APT::Install-Recommends=no -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

# mirror prints where Debian's packages come from.
mirror() {
	# shellcheck disable=SC2016 # apt knows these words, not the shell
	local known=${MIRROR-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)}
	[ -n "$known" ] || fail 'find a mirror: apt knows none of Debian' 'run apt-get update, or set MIRROR to the address of one'
	echo "$known"
}

# prepare DIR RELEASE makes DIR ready for debian.
prepare() {
	local from
	from=$(mirror)
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
	: >"$1/status"
	echo "deb [arch=amd64 signed-by=$keyring] $from $2 main" >"$1/sources.list"
	debian apt-get "$1" update -qq || fail "read the package lists of $2" 'a release that is gone from the mirror can be left out: name the others'
}

# unpack PACKAGE DIR ARGUMENT-OF-TAR...
unpack() { dpkg-deb --fsys-tarfile "$1" | tar -x -p -C "$2" --keep-directory-symlink --wildcards "${@:3}"; }

# archive DIR prints the archive of a folder that the kernel unpacks into its root;
# of several archives one after the other it takes all.
archive() { (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0); }

# fetch_kernel RELEASE makes dist/kernels/RELEASE/{vmlinuz,config,modules.cpio}.
fetch_kernel() {
	local dir=$build/$1 image
	[ ! -e "$dir/modules.cpio" ] || return 0
	echo "fetching the kernel of $1"
	prepare "$dir" "$1"
	image=$(debian apt-cache "$dir" depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p')
	(cd "$dir" && debian apt-get "$dir" download -qq "$image")
	unpack "$dir/$image"_*.deb "$dir" './boot/*' '*/overlay.ko*' '*/dummy.ko*'
	mkdir -p "$dir/root/modules"
	find "$dir/lib" -name '*.ko*' -exec cp {} "$dir/root/modules" ';'
	mv "$dir/boot/vmlinuz-"* "$dir/vmlinuz"
	mv "$dir/boot/config-"* "$dir/config"
	archive "$dir/root" >"$dir/modules.new"
	mv "$dir/modules.new" "$dir/modules.cpio"
}

# fetch_userland makes dist/kernels/userland.cpio. No package's own installer
# runs: what they would have made is made by accounts. Made anew when this script changes.
fetch_userland() {
	local dir=$build/userland file
	[ "$dir.cpio" -ot integration/kernels.sh ] || return 0
	echo "fetching the programs that the scripts run"
	rm -rf "$dir"
	prepare "$dir" "$userland"
	debian apt-get "$dir" install --download-only -y -qq "${packages[@]}" >/dev/null
	for file in bin sbin lib lib64; do
		mkdir -p "$dir/root/usr/$file"
		ln -s "usr/$file" "$dir/root/$file"
	done
	for file in "$dir"/cache/archives/*.deb; do
		unpack "$file" "$dir/root" --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale' \
			--exclude='*/lto1' --exclude='*lto-dump*' --exclude='*/lib?san*' .
	done
	accounts "$dir/root"
	archive "$dir/root" >"$dir.new"
	mv "$dir.new" "$dir.cpio"
}

# accounts ROOT makes the files that a machine has from its installation.
accounts() {
	local etc=$1/etc kind
	cp "$1/usr/share/base-passwd/passwd.master" "$etc/passwd"
	cp "$1/usr/share/base-passwd/group.master" "$etc/group"
	sed 's/:.*/:*:20000:0:99999:7:::/' "$etc/passwd" >"$etc/shadow"
	chmod 640 "$etc/shadow"
	for kind in auth account session; do
		echo "$kind required pam_unix.so" >"$etc/pam.d/common-$kind"
	done
	echo '127.0.0.1 localhost' >"$etc/hosts"
	echo tiercel-test >"$etc/hostname"
	ln -s gcc "$1/usr/bin/cc"
	ln -s mawk "$1/usr/bin/awk"
}

# build_tests makes dist/kernels/tests.cpio: tiercel, the tests and their data.
build_tests() {
	local root=$build/tests
	rm -rf "$root"
	mkdir -p "$root/usr/local/bin" "$root/tests"
	make -s build
	cp bin/tiercel "$root/usr/local/bin/tiercel"
	CGO_ENABLED=0 go test -c -tags osusergo,netgo -o "$root/tests/integration.test" ./integration
	cp -R integration/testdata "$root/tests"
	cp integration/kernels_init.sh "$root/init"
	archive "$root" >"$root.cpio"
}

# boot RELEASE SOURCE LOG runs the tests on the release's kernel, and keeps what the machine prints.
# Both processors run on one thread: on two, qemu 7.2 at times goes on executing the
# breakpoint through which the kernel has changed its own code (as it does when a
# tracepoint is hooked), although it is gone from memory: int3 for ever, a soft lockup.
boot() {
	local dir=$build/$1
	cat "$build/userland.cpio" "$build/tests.cpio" "$dir/modules.cpio" >"$dir/initrd"
	timeout "$limit" qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 2 -m 3G -nic none -no-reboot \
		-display none -monitor none -serial stdio -kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
		-append "console=ttyS0 panic=-1 quiet SOURCE=$2 RUN=${RUN:-${tests[$2]}}" </dev/null 2>&1 | sed -u 's/\r//' >"$3" || true
	rm "$dir/initrd"
}

# count WORD LOG counts the scripts that ended so; the level above them is the source.
count() { grep -ac "^ *--- $1: [^ ]*/[^ ]*/" "$2" || true; }

# row CELL... adds a line to the table.
row() { printf '%-20s %-26s %-7s %-7s %6s %6s %7s %7s\n' "$@" >>"$build/summary"; }

# report RELEASE SOURCE LOG SECONDS adds a line to the table; false if not all is well.
report() {
	local kernel booted=no passed
	kernel=$(sed -n 's/^tiercel: kernel //p' "$3")
	[ -z "$kernel" ] || booted=yes
	passed=$(count PASS "$3")
	row "$1" "${kernel:--}" "$2" "$booted" "$passed" "$(count FAIL "$3")" "$(count SKIP "$3")" "$4"
	grep -aqx 'tiercel: status 0' "$3" && [ "$passed" -gt 0 ]
}

# skips RELEASE SOURCE LOG adds what was skipped there, and why.
skips() {
	awk -v at="$1 $2" '/^=== / { test = $3 } /^ +cmd\.go:/ { sub(/^[^:]*:[0-9]+: /, ""); why[test] = $0 }
		/^ *--- SKIP: / { print at, $3 ": " why[$3] }' "$3" >>"$build/skipped"
}

# need says what is missing, before anything is fetched.
need() {
	local program
	for program in apt-get dpkg-deb qemu-system-x86_64 cpio; do
		command -v "$program" >/dev/null || fail "find $program: not installed" 'on Debian, sh .ci/install kernels'
	done
	[ -e "$keyring" ] || fail "find $keyring: not there" 'install debian-archive-keyring'
}

# run RELEASE SOURCE boots its kernel; false if not all is well, and then it shows
# what is not, and what the kernel's verifier said last.
run() {
	local start=$SECONDS log=$build/$1-$2.log
	echo "booting the kernel of $1 for $2 (log: dist/kernels/$1-$2.log)"
	boot "$1" "$2" "$log"
	skips "$1" "$2" "$log"
	report "$1" "$2" "$log" $((SECONDS - start)) && return
	grep -aE '^ *--- FAIL|^panic:' "$log" || tail -n 20 "$log"
	grep -am 1 'load eBPF programs' "$log" | sed 's/; *\t/\n\t/g' | tail -n 12
	return 1
}

main() {
	local release source status=0
	need
	mkdir -p "$build"
	fetch_userland
	for release in "${releases[@]}"; do
		fetch_kernel "$release"
	done
	build_tests
	rm -f "$build/summary" "$build/skipped"
	row RELEASE KERNEL SOURCE BOOTED PASSED FAILED SKIPPED SECONDS
	for release in "${releases[@]}"; do
		for source in ${SOURCES:-ptrace ebpf}; do
			run "$release" "$source" || status=1
		done
	done
	cat "$build/summary"
	printf '\nwhat was skipped, and why:\n'
	cat "$build/skipped"
	exit $status
}

main
