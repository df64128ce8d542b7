// Does a deed over and over for a time, or runs a command some times, and writes
// how many nanoseconds one took to a file. It measures itself, so that what
// watches it is not charged for its own start.
//
//   deeds RESULT getppid|open|connect|exec MILLISECONDS
//   deeds RESULT times COUNT STATUS COMMAND [ARG]...    which ends with STATUS at most

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *self; // a file that exists and that no rule asks for

static double now(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void do_getppid(void) { syscall(SYS_getppid); }

static void do_open(void) {
	int fd = open(self, O_RDONLY);

	if (fd < 0)
		err(1, "open %s", self);
	close(fd);
}

// The connection is reset in the end: else ports run out, each waits for a minute.
static void do_connect(void) {
	static int listener = -1;
	static struct sockaddr_in to = {.sin_family = AF_INET};
	socklen_t size = sizeof to;
	struct linger reset = {.l_onoff = 1};
	int fd, peer;

	if (listener < 0) {
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		listener = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(listener, (struct sockaddr *)&to, size) || listen(listener, 8) || getsockname(listener, (struct sockaddr *)&to, &size))
			err(1, "listen");
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof to))
		err(1, "connect");
	peer = accept(listener, NULL, NULL);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
	close(peer);
}

static void run(char **command, int most) {
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		execvp(command[0], command);
		err(127, "execute %s", command[0]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > most)
		errx(1, "run %s: wait status %#x", command[0], status);
}

static void do_exec(void) {
	char *command[] = {"/bin/true", NULL};

	run(command, 0);
}

static const struct {
	const char *name;
	void (*once)(void);
	int batch; // so many between two looks at the clock
} deeds[] = {{"getppid", do_getppid, 100}, {"open", do_open, 10}, {"connect", do_connect, 5}, {"exec", do_exec, 1}};

static double repeat(const char *name, double nanoseconds) {
	for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
		double start, end;
		long done = 0;

		if (strcmp(deeds[i].name, name) != 0)
			continue;
		deeds[i].once(); // the first sets things up
		start = end = now();
		for (; end - start < nanoseconds; end = now()) {
			for (int n = 0; n < deeds[i].batch; n++)
				deeds[i].once();
			done += deeds[i].batch;
		}
		return (end - start) / done;
	}
	errx(2, "no such deed: %s", name);
}

static double times(long count, int most, char **command) {
	double start = now();

	for (long i = 0; i < count; i++)
		run(command, most);
	return (now() - start) / count;
}

int main(int argc, char **argv) {
	double took;
	FILE *result;

	if (argc != 4 && argc < 6)
		errx(2, "usage: deeds RESULT DEED MILLISECONDS | RESULT times COUNT STATUS COMMAND [ARG]...");
	self = argv[0];
	took = argc > 4 ? times(atol(argv[3]), atoi(argv[4]), argv + 5) : repeat(argv[2], atof(argv[3]) * 1e6);
	result = fopen(argv[1], "w");
	if (!result || fprintf(result, "%.1f\n", took) < 0 || fclose(result))
		err(1, "write %s", argv[1]);
	return 0;
}
