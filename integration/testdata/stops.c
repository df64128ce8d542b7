/* stops N: makes N calls that stop, of several kinds, and says what its parent's
   memory is after the first tenth, and in the end. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "memory.h"

static void stop(long i, int s)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	char name[64];
	switch (i % 4) {
	case 0:
		connect(s, (struct sockaddr *)&at, sizeof at);
		break;
	case 1: /* its result matters to the test's rule */
		open("/nowhere/wanted", O_RDONLY);
		break;
	default:
		snprintf(name, sizeof name, "/nowhere/%ld", i);
		open(name, O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	long n = atol(argv[1]), early = 0;
	int s = socket(AF_INET, SOCK_STREAM, 0);
	for (long i = 0; i < n; i++) {
		stop(i, s);
		if (i == n / 10)
			early = memory();
	}
	printf("{\"early\":%ld,\"late\":%ld}\n", early, memory());
	return argc != 2;
}
