#!/bin/bash
# gdb: breakpoints, a fork followed, threads, a crash, and a process that runs already
# needs: gdb gcc
# limit: 120
# differs ptrace: a process has one tracer, and tiercel is it; --stops notify leaves it to the debugger
set -eu
cat >program.c <<'END'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int opened(const char *path) { FILE *f = fopen(path, "r"); int c = f ? fgetc(f) : -1; if (f) fclose(f); return c > 0; }
static void *thread(void *p) { return opened("/etc/passwd") ? p : 0; }

int main(int argc, char **argv) {
	pthread_t t;
	int status;
	if (!strcmp(argv[1], "wait")) for (;;) { opened("/etc/hostname"); usleep(10000); }
	if (!strcmp(argv[1], "crash")) raise(SIGSEGV);
	pthread_create(&t, 0, thread, 0);
	pthread_join(t, 0);
	if (!fork()) _exit(opened("/etc/hostname") + 6);
	wait(&status);
	printf("child ended with %d\n", WEXITSTATUS(status));
	return 4;
}
END
gcc -g -O0 -pthread -o program program.c

# debug COMMAND... -- ARGUMENT... prints what gdb says, but numbers of processes, addresses and where things lie.
debug() {
	gdb -nx -batch -iex 'set debuginfod enabled off' "$@" 2>&1 |
		sed -nE "s|$PWD/||g; s/0x[0-9a-f]+/ADDRESS/g; s/(process|LWP|Thread|pid) [0-9a-fA-FADRES]+/\1 N/g
			/^(Breakpoint|Catchpoint|Program|#[0-9]|\[Inferior|Run till)/p"
}

debug -ex 'break opened' -ex 'run fork >>out' -ex bt -ex delete -ex continue --args ./program fork
debug -ex 'set follow-fork-mode child' -ex 'catch fork' -ex 'run fork >>out' -ex delete -ex continue --args ./program fork
debug -ex run -ex bt --args ./program crash | grep -v ' in '
cat out # apart, as gdb and the program write at the same time
./program wait &
debug -ex 'break opened' -ex continue -ex 'finish' -ex 'detach' -p $! | grep -E '^(Breakpoint|\[Inferior)'
sleep 0.3 # it goes on
kill -0 $! && echo 'goes on'
kill $!
wait $! || echo "ended with $?"
