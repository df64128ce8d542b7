/* bomb PROCS SECONDS: joins the control group that PROCS is of, and forks for so long, and until that is full; so do its children. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_WRONLY) : -1;
	if (fd < 0 || write(fd, "0", 1) != 1) {
		perror("join");
		return 2;
	}
	close(fd);
	int full = 0;
	for (time_t end = time(NULL) + atoi(argv[2]); !full || time(NULL) < end;)
		if (fork() < 0) {
			full = 1;
			usleep(1000);
		}
	return 0;
}
