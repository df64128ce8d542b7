/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * A system call: its number and arguments, what is asked of them, and its record.
 */
#pragma once

#define AT_FDCWD -100
#define RESULT 6
#define RESTART_FIRST -516 /* results that the workload never sees, include/linux/errno.h */
#define RESTART_LAST -512
#define RESTART_BLOCK -516
#define RESTART_NO_INTR -513
#define EINTR 4
#define PR_SET_NAME 15

#if defined(__TARGET_ARCH_x86)

#define TS_COMPAT 2
#define SOCKETCALL 102	    /* of i386 */
#define OLD_MMAP 90
#define RESTART_SYSCALL 219
#define RESTART_SYSCALL_COMPAT 0

static __always_inline __u32 is_compat(struct task_struct *task) { return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT ? 1 : 0; }

#define X32 0x40000000 /* marks a number of the x32 entry, whose numbers are those of x86_64 and, from 512 on, its own */

static __always_inline long call_number(struct pt_regs *regs) { return BPF_CORE_READ(regs, orig_ax) & ~X32; }

static __always_inline long call_result(struct pt_regs *regs) { return BPF_CORE_READ(regs, ax); }

static __always_inline void read_args(struct scratch *s, struct pt_regs *regs)
{
	if (s->compat) {
		s->args[0] = (__u32)BPF_CORE_READ(regs, bx);
		s->args[1] = (__u32)BPF_CORE_READ(regs, cx);
		s->args[2] = (__u32)BPF_CORE_READ(regs, dx);
		s->args[3] = (__u32)BPF_CORE_READ(regs, si);
		s->args[4] = (__u32)BPF_CORE_READ(regs, di);
		s->args[5] = (__u32)BPF_CORE_READ(regs, bp);
		return;
	}
	s->args[0] = BPF_CORE_READ(regs, di);
	s->args[1] = BPF_CORE_READ(regs, si);
	s->args[2] = BPF_CORE_READ(regs, dx);
	s->args[3] = BPF_CORE_READ(regs, r10);
	s->args[4] = BPF_CORE_READ(regs, r8);
	s->args[5] = BPF_CORE_READ(regs, r9);
}

#elif defined(__TARGET_ARCH_arm64)

#define TIF_32BIT 22
#define X32 0
#define SOCKETCALL -1 /* ARM has none */
#define OLD_MMAP -1
#define RESTART_SYSCALL 128
#define RESTART_SYSCALL_COMPAT 0

static __always_inline __u32 is_compat(struct task_struct *task) { return BPF_CORE_READ(task, thread_info.flags) >> TIF_32BIT & 1; }

static __always_inline long call_number(struct pt_regs *regs) { return BPF_CORE_READ(regs, syscallno); }

static __always_inline long call_result(struct pt_regs *regs) { return BPF_CORE_READ(regs, regs[0]); }

static __always_inline void read_args(struct scratch *s, struct pt_regs *regs)
{
	s->args[0] = BPF_CORE_READ(regs, orig_x0);
	s->args[1] = BPF_CORE_READ(regs, regs[1]);
	s->args[2] = BPF_CORE_READ(regs, regs[2]);
	s->args[3] = BPF_CORE_READ(regs, regs[3]);
	s->args[4] = BPF_CORE_READ(regs, regs[4]);
	s->args[5] = BPF_CORE_READ(regs, regs[5]);
	if (s->compat) {
		for (int i = 0; i < 6; i++)
			s->args[i] = (__u32)s->args[i];
	}
}

#endif

/* registers_of returns the registers that a task entered the kernel with: they
 * stand at the same place of each task's stack. */
static __always_inline struct pt_regs *registers_of(struct task_struct *task)
{
	return registers_at ? BPF_CORE_READ(task, stack) + registers_at : 0;
}

/* is_in reports whether a set of numbers has one. */
#define is_in(set, nr) ((__u64)(nr) < CALLS && (set)[bounded((__u64)(nr) >> 6, CALLS / 64 - 1)] >> ((nr) & 63) & 1)

/* unpack replaces the arguments of an i386 call by those that one of them points to. */
static __always_inline void unpack(struct scratch *s, __u64 from)
{
	__u32 packed[6] = {};
	int i;

	bpf_probe_read_user(packed, sizeof(packed), (void *)from);
	for (i = 0; i < 6; i++)
		s->args[i] = packed[i];
}

/* find_row returns the index of a call's row, or -1 where it is not watched. It
 * reads the arguments; of socketcall(2) the first tells which call it is. */
static __always_inline int find_row(struct scratch *s, struct pt_regs *regs, long nr, struct task_struct *task)
{
	__u32 key;
	__u16 *row;

	s->compat = is_compat(task);
	read_args(s, regs);
	key = (generation & 1) * 2 * CALLS + s->compat * CALLS + (nr & (CALLS - 1));
	if (s->compat && nr == SOCKETCALL) {
		key = (generation & 1) * 2 * CALLS + 2 * CALLS - 1 - (s->args[0] & 31); /* the last of the numbers, which no call has */
		unpack(s, s->args[1]);
	} else if (s->compat && nr == OLD_MMAP) {
		unpack(s, s->args[0]);
	}
	row = bpf_map_lookup_elem(&calls, &key);
	if (!row || !*row)
		return -1;
	return *row - 1;
}

/* key_of returns what a row has its place in maps by. */
static __always_inline __u32 key_of(__u32 index) { return (generation & 1) * ROWS + (index & (ROWS - 1)); }

static __always_inline struct row *row_of(__u32 index)
{
	__u32 key = key_of(index);

	return bpf_map_lookup_elem(&rows, &key);
}

/* is_foreign reports whether a process, by its first thread's number, may be one to watch: not the probe's own. */
static __always_inline int is_foreign(__u32 tgid) { return !stopped && tgid != own_tgid; }

/* is_watched reports whether the current process is. */
static __always_inline int is_watched(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct member *m;

	if (!is_foreign(tgid))
		return 0;
	if (!scoped)
		return 1;
	m = bpf_map_lookup_elem(&scope, &tgid);
	return m && m->state == WATCHED;
}

static __always_inline int holds_condition(struct scratch *s, struct condition *c)
{
	__u64 n = c->arg >= RESULT ? (__u64)s->ret : s->args[bounded(c->arg, 7)];

	return ((n & c->mask) == c->value) != c->not;
}

/* may_match returns 1 where a rule can match the call by its numbers, 2 where its path has to be looked at, too. */
__noinline int may_match(__u32 index)
{
	struct scratch *s = scratch();
	struct row *r = row_of(index);
	int i, j, all, found = 0;

	if (!s || !r)
		return 1;
	if (!r->clauses)
		return 1;
	for (i = 0; i < CLAUSES; i++) {
		if (i >= r->clauses)
			break;
		all = 1;
		for (j = 0; j < CONDITIONS; j++) {
			if (j < r->clause[i].n && !holds_condition(s, &r->clause[i].all[j]))
				all = 0;
		}
		if (all && !r->clause[i].path)
			return 1;
		if (all)
			found = 2;
	}
	return found;
}

#define SCAN_WORDS 32 /* of a path that are looked at, eight bytes each; a longer one may always match */
#define EACH(byte) (0x0101010101010101ull * (byte))

/* bytes_that_are returns the highest bit of each byte of a word that has the value. */
static __always_inline __u64 bytes_that_are(__u64 word, __u8 value)
{
	word ^= EACH(value);
	return ~(((word & EACH(0x7f)) + EACH(0x7f)) | word | EACH(0x7f));
}

/* is_plain reports whether a path is absolute and has no element that is empty
 * or starts with a dot, as the paths that rules ask for; its last slash is in
 * the word that last tells. The bytes behind it up to a whole word are NUL. */
static __always_inline int is_plain(struct scratch *s, __u8 *path, __u32 size)
{
	__u64 word, slashes, before = 0; /* before: a slash just before the word */
	__u32 i;

	if (path[0] != '/' || size > 8 * SCAN_WORDS || (size > 1 && path[bounded(size - 1, 8 * SCAN_WORDS - 1)] == '/'))
		return 0;
	for (i = 0; i < SCAN_WORDS; i++) {
		if (i * 8 >= size)
			break;
		__builtin_memcpy(&word, path + i * 8, 8);
		if (size - i * 8 < 8)
			word &= (1ull << (size - i * 8) * 8) - 1;
		slashes = bytes_that_are(word, '/');
		if ((slashes << 8 | before) & (slashes | bytes_that_are(word, '.')))
			return 0;
		before = slashes >> 56;
		if (slashes)
			s->last = i * 8;
	}
	return 1;
}

/* last_element returns where a path's last element starts: behind the last slash of the word that last tells. */
static __always_inline __u32 last_element(struct scratch *s, __u8 *path)
{
	__u32 at = bounded(s->last, 8 * SCAN_WORDS - 1), last = at, i;

	for (i = 0; i < 8; i++) {
		if (path[at + i] == '/')
			last = at + i + 1;
	}
	return last;
}

/* path_may_match looks at the path whose part starts at the offset; it was the
 * last to be added, so that NULs are behind it. */
__noinline int path_may_match(__u32 key, __u32 start)
{
	struct scratch *s = scratch();
	struct prefix p = {.bits = 8 * (4 + PREFIX_SIZE), .row = key};
	struct name name = {.row = key};
	__u8 *part, *path;

	if (!s)
		return 1;
	part = part_at(s, start);
	path = part + PART_HEADER;
	if (part[1] || !is_plain(s, path, size_of(part))) /* or cut, or unreadable */
		return 1;
	__builtin_memcpy(p.text, path, PREFIX_SIZE);
	if (bpf_map_lookup_elem(&prefixes, &p))
		return 1;
	bpf_probe_read_kernel_str(name.text, NAME_SIZE, path + last_element(s, path));
	return bpf_map_lookup_elem(&names, &name) ? 1 : 0;
}
