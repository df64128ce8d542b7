#!/bin/bash
# stress-ng: its stressors of processes, threads and signals, for a second each
# needs: stress-ng setpriv
# limit: 180
# differs ptrace: vm-segv traces a child of its own, and waits for ever if it has a tracer already
set -u
ulimit -c 0 # what aborts would leave cores
processes=(clone daemon exec exit-group fork forkheavy kill mmapfork pidfd pthread ptrace session spawn switch vfork vforkmany wait yield zombie)
signals=(alarm futex itimer nanosleep sem sigabrt sigchld sigfd sigfpe sigio signal signest sigpending sigpipe sigq sigrt
	sigsegv sigsuspend sigtrap sleep timer timerfd)
others=(opcode personality prctl schedpolicy seccomp set usersyscall vm-segv x86syscall)

# As root stress-ng executes nothing.
for name in "${processes[@]}" "${signals[@]}" "${others[@]}"; do
	status=0
	setpriv --reuid 65534 --regid 65534 --clear-groups timeout -k 5 30 \
		stress-ng "--$name" 2 --timeout 1 --verify --oomable --temp-path "$PWD" >log 2>&1 || status=$?
	echo "$name $status $(grep -qE 'No stress workers invoked' log && echo 'not supported')"
	grep -E 'fail:|error:' log >&2
done
exit 0
