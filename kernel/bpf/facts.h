/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * The facts of an event that rules may ask for beside what every call has.
 */
#pragma once

#define DESCRIPTORS 256 /* of a process that are listed */
#define OPEN_WORDS 64  /* times 512 descriptors that are counted */

static __always_inline int is_directory(struct file *f) { return (BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT) == S_IFDIR; }
static __always_inline int is_socket(struct file *f) { return BPF_CORE_READ(f, f_inode, i_sb, s_magic) == SOCK_MAGIC; }

/* put_token writes what tells a descriptor's type: the domain of a socket, the
 * word for a directory, or what the object is called, of a file just the slash
 * (event.typeOf). */
__noinline int put_token(__u64 file, __u32 offset)
{
	struct scratch *s = scratch();
	struct file *f = (void *)file;
	struct socket *sock;
	__u64 at = bounded(offset, OFFSET), end;
	__u8 *to;

	if (!s || at > MAX_STRING)
		return at;
	to = room(s);
	if (!to)
		return at;
	if (is_directory(f))
		return put_text(to, at, "directory");
	if (is_socket(f)) {
		sock = BPF_CORE_READ(f, private_data);
		return put_number(BPF_CORE_READ(sock, sk, __sk_common.skc_family), at);
	}
	end = bounded(put_object(file, at), OFFSET);
	return end == at ? put_char(to, at, '/') : end;
}

/* put_stream writes a descriptor's token and name, and a NUL. */
__noinline int put_stream(__s32 fd, __u32 offset)
{
	struct scratch *s = scratch();
	struct file *f = file_of(fd);
	__u64 at = bounded(offset, OFFSET);
	__u8 *to;

	if (!s || at > MAX_STRING)
		return at;
	to = room(s);
	if (!to)
		return at;
	if (f) {
		at = bounded(put_token((__u64)f, at), OFFSET);
		at = put_char(to, at, ' ');
		at = bounded(put_file(f, at), OFFSET);
	}
	return put_char(to, at, 0);
}

static __always_inline void add_stdio(struct scratch *s)
{
	__u32 at = put_stream(0, 0);

	at = put_stream(1, at);
	at = put_stream(2, at);
	finish_part(s, FACT_STDIO, at, at > MAX_STRING ? CUT : 0);
}

/* put_descriptor writes a descriptor's number and token, and a NUL; nothing where it is closed. */
__noinline int put_descriptor(__s32 fd, __u32 offset)
{
	struct scratch *s = scratch();
	struct file *f = file_of(fd);
	__u64 at = bounded(offset, OFFSET);
	__u8 *to;

	if (!s || !f || at > MAX_STRING)
		return at;
	to = room(s);
	if (!to)
		return at;
	at = bounded(put_number(fd, at), OFFSET);
	at = put_char(to, at, ' ');
	at = bounded(put_token((__u64)f, at), OFFSET);
	return put_char(to, at, 0);
}

__noinline int add_descriptors(void)
{
	struct scratch *s = scratch();
	__u32 at = 0;
	int fd;

	if (!s)
		return 0;
	for (fd = 0; fd < DESCRIPTORS; fd++)
		at = put_descriptor(fd, at);
	finish_part(s, FACT_DESCRIPTORS, at, at > MAX_STRING || file_of(DESCRIPTORS) ? CUT : 0);
	return 0;
}

static __always_inline __u64 resident(struct mm_struct *mm, int kind)
{
	struct mm_struct___before_6_2 *old = (void *)mm;
	__s64 pages = 0;

	if (bpf_core_field_exists(old->rss_stat.count))
		pages = BPF_CORE_READ(old, rss_stat.count[kind]);
	else
		bpf_probe_read_kernel(&pages, sizeof(pages), (void *)mm + bpf_core_field_offset(struct mm_struct, rss_stat) +
				      kind * bpf_core_type_size(struct percpu_counter) + bpf_core_field_offset(struct percpu_counter, count));
	return pages > 0 ? pages * PAGE_KB : 0;
}

enum { MM_FILE, MM_ANONYMOUS, MM_SWAP, MM_SHARED };

static __always_inline void add_usage(struct scratch *s, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u8 *to = room(s);
	__u64 n[8];

	if (!to)
		return;
	n[0] = own_number(BPF_CORE_READ(task, thread_pid));
	n[1] = bpf_get_smp_processor_id();
	n[2] = BPF_CORE_READ(task, maj_flt);
	n[3] = BPF_CORE_READ(task, min_flt);
	n[4] = BPF_CORE_READ(task, signal, nr_threads);
	n[5] = BPF_CORE_READ(mm, total_vm) * PAGE_KB;
	n[6] = resident(mm, MM_FILE) + resident(mm, MM_ANONYMOUS) + resident(mm, MM_SHARED);
	n[7] = resident(mm, MM_SWAP);
	__builtin_memcpy(to, n, sizeof(n));
	finish_part(s, FACT_USAGE, sizeof(n), 0);
}

static __always_inline __u32 bits(__u64 w)
{
	w -= w >> 1 & 0x5555555555555555;
	w = (w & 0x3333333333333333) + (w >> 2 & 0x3333333333333333);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return w * 0x0101010101010101 >> 56;
}

/* open_bits counts in eight words of a set, of which there may be fewer. */
static __always_inline __u32 open_bits(unsigned long *set, __u32 left)
{
	__u64 words[8] = {};
	__u32 n = 0, i;

	bpf_probe_read_kernel(words, left < 512 ? left / 8 & 63 : 64, set);
	for (i = 0; i < 8; i++)
		n += bits(words[i]);
	return n;
}

__noinline int add_limits(void)
{
	struct scratch *s = scratch();
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	unsigned long *open = BPF_CORE_READ(table, open_fds);
	__u32 max = BPF_CORE_READ(table, max_fds), i;
	__u64 n[2] = {};
	__u8 *to;

	if (!s)
		return 0;
	to = room(s);
	if (!to)
		return 0;
	for (i = 0; i < OPEN_WORDS && i * 512 < max; i++)
		n[0] += open_bits(open + 8 * i, max - i * 512);
	n[1] = BPF_CORE_READ(task, signal, rlim[RLIMIT_NOFILE].rlim_cur);
	__builtin_memcpy(to, n, sizeof(n));
	finish_part(s, FACT_LIMITS, sizeof(n), 0);
	return 0;
}

static __always_inline void add_inode(struct scratch *s, struct file *f)
{
	struct inode *inode = BPF_CORE_READ(f, f_inode);
	__u32 dev = BPF_CORE_READ(inode, i_sb, s_dev);
	__u8 *to = room(s);
	__u64 n[3];

	if (!to)
		return;
	if (!f) {
		add_unreadable(s, FACT_INODE);
		return;
	}
	n[0] = encoded(dev >> 20, dev & 0xfffff);
	n[1] = BPF_CORE_READ(inode, i_ino);
	n[2] = layer(inode);
	__builtin_memcpy(to, n, sizeof(n));
	finish_part(s, FACT_INODE, sizeof(n), 0);
}

#define WANTS(facts, part) ((facts) & 1ull << (part))

/* add_object adds what the file of the event's descriptor is called, and of a socket its ends. */
static __always_inline void add_object(struct scratch *s, struct file *f, __u64 facts)
{
	if (WANTS(facts, FACT_INODE))
		add_inode(s, f);
	if (!WANTS(facts, FACT_OBJECT) && !WANTS(facts, FACT_SOCKET))
		return;
	add_file((__u64)f, FACT_OBJECT);
	if (!f)
		return;
	if (is_socket(f)) {
		if (WANTS(facts, FACT_SOCKET))
			add_socket((__u64)f);
	} else if (WANTS(facts, FACT_FOLDER)) {
		add_word(s, FACT_FOLDER, is_directory(f));
	}
}

static __always_inline void add_descriptor(struct scratch *s, __s32 fd, __u64 facts) { add_object(s, file_of(fd), facts); }

/* add_facts adds what the rules ask for of the process at this moment. */
__noinline int add_facts(__u64 facts)
{
	struct scratch *s = scratch();
	struct task_struct *task = (void *)bpf_get_current_task();

	if (!s)
		return 0;
	if (WANTS(facts, FACT_CWD))
		add_cwd(s, FACT_CWD);
	if (WANTS(facts, FACT_STDIO))
		add_stdio(s);
	if (WANTS(facts, FACT_USAGE))
		add_usage(s, task);
	if (WANTS(facts, FACT_LIMITS))
		add_limits();
	if (WANTS(facts, FACT_DESCRIPTORS))
		add_descriptors();
	return 0;
}
