// deeds DEED does what in-process capture of opens gets wrong, and prints what
// came of it (integration/FAST.md).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#define PAGES ((char *)0x200000)
#define SECRET "/etc/shadow" // a name that the test of page.S stops

// call makes a system call, at a site of the form that glibc and Go have. It is in
// a section of its own, so that it can be linked to where one likes.
long call(long nr, long a, long b, long c);
extern const unsigned char site[];
asm(".section .early, \"ax\"\n.globl call, site\n"
	"call: .cfi_startproc\n mov %rdi, %rax\n mov %rsi, %rdi\n mov %rdx, %rsi\n mov %rcx, %rdx\n"
	"site: syscall\n cmp $-4095, %rax\n ret\n .cfi_endproc\n .text\n");

static long at(const char *path) { return call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY); }

// hidden makes a call by a syscall instruction of the pages.
long hidden(const char *instruction, long nr, long dir, const char *path);
asm("hidden: mov %rsi, %rax\n mov %rdi, %r11\n mov %rdx, %rdi\n mov %rcx, %rsi\n xor %edx, %edx\n jmp *%r11\n");

static void tell(long fd) { printf("%s\n", fd >= 0 ? "opened" : strerror(-fd)); }

// cost of an open that fails.
static void cost(void) {
	enum { times = 20000 };
	struct timespec from, to;
	at("/");
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < times; i++) at("/no/such/file/of/some/length.h");
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.0f\n", ((to.tv_sec - from.tv_sec) * 1e9 + to.tv_nsec - from.tv_nsec) / times);
}

static void pointer(void) { tell(at((char *)8)); }

// jump goes straight to the instruction that the filter lets through.
static void jump(void) {
	if (site[0] != 0xff) return tell(at(SECRET));
	uint32_t slot;
	memcpy(&slot, site + 3, sizeof slot);
	tell(hidden(memmem(*(char **)(uintptr_t)slot, 256, "\x0f\x05", 2), SYS_openat, AT_FDCWD, SECRET));
}

// map puts own code where the pages were.
static void map(void) {
	char *code = mmap(PAGES, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy(code, "\x0f\x05\xc3", 3); // syscall; ret
	tell(hidden(code, SYS_openat, AT_FDCWD, SECRET));
}

// opens is what all programs do.
static void opens(void) { tell(at(SECRET)); }

static int ends[2];
static _Atomic int tid;

static void *reads(void *unused) {
	char b;
	tid = gettid();
	printf("read %ld\n", call(SYS_read, ends[0], (long)&b, 1));
	return unused;
}

// waits reports whether a thread of this process waits in a call (proc(5): S is asleep).
static int waits(int tid) {
	char path[64], state = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
	FILE *f = fopen(path, "r");
	if (!f) return 0;
	int found = fscanf(f, "%*d %*s %c", &state);
	fclose(f);
	return found == 1 && state == 'S';
}

// thread has one wait in another call of the site while that is patched, as Go's
// wait in epoll_wait at the only site that they have.
static void thread(void) {
	pthread_t reader;
	if (pipe(ends) || pthread_create(&reader, NULL, reads, NULL)) exit(1);
	while (!tid || !waits(tid)) usleep(1000);
	at("/");
	if (write(ends[1], "x", 1) < 0) exit(1);
	pthread_join(reader, NULL);
}

static _Unwind_Reason_Code frame(struct _Unwind_Context *frame, void *own) {
	extern char __executable_start, etext;
	uintptr_t ip = _Unwind_GetIP(frame);
	*(int *)own += ip >= (uintptr_t)&__executable_start && ip < (uintptr_t)&etext;
	return _URC_NO_REASON;
}

static void trace(int unused) {
	int own = 0;
	_Unwind_Backtrace(frame, &own);
	printf("%s\n", own > 1 ? "whole" : "cut off");
	exit(unused != SIGALRM);
}

// backtrace looks whether a handler sees the program's functions above an open that waits.
static void backtrace(void) {
	if (mkfifo("fifo", 0600)) exit(1);
	signal(SIGALRM, trace);
	alarm(1);
	at("fifo");
}

// text looks whether the program's code is what it was linked as.
static void text(void) { printf("%s\n", memcmp(site, "\x0f\x05", 2) ? "changed" : "as linked"); }

// memory is the pages that the process shares with none, in KB.
static void memory(void) {
	char line[256];
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, "Private_Dirty:", 14)) printf("%d\n", atoi(line + 14));
}

int main(int argc, char **argv) {
	static const struct { const char *name; void (*does)(void); int first; } deeds[] = {
		{"cost", cost, 1}, {"pointer", pointer, 1}, {"jump", jump, 1}, {"map", map, 0}, {"opens", opens, 0},
		{"thread", thread, 0}, {"backtrace", backtrace, 1}, {"text", text, 1}, {"memory", memory, 1},
	};
	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		if (argc < 2 || strcmp(argv[1], deeds[i].name)) continue;
		if (deeds[i].first) at("/"); // has the site patched
		deeds[i].does();
		return 0;
	}
	return 2;
}
