// A keeper: it waits for its supervisor's end, and then kills the workload, or lets its
// calls run. All that is done here, before Go's runtime would start, and without it. That
// takes ten times as long at each start of tiercel, megabytes meanwhile, and at the end
// threads, of which there may be none to be had: the workload can see to that. So what it
// reads of /proc stands here a second time, in short; package procfs has the rest.

#define _GNU_SOURCE
#include "keeper.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int keeper_pid, keeper_listener, keeper_answers = -1;
uint64_t keeper_since;
char *keeper_note;

// The table of processes (table.go), and how many entries it has.
static uint64_t *table;
static size_t entries;

// mask sets which signals wait, the lowest bit for signal 1. The C library's leaves two out.
static void mask(uint64_t signals) { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &signals, NULL, sizeof signals); }

// by returns the time by a clock, in nanoseconds.
static uint64_t by(clockid_t clock) {
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

// now is the time by the clock that tells when processes started.
static uint64_t now(void) { return by(CLOCK_BOOTTIME); }

// TICK is the unit of times in /proc/PID/stat, in nanoseconds: USER_HZ is 100 on every architecture.
#define TICK 10000000ull

// start_of returns when a process started, by that clock; the end of time for one that is gone.
static uint64_t start_of(int pid) {
	char b[1024], *at = NULL; // more than there is before the twentieth number
	ssize_t n = -1;
	int fd;

	snprintf(b, sizeof b, "/proc/%d/stat", pid);
	if ((fd = open(b, O_RDONLY | O_CLOEXEC)) >= 0) {
		n = read(fd, b, sizeof b - 1);
		close(fd);
	}
	if (n > 0) {
		b[n] = '\0';
		at = strrchr(b, ')'); // the name before may hold anything
	}
	for (int i = 0; at != NULL && i < 20; i++) // starttime, proc_pid_stat(5)
		at = strchr(at + 1, ' ');
	return at == NULL ? UINT64_MAX : strtoull(at + 1, NULL, 10) * TICK;
}

struct pids {
	int *all;
	size_t n;
};

static void add_children(struct pids *p, int pid, const char *tid) {
	char path[300];
	FILE *f;
	int child;

	snprintf(path, sizeof path, "/proc/%d/task/%s/children", pid, tid);
	if ((f = fopen(path, "re")) == NULL)
		return;
	while (fscanf(f, "%d", &child) == 1) {
		int *more = realloc(p->all, (p->n + 1) * sizeof *more);

		if (more == NULL)
			break; // those that we were told of are in the table
		p->all = more;
		p->all[p->n++] = child;
	}
	fclose(f);
}

// children_of returns the processes that the threads of one have made and not outlived.
static struct pids children_of(int pid) {
	struct pids p = {0};
	struct dirent *task;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	if ((tasks = opendir(path)) == NULL)
		return p;
	while ((task = readdir(tasks)) != NULL)
		add_children(&p, pid, task->d_name);
	closedir(tasks);
	return p;
}

// kill_tree kills a process that was there at a time, and all that has come of it.
// One that started later has its number by chance.
static void kill_tree(int pid, uint64_t at) {
	int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pids made = {0};

	if (fd < 0 && errno == ESRCH)
		return; // it is gone
	if (start_of(pid) <= at) {
		made = children_of(pid);
		at = now();
		if (fd < 0) // there was none to be had
			kill(pid, SIGKILL);
		else
			syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	}
	if (fd >= 0)
		close(fd);
	for (size_t i = 0; i < made.n; i++)
		kill_tree(made.all[i], at);
	free(made.all);
}

// kill_table kills the processes of the table. It does not look where nothing was
// written, as that would take memory.
static void kill_table(void) {
	off_t start, end = 0;

	while ((start = lseek(KEEPER_TABLE, end, SEEK_DATA)) >= 0 && (end = lseek(KEEPER_TABLE, start, SEEK_HOLE)) >= 0)
		for (size_t pid = start / sizeof *table; pid < end / sizeof *table; pid++)
			if (pid > 0 && table[pid] != 0)
				kill_tree(pid, table[pid]);
}

// receive reports whether there was a call, of a thread that we have a number for.
static int receive(struct seccomp_notif *call) {
	memset(call, 0, sizeof *call); // the kernel refuses one that is not empty
	return ioctl(keeper_listener, SECCOMP_IOCTL_NOTIF_RECV, call) == 0 && call->pid > 0;
}

static void let_run(uint64_t id) {
	struct seccomp_notif_resp go = {.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	ioctl(keeper_listener, SECCOMP_IOCTL_NOTIF_SEND, &go); // it may be gone
}

// PAUSE is how long what was killed has until it is looked for again, in milliseconds.
#define PAUSE 5

// kill_all kills the processes of the table, their children, and whoever makes a call
// that is not answered, to make a process is one, until no thread has the filter any more.
static void kill_all(void) {
	struct pollfd p = {.fd = keeper_listener, .events = POLLIN};
	struct seccomp_notif call;

	kill_table();
	while (!(p.revents & POLLHUP) || p.revents & POLLIN) {
		p.revents = 0;
		if (poll(&p, 1, PAUSE) == 0)
			kill_table();
		else if (p.revents & POLLIN && receive(&call))
			kill(call.pid, SIGKILL); // it may have ended by itself
	}
}

// RETRY is how long after one that failed the next process is made to offer the workload, in milliseconds.
#define RETRY 1000

// offer makes the process that offers the workload, which sets keeper_answers, and
// returns the other end of that, -1 where there is none.
static int offer(void) {
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	child = fork();
	if (child == 0)
		keeper_answers = pair[1];
	close(pair[child == 0 ? 0 : 1]);
	if (child < 0)
		close(pair[0]);
	return child > 0 ? pair[0] : -1;
}

// answer_one lets a call run. It notes which before, as we may be killed, and who makes
// it, by the thread's number.
static void answer_one(void) {
	struct seccomp_notif call;

	if (!receive(&call))
		return;
	if (entries > 0)
		table[0] = call.id;
	if (call.pid < entries)
		table[call.pid] = now();
	let_run(call.id);
}

// answer_all lets calls run until nobody is left to make any, or another supervisor has
// taken over, first those that the dead one had received and not answered. It returns in
// the process that offers alone.
static void answer_all(void) {
	struct pollfd p[] = {{.fd = keeper_listener, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
	uint64_t received = entries > 0 ? table[0] : 0;
	char taken;

	keeper_pid = getpid();
	keeper_since = by(CLOCK_REALTIME);
	for (uint64_t i = 0; i < 2 * KEEPER_AROUND; i++)
		let_run(received - KEEPER_AROUND + i); // most are none that waits
	for (uint64_t next = 0;;) {
		if (p[1].fd < 0 && now() >= next) {
			next = now() + RETRY * 1000000ull;
			waitpid(-1, NULL, WNOHANG); // for the last one
			p[1].fd = offer();
		}
		if (keeper_answers >= 0)
			return;
		p[0].revents = p[1].revents = 0;
		poll(p, 2, p[1].fd < 0 ? RETRY : -1);
		if (p[1].revents != 0) {
			if (read(p[1].fd, &taken, sizeof taken) == sizeof taken)
				_exit(0);
			close(p[1].fd); // it has ended
			p[1].fd = -1;
		}
		if (p[0].revents & POLLIN)
			answer_one();
		else if (p[0].revents & POLLHUP)
			_exit(0);
	}
}

// take_listener waits for the listener. Without one there will be nothing to keep.
static void take_listener(void) {
	char word, room[CMSG_SPACE(sizeof keeper_listener)];
	struct iovec v = {&word, sizeof word};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
	ssize_t n = recvmsg(KEEPER_SOCKET, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	if (n == 0 || (n > 0 && word != KEEPER_GIVEN))
		_exit(0);
	if (n < 0 || c == NULL || c->cmsg_type != SCM_RIGHTS)
		_exit(1);
	memcpy(&keeper_listener, CMSG_DATA(c), sizeof keeper_listener);
}

// take_table maps the table; one of no size is none.
static void take_table(void) {
	struct stat st;

	if (fstat(KEEPER_TABLE, &st) != 0 || st.st_size == 0)
		return;
	table = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, KEEPER_TABLE, 0);
	if (table == MAP_FAILED)
		_exit(1);
	entries = st.st_size / sizeof *table;
}

// skip_line reads what is left of a line.
static void skip_line(FILE *f) {
	int c;

	while ((c = getc(f)) != EOF && c != '\n')
		;
}

// take_note reads a line, which is a note if it is whole.
static void take_note(FILE *supervisor) {
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, supervisor);

	if (n > 0 && line[n - 1] == '\n') {
		line[n - 1] = '\0';
		free(keeper_note);
		keeper_note = line;
	} else if (n < 0) { // there was no memory for it
		skip_line(supervisor);
	}
}

// last_word waits for the supervisor's end, and returns its word; EOF if it has died.
static int last_word(void) {
	static const char ready = KEEPER_READY;
	FILE *supervisor = fdopen(KEEPER_SOCKET, "r");
	int word;

	if (supervisor == NULL)
		_exit(1);
	send(KEEPER_SOCKET, &ready, sizeof ready, MSG_NOSIGNAL); // it may have died already: the next line tells
	while ((word = getc(supervisor)) != EOF && word != KEEPER_DISMISSED && word != KEEPER_END_REST)
		if (word == KEEPER_NOTED)
			take_note(supervisor);
	return word;
}

__attribute__((constructor)) static void stand_in(void) {
	static const size_t n = sizeof KEEPER_NAME - 1;
	int word;

	if (strncmp(program_invocation_name, KEEPER_NAME, n) != 0)
		return;
	mask(-1); // whatever it is asked to end by; it was started so
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) // what shares our user must not take the listener
		_exit(1);
	take_table();
	take_listener();
	word = last_word();
	if (word == KEEPER_DISMISSED)
		_exit(0);
	if (word != EOF || strcmp(program_invocation_name + n, KEEPER_CONTINUE) != 0) {
		kill_all();
		_exit(0);
	}
	answer_all();
	mask(0);
}
