/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * Names of files as the links below /proc/PID have them (d_path() in
 * fs/d_path.c): from the probe's root down, with " (deleted)" behind what has no
 * name any more.
 */
#pragma once

#define DEPTH 96 /* elements and mounts of a path; what is above is cut off */
#define NAME_MAX 255

#define PIPE_MAGIC 0x50495045
#define SOCK_MAGIC 0x534f434b
#define ANON_MAGIC 0x09041934
#define PIDFD_MAGIC 0x50494446
#define NS_MAGIC 0x6e736673
#define OVERLAY_MAGIC 0x794c7630

#define S_IFMT 0170000
#define S_IFDIR 0040000

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline int is_deleted(struct dentry *d)
{
	return !BPF_CORE_READ(d, d_hash.pprev) && d != BPF_CORE_READ(d, d_parent);
}

/* up returns where the path goes on above the root of a mount, or 0 at the top. */
static __always_inline struct dentry *up(struct mount **m)
{
	struct mount *parent = BPF_CORE_READ(*m, mnt_parent);
	struct dentry *at = BPF_CORE_READ(*m, mnt_mountpoint);

	if (parent == *m)
		return 0;
	*m = parent;
	return at;
}

/* put_element puts "/NAME" in front of the path that is being built, unless it has no room. */
static __always_inline int put_element(struct scratch *s, const unsigned char *name, __u32 size)
{
	__u32 at = s->at;

	if (size > NAME_MAX || at <= size)
		return 0;
	at = (at - size - 1) & (MAX_STRING - 1);
	s->path[at] = '/';
	bpf_probe_read_kernel(&s->path[at + 1], size & NAME_MAX, name);
	s->at = at;
	return 1;
}

/* put_built writes the path that was built, of no element the root's. */
static __always_inline __u64 put_built(struct scratch *s, __u8 *to, __u64 used)
{
	__u32 at, n;

	if (s->at == MAX_STRING)
		put_element(s, 0, 0);
	at = s->at & (MAX_STRING - 1);
	n = MAX_STRING - at;
	bpf_probe_read_kernel(to + used, n, &s->path[at]);
	return used + n;
}

#define WAS_CUT (1u << 31)

/* put_path writes the path of a dentry and the struct vfsmount that it was
 * reached by into the part under construction, at the offset, and returns the
 * next one; with WAS_CUT where there was more. */
__noinline int put_path(__u64 dentry, __u64 vfsmount, __u32 offset)
{
	struct scratch *s = scratch();
	struct dentry *d = (void *)dentry, *parent;
	struct mount *m = mount_of((void *)vfsmount);
	__u64 used = bounded(offset, OFFSET);
	__u32 cut = WAS_CUT;
	__u8 *to;
	int i;

	if (!s || used > MAX_STRING)
		return used;
	to = room(s);
	if (!to)
		return used;
	s->at = MAX_STRING;
	for (i = 0; i < DEPTH; i++) {
		if (!d || ((__u64)d == own_root && (__u64)m == own_root_mount)) {
			cut = 0;
			break;
		}
		if (d == BPF_CORE_READ(m, mnt.mnt_root)) {
			d = up(&m);
			continue;
		}
		if (!put_element(s, BPF_CORE_READ(d, d_name.name), BPF_CORE_READ(d, d_name.len)))
			break;
		parent = BPF_CORE_READ(d, d_parent);
		d = d == parent ? 0 : parent; /* its own parent: in no mount */
	}
	used = put_built(s, to, used);
	if (is_deleted((void *)dentry))
		used = put_text(to, used, " (deleted)");
	return used | cut;
}

/* add_path adds a path. */
static __always_inline void add_path(struct scratch *s, struct path *path, __u32 part)
{
	__u32 n = put_path((__u64)BPF_CORE_READ(path, dentry), (__u64)BPF_CORE_READ(path, mnt), 0);

	finish_part(s, part, n & ~WAS_CUT, n & WAS_CUT ? CUT : 0);
}

/* put_name writes a kernel string of at most 63 bytes. */
static __always_inline __u64 put_name(__u8 *to, __u64 at, const void *name)
{
	long n;

	if (at > MAX_STRING - 64)
		return at;
	n = bpf_probe_read_kernel_str(to + at, 64, name);
	return n > 0 ? at + n - 1 : at;
}

/* put_object writes what a file without a path is called; the same offset comes
 * back where it has one. */
__noinline int put_object(__u64 file, __u32 offset)
{
	struct scratch *s = scratch();
	struct file *f = (void *)file;
	struct dentry *d = BPF_CORE_READ(f, f_path.dentry);
	struct ns_common *ns;
	__u64 at = bounded(offset, OFFSET);
	__u8 *to;

	if (!s || at > MAX_STRING)
		return at;
	to = room(s);
	if (!to)
		return at;
	switch (BPF_CORE_READ(d, d_sb, s_magic)) {
	case PIPE_MAGIC:
		at = put_text(to, at, "pipe:[");
		break;
	case SOCK_MAGIC:
		at = put_text(to, at, "socket:[");
		break;
	case NS_MAGIC:
		ns = BPF_CORE_READ(f, f_inode, i_private);
		at = put_name(to, at, BPF_CORE_READ(ns, ops, name));
		at = put_text(to, at, ":[");
		break;
	case ANON_MAGIC:
		at = put_text(to, at, "anon_inode:");
		return put_name(to, at, BPF_CORE_READ(d, d_name.name));
	case PIDFD_MAGIC:
		return put_text(to, at, "anon_inode:[pidfd]");
	default:
		if (d != BPF_CORE_READ(d, d_parent) || d == BPF_CORE_READ(f, f_path.mnt, mnt_root))
			return at;
		at = put_char(to, at, '/'); /* memory that is a file */
		at = put_name(to, at, BPF_CORE_READ(d, d_name.name));
		return put_text(to, at, " (deleted)");
	}
	at = bounded(put_number(BPF_CORE_READ(f, f_inode, i_ino), at), OFFSET);
	return put_char(to, at, ']');
}

/* put_file writes what a file is called. */
static __always_inline __u32 put_file(struct file *f, __u32 at)
{
	__u32 end = put_object((__u64)f, at);

	if (end == at)
		end = put_path((__u64)BPF_CORE_READ(f, f_path.dentry), (__u64)BPF_CORE_READ(f, f_path.mnt), at);
	return end;
}

/* add_file adds what a file is called. */
__noinline int add_file(__u64 file, __u32 part)
{
	struct scratch *s = scratch();
	__u32 n;

	if (!s)
		return 0;
	if (!file) {
		add_unreadable(s, part);
		return 0;
	}
	n = put_file((void *)file, 0);
	finish_part(s, part, n & ~WAS_CUT, n & WAS_CUT ? CUT : 0);
	return 0;
}

/* add_cwd adds the working directory. */
static __always_inline void add_cwd(struct scratch *s, __u32 part)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fs_struct *fs = BPF_CORE_READ(task, fs);

	add_path(s, &fs->pwd, part);
}

/* file_of returns the file of a descriptor, or 0. */
static __always_inline struct file *file_of(__s32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *f = 0;

	if (fd < 0 || (__u32)fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&f, sizeof(f), files + fd);
	return f;
}
