/* exec N: a thread that is not the first executes this again, N times, while the others open files. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *self, next[16];

static void *busy(void *arg)
{
	for (;;)
		close(open("/etc/hostname", O_RDONLY));
	return arg;
}

static void *again(void *arg)
{
	usleep(rand() % 3000);
	execl(self, self, next, (char *)0);
	exit(9);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int left = argc > 1 ? atoi(argv[1]) : 0;
	if (left == 0)
		return 5;
	self = argv[0];
	srand(left);
	snprintf(next, sizeof next, "%d", left - 1);
	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, busy, NULL);
	pthread_create(&t, NULL, again, NULL);
	busy(NULL);
}
