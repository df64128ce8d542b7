// fast WAY LEDGER COMMAND... runs a command whose opens are told of, as an
// experiment of what in-process capture buys and breaks (integration/FAST.md).
// LEDGER is a file for what was seen, or - for none. The ways:
//
//	floor   no open stops, only execve, which is let go on
//	inject  the same, and each new image gets the pages
//	notify  each open, openat and execve stops
//	fast    as notify, but a call site of openat is patched once it has stopped, and
//	        calls from there stop only where the test of page.S does not pass them
//	all     as fast, but the test passes all: the most that could be had
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS // Linux 6.6
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#endif

#define BASE 0x200000UL                 // below what programs are linked for, 0x400000
#define PASSES 0x4000UL                 // bytes of pages of which calls are let through
#define STUB 256UL                      // bytes for each site's; the first holds a struct head
#define AGAIN (-513)                    // ERESTARTNOINTR, include/linux/errno.h

struct head { uint64_t used, unused[7]; uint8_t names[32]; };

extern char pass[], pass_all[], pass_cmp[], pass_ret[], pass_end[], stop[], stop_cmp[], stop_ret[], stop_end[];

static struct { long opens, again, execs, images, sites, others; } count;
static struct head empty;
static int patches, injects, passes_all, listener;
static FILE *ledger;

static void fail(const char *what) { perror(what); exit(125); }

static void check(long result, const char *what) {
	if (result < 0) fail(what);
}

// install puts the filter on the caller. That it looks at the instruction pointer
// is why it is one program: of several the strictest decides.
static int install(int opens) {
	enum { arch = offsetof(struct seccomp_data, arch), ip = offsetof(struct seccomp_data, instruction_pointer) };
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 9),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 8, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, opens ? SYS_openat : -1, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, opens ? SYS_open : -1, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, patches ? 0 : -1, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, BASE, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, BASE + PASSES, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
	check(fd, "seccomp");
	return fd;
}

static ssize_t peek(int pid, uint64_t at, void *to, size_t n) {
	struct iovec local = {to, n}, remote = {(void *)at, n};
	return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

// proc opens a file of a process.
static int proc(int pid, const char *name, int flags) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int fd = open(path, flags | O_CLOEXEC);
	check(fd, path);
	return fd;
}

static void poke(int mem, uint64_t at, const void *from, size_t n) {
	if (pwrite(mem, from, n, at) != (ssize_t)n) fail("write memory");
}

// stopped waits for a stop of a process, and returns its status, 0 where it ended.
static int stopped(int pid) {
	int status;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR) return 0;
	return WIFSTOPPED(status) ? status : 0;
}

// vdso_call finds a syscall instruction in the new image: the vdso has one.
static uint64_t vdso_call(int pid) {
	static uint64_t offset; // the same in all images
	uint64_t aux[64][2], at = 0;
	int fd = proc(pid, "auxv", O_RDONLY);
	ssize_t n = read(fd, aux, sizeof aux);
	close(fd);
	for (int i = 0; i < n / 16; i++)
		if (aux[i][0] == AT_SYSINFO_EHDR) at = aux[i][1];
	if (offset) return at + offset;
	uint8_t code[0x1000];
	n = peek(pid, at, code, sizeof code);
	for (int i = 0x400; i + 1 < n; i++)
		if (code[i] == 0x0f && code[i + 1] == 0x05) return at + (offset = i);
	return 0;
}

// inject maps the pages into a new image, which is at its exec event: it is taken to
// the end of execve, which sets the result's register, and made to call mmap.
static void inject(int pid) {
	struct user_regs_struct was, is;
	for (int status = 0; status >> 8 != SIGTRAP;)
		if (ptrace(PTRACE_SYSCALL, pid, 0, 0) || !(status = stopped(pid))) return;
	ptrace(PTRACE_GETREGS, pid, 0, &was);
	is = was;
	if (was.cs != 0x33 || !(is.rip = vdso_call(pid))) return; // i386 has no room for them
	is.orig_rax = -1, is.rax = SYS_mmap, is.rdi = BASE, is.rsi = 2 * PASSES, is.rdx = PROT_READ | PROT_EXEC;
	is.r10 = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, is.r8 = -1, is.r9 = 0;
	ptrace(PTRACE_SETREGS, pid, 0, &is);
	if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || !stopped(pid)) return;
	ptrace(PTRACE_GETREGS, pid, 0, &is);
	ptrace(PTRACE_SETREGS, pid, 0, &was);
	if (is.rax != BASE) return;
	int mem = proc(pid, "mem", O_RDWR);
	poke(mem, BASE, &empty, sizeof empty);
	close(mem);
	count.images++;
}

static void answer(uint64_t id, int error) {
	struct seccomp_notif_resp resp = {.id = id, .error = error, .flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

// executing lets an execve run. It stops once it has, or has failed.
static void executing(struct seccomp_notif *q) {
	count.execs++;
	int seized = injects && !ptrace(PTRACE_SEIZE, q->pid, 0, PTRACE_O_TRACEEXEC) && !ptrace(PTRACE_INTERRUPT, q->pid, 0, 0);
	answer(q->id, 0);
	if (!seized) return;
	int status = stopped(q->pid);
	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) inject(q->pid);
	if (status) ptrace(PTRACE_DETACH, q->pid, 0, 0);
}

// half writes one half of a stub: its code, the comparison of the site, and where to return to.
static void half(int mem, uint64_t at, const char *code, const char *cmp, const char *ret, const char *end, const uint8_t *site, uint64_t back) {
	uint8_t stub[STUB];
	memcpy(stub, code, end - code);
	memcpy(stub + (cmp - code), site + 2, 6);
	memcpy(stub + (ret - code), &back, 8);
	if (code == pass && passes_all) {
		int32_t over = cmp - 7 - (pass_all + 5);
		stub[pass_all - pass] = 0xe9;
		memcpy(stub + (pass_all - pass) + 1, &over, 4);
	}
	poke(mem, at, stub, end - code);
}

// patch leads a call site to a stub of its own, if it is of the form that glibc and
// Go have: "syscall; cmp $imm32, %rax", eight bytes, of which a jump by way of an address below 2 GB takes seven.
static int patch(int pid, uint64_t ip) {
	uint8_t site[8];
	struct head head;
	if (ip >= BASE && ip < BASE + 2 * PASSES) return 0;
	if (peek(pid, ip - 2, site, 8) != 8 || memcmp(site, "\x0f\x05\x48\x3d", 4) || peek(pid, BASE, &head, sizeof head) < 0 || ++head.used >= PASSES / STUB) {
		count.others++;
		return 0;
	}
	int mem = proc(pid, "mem", O_RDWR);
	uint64_t at = BASE + STUB * head.used, slot = at + STUB - 8;
	half(mem, at, pass, pass_cmp, pass_ret, pass_end, site, ip + 6);
	half(mem, at + PASSES, stop, stop_cmp, stop_ret, stop_end, site, ip + 6);
	poke(mem, slot, &at, 8);
	poke(mem, BASE, &head, sizeof head.used);
	uint8_t jump[8] = {0xff, 0x24, 0x25, slot, slot >> 8, slot >> 16, slot >> 24, 0x90};
	poke(mem, ip - 2, jump, sizeof jump);
	close(mem);
	count.sites++;
	return 1;
}

// opening tells of an open. A call whose site was patched begins anew: it would come back into the middle of the jump.
static void opening(struct seccomp_notif *q) {
	char path[257] = "";
	uint64_t at = q->data.args[q->data.nr == SYS_openat], page = 4096 - (at & 4095);
	ssize_t n = peek(q->pid, at, path, page < 256 ? page : 256);
	count.opens++;
	if (!patches || q->data.nr != SYS_openat || !patch(q->pid, q->data.instruction_pointer)) {
		if (ledger && n > 0) fprintf(ledger, "seen %s\n", path);
		answer(q->id, 0);
		return;
	}
	count.again++;
	check(ptrace(PTRACE_SEIZE, q->pid, 0, 0), "seize");
	ptrace(PTRACE_INTERRUPT, q->pid, 0, 0);
	answer(q->id, AGAIN);
	if (stopped(q->pid)) ptrace(PTRACE_DETACH, q->pid, 0, 0);
}

// serve answers until nobody is left who has the filter.
static void serve(void) {
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	struct pollfd p = {listener, POLLIN, 0};
	while (poll(&p, 1, -1) < 0 || !(p.revents & POLLHUP)) {
		struct seccomp_notif q = {0};
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &q)) continue;
		if (q.data.nr == SYS_execve) executing(&q);
		else opening(&q);
	}
}

// launch starts the command, and takes its filter's listener.
static int launch(char **command, int opens) {
	int talk[2], fd;
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk), "socketpair");
	int pid = fork();
	check(pid, "fork");
	if (!pid) {
		fd = install(opens);
		if (write(talk[1], &fd, sizeof fd) < 0 || read(talk[1], &fd, 1) < 0) fail("talk");
		close(fd);
		execvp(command[0], command);
		fail(command[0]);
	}
	if (read(talk[0], &fd, sizeof fd) < (ssize_t)sizeof fd) fail("listener");
	listener = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), fd, 0);
	check(listener, "pidfd_getfd");
	if (write(talk[0], "", 1) < 0) fail("talk");
	return pid;
}

static void name(const char *s) {
	uint32_t hash = 0;
	while (*s) hash = hash * 31 + (uint8_t)*s++;
	empty.names[hash % 256 / 8] |= 1 << hash % 8;
}

int main(int argc, char **argv) {
	if (argc < 4) return 2;
	const char *way = argv[1], *names[] = {"shadow", "gshadow", "sudoers", "environ", "mem", "config.json", "credentials"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) name(names[i]);
	passes_all = !strcmp(way, "all");
	patches = passes_all || !strcmp(way, "fast");
	injects = patches || !strcmp(way, "inject");
	if (strcmp(argv[2], "-") && !(ledger = fopen(argv[2], "we"))) fail(argv[2]);
	int status, pid = launch(argv + 3, patches || !strcmp(way, "notify"));
	serve();
	while (waitpid(pid, &status, 0) < 0);
	if (ledger) fprintf(ledger, "opens %ld execs %ld images %ld sites %ld others %ld\n", count.opens - count.again, count.execs, count.images, count.sites, count.others);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
