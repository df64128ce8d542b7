/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * What the kernel knows of a process, as /proc/PID has it (proc(5)).
 */
#pragma once

#define PIDTYPE_TGID 1
#define PIDTYPE_PGID 2
#define PIDTYPE_SID 3
#define SIGNAL_GROUP_EXIT 4
#define RLIMIT_NOFILE 7
#define PAGE_KB 4
#define TICK 10000000ull /* nanoseconds: the unit of times in /proc/PID/stat */
#define CAP_DAC_OVERRIDE 1

/* number_at returns a process's number at a depth of PID namespaces. (A function
 * of its own, as older verifiers follow each number on with and without it.) */
__noinline __s32 number_at(__u64 process, __u32 level, __u64 namespace)
{
	struct pid *pid = (void *)process;
	struct upid *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);

	if (!pid || level > BPF_CORE_READ(pid, level))
		return 0;
	if (namespace && namespace != (__u64)BPF_CORE_READ(at, ns))
		return 0;
	return BPF_CORE_READ(at, nr);
}

/* number returns a process's number as the probe's PID namespace has it, 0 where it is not in there. */
static __always_inline __s32 number(struct pid *pid) { return number_at((__u64)pid, own_level, own_namespace); }

/* own_number returns a process's number as its own PID namespace has it. */
static __always_inline __s32 own_number(struct pid *pid) { return number_at((__u64)pid, BPF_CORE_READ(pid, level), 0); }

static __always_inline __s32 tid_of(struct task_struct *task)
{
	return own_level ? number(BPF_CORE_READ(task, thread_pid)) : BPF_CORE_READ(task, pid);
}

static __always_inline __s32 pid_of(struct task_struct *task)
{
	return own_level ? number(BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID])) : BPF_CORE_READ(task, tgid);
}

/* The numbers of FACT_STATE (event.State), those of the image last. */
struct state {
	__s64 pid, ppid, vpid, pgid, sid, vpgid, vsid, tty;
	__s64 uid, euid, gid, egid, login;
	__s64 inheritable, permitted, effective;
	__s64 start, init_start;
	__s64 exe_inode, exe_mtime, exe_ctime, exe_flags;
};

#define IMAGE_NUMBERS 4

enum { EXE_WRITABLE = 1, EXE_UPPER = 2, EXE_LOWER = 4, EXE_MEMFD = 8 };

/* started returns when a process started, in nanoseconds since the epoch, in the ticks that /proc counts. */
static __always_inline __u64 started(struct task_struct *task)
{
	return boot + BPF_CORE_READ(task, start_boottime) / TICK * TICK;
}

/* encoded is a device's number as stat(2) has it (new_encode_dev() in include/linux/kdev_t.h). */
static __always_inline __u64 encoded(__u32 major, __u32 minor)
{
	return (minor & 0xff) | major << 8 | (__u64)(minor & ~0xff) << 12;
}

static __always_inline __u64 terminal(struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);

	if (!tty)
		return 0;
	return encoded(BPF_CORE_READ(tty, driver, major), BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index));
}

static __always_inline __u64 namespace_start(struct pid *pid)
{
	struct upid *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);

	return started(BPF_CORE_READ(at, ns, child_reaper));
}

static __always_inline void read_jobs(struct state *st, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct pid *pid = BPF_CORE_READ(signal, pids[PIDTYPE_TGID]);
	struct pid *group = BPF_CORE_READ(signal, pids[PIDTYPE_PGID]), *session = BPF_CORE_READ(signal, pids[PIDTYPE_SID]);
	__u32 level = BPF_CORE_READ(pid, level);

	st->pid = pid_of(task);
	st->ppid = pid_of(BPF_CORE_READ(task, real_parent));
	st->vpid = own_number(pid);
	st->pgid = number(group);
	st->sid = number(session);
	st->vpgid = number_at((__u64)group, level, 0);
	st->vsid = number_at((__u64)session, level, 0);
	st->start = started(BPF_CORE_READ(task, group_leader));
	st->init_start = namespace_start(pid);
	st->tty = terminal(task);
}

static __always_inline void read_credentials(struct state *st, struct task_struct *task)
{
	const struct cred *cred = BPF_CORE_READ(task, real_cred);

	st->uid = BPF_CORE_READ(cred, uid.val);
	st->euid = BPF_CORE_READ(cred, euid.val);
	st->gid = BPF_CORE_READ(cred, gid.val);
	st->egid = BPF_CORE_READ(cred, egid.val);
	bpf_core_read(&st->inheritable, 8, &cred->cap_inheritable);
	bpf_core_read(&st->permitted, 8, &cred->cap_permitted);
	bpf_core_read(&st->effective, 8, &cred->cap_effective);
	st->login = -1;
	if (bpf_core_field_exists(task->loginuid) && BPF_CORE_READ(task, loginuid.val) != ~0u)
		st->login = BPF_CORE_READ(task, loginuid.val);
}

#define NANOSECONDS 1000000000ll
#define CTIME_QUERIED (1u << 31) /* a mark among the nanoseconds: somebody asked for the time (I_CTIME_QUERIED of linux/fs.h, since 6.13) */

static __always_inline __s64 nanoseconds(struct timespec64 t) { return t.tv_sec * NANOSECONDS + t.tv_nsec; }

static __always_inline __s64 mtime(struct inode *inode)
{
	struct inode___before_6_11 *old = (void *)inode;
	struct inode___before_6_7 *older = (void *)inode;

	if (bpf_core_field_exists(inode->i_mtime_sec))
		return BPF_CORE_READ(inode, i_mtime_sec) * NANOSECONDS + BPF_CORE_READ(inode, i_mtime_nsec);
	if (bpf_core_field_exists(old->__i_mtime))
		return nanoseconds(BPF_CORE_READ(old, __i_mtime));
	return nanoseconds(BPF_CORE_READ(older, i_mtime));
}

static __always_inline __s64 ctime(struct inode *inode)
{
	struct inode___before_6_11 *old = (void *)inode;
	struct inode___before_6_6 *older = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return BPF_CORE_READ(inode, i_ctime_sec) * NANOSECONDS +
		       (BPF_CORE_READ(inode, i_ctime_nsec) & ~CTIME_QUERIED);
	if (bpf_core_field_exists(old->__i_ctime))
		return nanoseconds(BPF_CORE_READ(old, __i_ctime));
	return nanoseconds(BPF_CORE_READ(older, i_ctime));
}

/* layer tells which layer of an overlay file system a file is of: 1 upper, 2
 * lower, 0 for another file system. The upper one's dentry stands behind the
 * inode (struct ovl_inode in fs/overlayfs/ovl_entry.h, whose types are a module's). */
static __always_inline __u32 layer(struct inode *inode)
{
	void *upper = 0;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAY_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return upper ? 1 : 2;
}

/* may_write reports whether the process's user may write the file, as its mode says. */
static __always_inline int may_write(struct state *st, struct inode *inode)
{
	__u16 mode = BPF_CORE_READ(inode, i_mode);

	if (st->effective & 1 << CAP_DAC_OVERRIDE)
		return 1;
	if (BPF_CORE_READ(inode, i_uid.val) == st->euid)
		return mode & 0200;
	if (BPF_CORE_READ(inode, i_gid.val) == st->egid)
		return mode & 0020;
	return mode & 0002;
}

static __always_inline int is_memfd(struct file *f)
{
	char name[6] = {};
	struct dentry *d = BPF_CORE_READ(f, f_path.dentry);

	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(d, d_name.name));
	return d == BPF_CORE_READ(d, d_parent) && name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' && name[4] == 'd' && name[5] == ':';
}

static __always_inline void read_image(struct state *st, struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct inode *inode = BPF_CORE_READ(exe, f_inode);

	if (!inode)
		return;
	st->exe_inode = BPF_CORE_READ(inode, i_ino);
	st->exe_mtime = mtime(inode);
	st->exe_ctime = ctime(inode);
	if (may_write(st, inode))
		st->exe_flags |= EXE_WRITABLE;
	if (is_memfd(exe))
		st->exe_flags |= EXE_MEMFD;
	switch (layer(inode)) {
	case 1:
		st->exe_flags |= EXE_UPPER;
		break;
	case 2:
		st->exe_flags |= EXE_LOWER;
	}
}

/* add_state adds the numbers of a process, with those of its image where asked. */
__noinline int add_state(__u64 process, __u32 image)
{
	struct scratch *s = scratch();
	struct task_struct *task = (void *)process;
	struct state st = {};
	__u8 *to;

	if (!s)
		return 0;
	to = room(s);
	if (!to)
		return 0;
	read_jobs(&st, task);
	read_credentials(&st, task);
	if (image)
		read_image(&st, task);
	__builtin_memcpy(to, &st, sizeof(st));
	finish_part(s, FACT_STATE, sizeof(st) - (image ? 0 : 8 * IMAGE_NUMBERS), 0);
	return 0;
}

static __always_inline void add_name(struct scratch *s, struct task_struct *task)
{
	__u8 *to = room(s);
	long n;

	if (!to)
		return;
	n = bpf_core_read_str(to, 16, &task->comm);
	finish_part(s, FACT_NAME, n > 0 ? n - 1 : 0, 0);
}

static __always_inline void add_spaces(struct scratch *s, struct task_struct *task)
{
	struct nsproxy *spaces = BPF_CORE_READ(task, nsproxy);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);
	__u64 numbers[3];
	__u8 *to = room(s);

	if (!to)
		return;
	numbers[0] = BPF_CORE_READ(at, ns, ns.inum);
	numbers[1] = BPF_CORE_READ(spaces, net_ns, ns.inum);
	numbers[2] = BPF_CORE_READ(spaces, ipc_ns, ns.inum);
	__builtin_memcpy(to, numbers, sizeof(numbers));
	finish_part(s, FACT_SPACES, sizeof(numbers), 0);
}

/* add_image adds all that there is to know of the current process with its new image. */
__noinline int add_image(void)
{
	struct scratch *s = scratch();
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 facts = process_facts, from;

	if (!s)
		return 0;
	add_file((__u64)BPF_CORE_READ(mm, exe_file), FACT_EXE);
	add_state((__u64)task, 1); /* early: what a full record has no room for is the longest, not this */
	add_name(s, task);
	from = BPF_CORE_READ(mm, arg_start);
	add_user(s, FACT_ARGS, from, BPF_CORE_READ(mm, arg_end) - from);
	add_cwd(s, FACT_CWD);
	if (facts & 1ull << FACT_ENV) {
		from = BPF_CORE_READ(mm, env_start);
		add_user(s, FACT_ENV, from, BPF_CORE_READ(mm, env_end) - from);
	}
	if (facts & 1ull << FACT_GROUP)
		add_groups((__u64)task);
	if (facts & 1ull << FACT_SPACES)
		add_spaces(s, task);
	return 0;
}
