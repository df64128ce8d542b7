// The wait of a keeper, most of its life and mostly all of it. Go's runtime starts after
// it, if at all: that takes ten times as long, at each start of tiercel, and megabytes meanwhile.

#define _GNU_SOURCE
#include "wait.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int keeper_listener, keeper_word;
char *keeper_note;

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

// take_note reads a line, which is a note if it is whole.
static void take_note(FILE *supervisor) {
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, supervisor);

	if (n > 0 && line[n - 1] == '\n') {
		line[n - 1] = '\0';
		free(keeper_note);
		keeper_note = line;
	}
}

__attribute__((constructor)) static void stand_in(void) {
	static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	static const char ready = KEEPER_READY;
	FILE *supervisor;
	int word;

	if (strcmp(program_invocation_name, KEEPER_NAME) != 0)
		return;
	for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++)
		signal(deaf[i], SIG_IGN);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) // what shares our user must not take the listener
		_exit(1);
	take_listener();
	send(KEEPER_SOCKET, &ready, sizeof ready, MSG_NOSIGNAL); // the supervisor may have died already: the next line tells
	if ((supervisor = fdopen(KEEPER_SOCKET, "r")) == NULL)
		_exit(1);
	while ((word = getc(supervisor)) == KEEPER_NOTED)
		take_note(supervisor);
	if (word == KEEPER_DISMISSED)
		_exit(0);
	keeper_word = word == EOF ? KEEPER_DIED : word;
}
