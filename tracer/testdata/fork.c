/* A fork fails; the status is 1 if anybody traces this afterwards. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	char status[4096] = "";
	if (syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0) != -1)
		return 2;
	int fd = open("/proc/self/status", O_RDONLY);
	if (read(fd, status, sizeof status - 1) < 0)
		return 3;
	return strstr(status, "\nTracerPid:\t0\n") == NULL;
}
