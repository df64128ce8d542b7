// Runs a command under a filter's listener, and lets each call go on that it is told
// of, at once. filter.h has the filter, as an array of that name.
//
// It ends with the command: what that leaves behind has its calls refused.
//
//   floor here|anywhere THREADS COMMAND [ARG]...
//
// Who waits for a call and who made it are woken on the processor that the other
// runs on (here), or where the kernel places them.

#define _GNU_SOURCE
#include "filter.h"
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What older headers lack (uapi/linux/seccomp.h).
#define WAIT_KILLABLE_RECV (1UL << 5)
#define SET_FLAGS SECCOMP_IOW(4, __u64)
#define SYNC_WAKE_UP 1UL

static int listener;

static int is_unused(void) {
	struct pollfd p = {.fd = listener};

	return poll(&p, 1, 0) > 0 && (p.revents & POLLHUP);
}

static void *answer(void *unused) {
	struct seccomp_notif call;

	for (;;) {
		memset(&call, 0, sizeof call); // the kernel refuses one that is not empty
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) {
			struct seccomp_notif_resp go = {.id = call.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

			while (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go) && errno != ENOENT) // the call is gone
				if (errno != EINTR)
					err(1, "answer");
		} else if (errno != EINTR && errno != ENOENT) {
			err(1, "receive");
		} else if (is_unused()) {
			return unused;
		}
	}
}

// The filter is the child's own, and the listener is taken from it: its execve waits for us already.
static void run(char **command, atomic_int *told) {
	struct sock_fprog program = {sizeof filter / sizeof filter[0], (struct sock_filter *)filter};
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL); // until it executes something with privileges
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE_RECV, &program);
	if (fd < 0)
		err(125, "install filter");
	atomic_store(told, fd + 1);
	execvp(command[0], command); // the listener is closed with it
	err(127, "execute %s", command[0]);
}

int main(int argc, char **argv) {
	pthread_t thread;
	int child, status, pidfd, threads = argc < 4 ? 0 : atoi(argv[2]);
	atomic_int *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (threads < 1 || (strcmp(argv[1], "here") != 0 && strcmp(argv[1], "anywhere") != 0))
		errx(2, "usage: floor here|anywhere THREADS COMMAND [ARG]...");
	if (told == MAP_FAILED || (child = fork()) < 0)
		err(1, "fork");
	if (child == 0)
		run(argv + 3, told);
	while (atomic_load(told) == 0)
		if (waitpid(child, &status, WNOHANG) != 0)
			return 1;
	if ((pidfd = syscall(SYS_pidfd_open, child, 0)) < 0 || (listener = syscall(SYS_pidfd_getfd, pidfd, atomic_load(told) - 1, 0)) < 0)
		err(1, "take the listener");
	if (strcmp(argv[1], "here") == 0 && ioctl(listener, SET_FLAGS, SYNC_WAKE_UP))
		err(1, "wake here");
	for (; threads > 0; threads--)
		if (pthread_create(&thread, NULL, answer, NULL))
			errx(1, "start a thread");
	if (waitpid(child, &status, 0) != child)
		err(1, "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
