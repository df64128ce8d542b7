/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * Processes that come, execute an image and go, and the scope of those that are watched.
 */
#pragma once

/* raise tells what no call has told; it changes the process. */
static __always_inline void raise(struct scratch *s, __u32 tgid)
{
	count_seen(s->row);
	emit_change(s, tgid);
}

/* catch_up tells of the current process anew if what changed it was lost. */
static __always_inline void catch_up(struct scratch *s, struct task_struct *task)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__s32 pid;

	if (!changes_lost || !bpf_map_lookup_elem(&untold, &tgid))
		return;
	pid = pid_of(task);
	begin(s, info_row, pid, pid);
	add_image();
	count_seen(info_row);
	if (emit(s, 1))
		bpf_map_delete_elem(&untold, &tgid);
}

/* announce tells of a new process. */
static __always_inline void announce(struct scratch *s, struct task_struct *child, __s32 parent)
{
	struct header *h = (void *)s->buf;

	begin(s, spawn_row, parent, parent);
	h->args[0] = pid_of(child);
	add_state((__u64)child, 0);
	raise(s, BPF_CORE_READ(child, tgid));
}

static __always_inline void count_in(void)
{
	__sync_fetch_and_add(&alive, 1);
	__sync_fetch_and_add(&born, 1);
}

/* image_phase counts the images of a process that the probe's own has started, up
 * to the command's; it returns what is to be written of this one, or -1 while the process is not watched. */
static __always_inline int image_phase(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct member *m = bpf_map_lookup_elem(&scope, &tgid);

	if (!m)
		return -1;
	if (m->state == WATCHED)
		return IMAGE;
	m->state--;
	if (m->state != WATCHED)
		return -1;
	count_in();
	return FIRST_IMAGE;
}

#define AT_EMPTY_PATH 0x1000
#define FD_PATH_SIZE 8 /* of "/dev/fd/" */

/* through_fd reads the number and the name out of the path /dev/fd/N or
 * /dev/fd/N/NAME that execveat(2) makes of a descriptor. It sets the arguments, and returns where the name starts. */
static __always_inline __u32 through_fd(struct scratch *s, __u8 *path)
{
	__u64 fd = 0;
	int i;

	for (i = FD_PATH_SIZE; i < FD_PATH_SIZE + 10; i++) {
		if (path[i] < '0' || path[i] > '9')
			break;
		fd = fd * 10 + path[i] - '0';
	}
	s->args[0] = fd;
	s->args[4] = path[i] ? 0 : AT_EMPTY_PATH;
	return path[i] ? i + 1 : i;
}

/* add_exec_name adds the name that an image was executed by, and returns the row of the call that must have done so. */
static __always_inline __u32 add_exec_name(struct scratch *s, struct linux_binprm *exec)
{
	__u8 *to = room(s);
	__u32 name, row = exec_row, n = 0;
	long got;

	__builtin_memset(s->args, 0, sizeof(s->args));
	if (!to)
		return row;
	got = bpf_probe_read_kernel_str(to, MAX_STRING, BPF_CORE_READ(exec, filename));
	if (bpf_core_field_exists(exec->fdpath) && BPF_CORE_READ(exec, fdpath)) {
		row = execveat_row;
		name = through_fd(s, to);
		got = bpf_probe_read_kernel_str(to, MAX_STRING, to + bounded(name, 31));
	}
	if (got > 0)
		n = got - 1;
	finish_part(s, row == execveat_row ? 1 : 0, bounded(n, OFFSET), 0);
	return row;
}

/* add_argv adds the arguments that the image was executed with, as it has them. */
static __always_inline void add_argv(struct scratch *s, struct task_struct *task, __u32 part)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 from = BPF_CORE_READ(mm, arg_start);

	add_user(s, part, from, BPF_CORE_READ(mm, arg_end) - from);
}

/* write_image tells of a new image. */
static __always_inline void write_image(struct scratch *s, struct linux_binprm *exec, struct task_struct *task)
{
	struct header *h = (void *)s->buf;
	struct row *r;
	__u32 start, index, first;

	begin(s, exec_row, pid_of(task), tid_of(task));
	start = s->n;
	index = add_exec_name(s, exec);
	first = index == execveat_row ? 1 : 0;
	r = row_of(index);
	if (!r)
		return;
	h->row = s->row = index;
	h->flags = COMPLETE;
	__builtin_memcpy(h->args, s->args, sizeof(h->args));
	add_base(s, &r->param[first], start, BASE + first);
	add_argv(s, task, first + 1);
	add_image();
	add_facts(r->facts);
	raise(s, bpf_get_current_pid_tgid() >> 32);
}

/* keep_end keeps the end of a process that could not be told. */
static __always_inline void keep_end(__u32 tgid, __s32 pid, __s32 status)
{
	struct ending e = {pid, status};

	bpf_map_update_elem(&untold_ends, &tgid, &e, BPF_ANY);
}

/* tell_exit tells of a process's end, with the status that its parent will get. */
static __always_inline void tell_exit(struct scratch *s, struct task_struct *task, struct signal_struct *signal)
{
	struct header *h = (void *)s->buf;
	__s32 pid = pid_of(task);

	begin(s, exit_row, pid, pid);
	h->args[0] = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT ? BPF_CORE_READ(signal, group_exit_code)
								       : BPF_CORE_READ(task, group_leader, exit_code);
	count_seen(exit_row);
	if (!emit(s, 1))
		keep_end(BPF_CORE_READ(task, tgid), pid, h->args[0]);
}
