#!/bin/bash
# strace -f of a shell and its children, and strace -p of a process that runs already
# needs: strace dash
# limit: 60
# differs ptrace: a process has one tracer, and tiercel is it; --stops notify leaves it to strace
set -eu

# calls prints what a trace has, without the numbers of processes and what chance orders.
calls() { sed -E 's/^[0-9]+ +//; s/ += / = /; s/(si_pid|si_uid|si_utime|si_stime)=[0-9]+/\1=N/g' "$1" | grep -E "$2" | sort; }

status=0
strace -f -o trace -e trace=execve,openat,kill dash -c 'cat /etc/hostname >/dev/null; (exit 3); kill -USR1 $$' || status=$?
echo "strace ends with $status"
calls trace 'execve\(|hostname|SIG|exited|kill\(' | sed -E 's/kill\([0-9]+/kill(N/; s/0x[0-9a-f]+/ADDRESS/'
strace -f -c -o counts true && awk '$NF == "execve" { print "counted", $4, $NF }' counts

mkfifo pipe
sh -c 'read -r line <pipe; exec /bin/cat /etc/hostname' >/dev/null &
strace -o attached -p $! 2>attached.log &
tracer=$!
until grep -q attached attached.log || ! kill -0 $tracer; do sleep 0.05; done
echo go >pipe
wait
calls attached 'hostname|exited' | sed -E 's/0x[0-9a-f]+/ADDRESS/'
