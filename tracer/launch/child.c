// The child's half of a launch. It runs before Go's runtime would, and in place of it:
// that takes some ten times as long to start, has threads and signal handlers of its
// own, and makes calls when it likes, which a filter may stop.

#define _GNU_SOURCE
#include "child.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct launch_inherited launch_at_start;

static int report = -1;

// fail says what went wrong, and why.
static void fail(int status, const char *what, const char *of) {
	dprintf(report, "%d %s%s", errno, what, of); // nobody else to tell
	_exit(status);
}

static void check(long result, const char *what) {
	if (result < 0)
		fail(LAUNCH_FAILED, what, "");
}

// The kernel's sigaction: the C library's leaves out two signals of its own.
struct action {
	uint64_t handler, rest[3];
};

static int act(int sig, const struct action *new, struct action *old) {
	return syscall(SYS_rt_sigaction, sig, new, old, 8);
}

static const uint64_t all = -1;

static int mask(const uint64_t *new, uint64_t *old) {
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, new, old, 8);
}

static void look(struct launch_inherited *in) {
	struct action a;

	for (int i = 1; i < _NSIG; i++)
		if (act(i, NULL, &a) == 0 && a.handler == (uintptr_t)SIG_IGN)
			in->ignored |= 1ull << (i - 1);
	mask(NULL, &in->blocked);
	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) < 0)
			in->closed |= 1ull << i;
}

// assume has the process, and what it executes, have it so. What signals have come since
// its start does now what it would have done to the command.
static void assume(const struct launch_inherited *in) {
	uint64_t others = in->ignored ^ launch_at_start.ignored; // an execve(2) takes handlers away

	for (int i = 1; i < _NSIG; i++) {
		struct action a = {(uintptr_t)(in->ignored >> (i - 1) & 1 ? SIG_IGN : SIG_DFL), {0}};

		if (others >> (i - 1) & 1)
			check(act(i, &a, NULL), "rt_sigaction");
	}
	for (int i = 0; i < 3; i++)
		if (in->closed >> i & 1)
			close(i);
	check(mask(&in->blocked, NULL), "rt_sigprocmask");
}

// take reads as many bytes of what opens the gate.
static void *take(int gate, size_t size) {
	char *b = malloc(size + 1);
	size_t n = 0;

	check(b == NULL ? -1 : 0, "allocate memory");
	while (n < size) {
		ssize_t got = read(gate, b + n, size - n);

		if (got == 0) {
			errno = EPIPE;
			got = -1;
		}
		check(got, "wait for launcher: read");
		n += got;
	}
	return b;
}

static struct sock_fprog take_program(int gate, uint64_t instructions) {
	return (struct sock_fprog){instructions, take(gate, instructions * sizeof(struct sock_filter))};
}

// install puts a filter on this thread as package seccomp does, and returns what the kernel does.
static int install(const struct sock_fprog *p, unsigned flags, const char *what) {
	int n = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, p);

	if (n < 0 && errno == EACCES) {
		check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(NO_NEW_PRIVS)");
		n = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, p);
	}
	check(n, what);
	return n;
}

static void send_descriptor(int fd) {
	char word = LAUNCH_LISTENS, room[CMSG_SPACE(sizeof fd)] = {0};
	struct iovec v = {&word, sizeof word};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	sendmsg(report, &m, 0); // a parent that is gone takes nothing
}

static atomic_int listener = -1; // then the filter's, and -1 again once it was handed over

static void *hand_over(void *unused) {
	int fd;

	while ((fd = atomic_load(&listener)) < 0)
		sched_yield();
	send_descriptor(fd);
	close(fd); // with it open our calls would wait for ever once the parent is gone
	atomic_store(&listener, -1);
	return unused;
}

// listens puts a filter with a listener on this thread, and has another hand that
// over. This one cannot: each call of it may be one that waits for the listener's
// answer. The other is not under the filter.
static void listens(const struct sock_fprog *filter, unsigned flags, const char *what) {
	pthread_t other;

	errno = pthread_create(&other, NULL, hand_over, NULL);
	check(-errno, "start thread");
	mask(&all, NULL); // glibc lets two through, for its own use
	atomic_store(&listener, install(filter, flags, what));
	while (atomic_load(&listener) >= 0)
		sched_yield(); // where the rules watch this call, it waits, as it should
}

// end_with_parent has the kernel send the signal when the parent's thread ends; 0 for none.
static void end_with_parent(unsigned long sig) {
	check(prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0), "prctl(SET_PDEATHSIG)");
}

// change_user changes this thread's user, the groups and the group first, as the user
// may not change them any more. The C library's calls of these names would change the
// other thread, too, if it is still there.
static void change_user(const struct launch_orders *o, const uint32_t *groups) {
	check(syscall(SYS_setgroups, o->groups, groups), "change user: setgroups");
	check(syscall(SYS_setresgid, o->gid, o->gid, o->gid), "change user: setresgid");
	check(syscall(SYS_setresuid, o->uid, o->uid, o->uid), "change user: setresuid");
}

// execute_script executes a script without #!, which execvp(3) gives to the shell.
static void execute_script(char *path, char **argv, int argc) {
	char **script = calloc(argc + 2, sizeof *script);

	if (script == NULL)
		return;
	script[0] = "sh";
	script[1] = path;
	memcpy(script + 2, argv + 1, (argc - 1) * sizeof *argv);
	execve("/bin/sh", script, environ);
}

// become turns the child into the command once the gate opens. The user comes after
// the filter, which it could not have without forgoing setuid programs.
static void become(int gate, char *path, char **argv, int argc) {
	static const char what[] = "install filter: seccomp(SET_MODE_FILTER)";
	struct launch_orders *o = take(gate, sizeof *o);
	struct sock_fprog denied = take_program(gate, o->denied), filter = take_program(gate, o->filter);
	uint32_t *groups = take(gate, o->groups * sizeof *groups);
	int is_listened_to = o->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;

	if (denied.len > 0)
		install(&denied, 0, "deny calls: seccomp(SET_MODE_FILTER)");
	if (is_listened_to) { // whoever answers may die before anybody else has the listener
		end_with_parent(SIGKILL);
		listens(&filter, o->flags, what);
	} else if (filter.len > 0) {
		install(&filter, o->flags, what);
	}
	if (o->changes_user)
		change_user(o, groups);
	if (is_listened_to)
		end_with_parent(0);
	assume(&o->inherited);
	execve(path, argv, environ);
	if (errno == ENOEXEC)
		execute_script(path, argv, argc);
	fail(errno == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_NOT_EXEC, "run ", argv[0]);
}

// arguments reads those of this process: glibc alone passes them to a constructor.
static char **arguments(int *argc) {
	FILE *f = fopen("/proc/self/cmdline", "re");
	char **argv = NULL;

	check(f == NULL ? -1 : 0, "read /proc/self/cmdline");
	for (*argc = 0;; ++*argc) {
		size_t room = 0;

		argv = realloc(argv, (*argc + 1) * sizeof *argv);
		check(argv == NULL ? -1 : 0, "allocate memory");
		argv[*argc] = NULL;
		if (getdelim(&argv[*argc], &room, '\0', f) <= 0)
			break;
	}
	check(feof(f) ? 0 : -1, "read /proc/self/cmdline");
	fclose(f);
	argv[*argc] = NULL;
	return argv;
}

__attribute__((constructor)) static void begin(void) {
	char runs = LAUNCH_RUNS, **argv;
	int argc, gate;

	look(&launch_at_start);
	if (strcmp(program_invocation_name, LAUNCH_NOTHING) == 0)
		_exit(0);
	if (strcmp(program_invocation_name, LAUNCH_CHILD) != 0)
		return;
	mask(&all, NULL); // ended on its way it would leave a launcher that waits for its words, or its listener
	argv = arguments(&argc);
	if (argc < 4 || sscanf(argv[1], "%d,%d", &gate, &report) != 2)
		_exit(LAUNCH_FAILED); // it is no launcher's
	fcntl(gate, F_SETFD, FD_CLOEXEC);
	fcntl(report, F_SETFD, FD_CLOEXEC);
	check(write(report, &runs, sizeof runs), "report");
	become(gate, argv[2], argv + 3, argc - 3);
}
