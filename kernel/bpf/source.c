/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * The programs of the eBPF source. At the end of a system call its row, if it
 * has one that rules ask for, says what to read; the record that comes of it is
 * the one that the ptrace source would write.
 *
 * Calls are looked at when they end: a hook at their beginning, too, would cost
 * every call on the machine half as much again. What must be known before (what
 * a descriptor is of that close(2) closes) has that hook, where rules ask for it.
 *
 * Needs Linux 5.8 (BPF ring buffer).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "kernel_types.h"
#include "source.h"
#include "record.h"
#include "path.h"
#include "socket.h"
#include "process.h"
#include "facts.h"
#include "call.h"


char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* add_base adds where the path of a parameter starts from, if it is relative. */
static __always_inline void add_base(struct scratch *s, struct param *p, __u32 start, __u32 part)
{
	__u8 *path = part_at(s, start);
	__s32 fd = AT_FDCWD;

	if (path[1] & UNREADABLE || (size_of(path) && path[PART_HEADER] == '/'))
		return;
	if (p->dir < 6)
		fd = s->args[bounded(p->dir, 7)];
	if (fd == AT_FDCWD)
		add_cwd(s, part);
	else
		add_file((__u64)file_of(fd), part);
}

/* add_param adds what a parameter's argument points to. */
__noinline int add_param(__u32 index, __u32 i)
{
	struct scratch *s = scratch();
	struct row *r = row_of(index);
	struct param *p;
	__u64 arg, word;
	__u32 start;

	if (!s || !r || i >= PARAMS)
		return 0;
	p = &r->param[bounded(i, PARAMS - 1)];
	start = s->n;
	arg = s->args[bounded(i, 7)];
	switch (p->kind) {
	case WORD:
		arg = s->args[bounded(p->arg, 7)];
		if (bpf_probe_read_user(&word, 8, (void *)(arg + 8 * p->index)))
			add_unreadable(s, i);
		else
			add_word(s, i, word);
		break;
	case STRING:
		add_string(arg, i);
		if (p->path && r->path == i && s->matches == 2)
			s->matches = path_may_match(key_of(index), start);
		if (p->path)
			add_base(s, p, start, BASE + i);
		break;
	case STRINGS:
		add_strings(arg, i);
		break;
	case SOCKADDR:
		add_sockaddr(arg, s->args[bounded(i + 1, 7)], i);
		break;
	case MSGNAME:
		add_msgname(arg, i);
	}
	return 0;
}

/* begin_call starts the record of the call at hand, with its arguments and what they point to. */
static __always_inline void begin_call(struct scratch *s, struct row *r, __u32 index, struct task_struct *task)
{
	struct header *h = (void *)s->buf;
	int i;

	begin(s, index, pid_of(task), tid_of(task));
	h->flags = s->compat ? COMPAT : 0;
	__builtin_memcpy(h->args, s->args, sizeof(h->args));
	for (i = 0; i < PARAMS; i++) {
		if (i >= r->params)
			break;
		if (r->param[i].kind != REGISTER)
			add_param(index, i);
	}
}

/* descriptor_of returns the descriptor that the call is about, or -1. */
static __always_inline __s32 descriptor_of(struct scratch *s, struct row *r, int complete)
{
	if (complete && r->effect & OPENS_FD)
		return s->ret >= 0 ? s->ret : -1;
	if (r->fd >= 6)
		return -1;
	return (__s32)s->args[bounded(r->fd, 7)];
}

static __always_inline void add_call_facts(struct scratch *s, struct row *r, int complete)
{
	__s32 fd = descriptor_of(s, r, complete);

	add_facts(r->facts);
	if (fd >= 0)
		add_descriptor(s, fd, r->facts);
}

/* pack returns the record as it is held, or 0 where it is too long. */
static __always_inline struct held *pack(struct scratch *s)
{
	struct held *h = (void *)s->path; /* not in use now */

	if (s->n > HELD_SIZE)
		return 0;
	h->n = s->n;
	bpf_probe_read_kernel(h->buf, HELD_SIZE, s->buf);
	return h;
}

/* unpack_held brings a record back that was held, and reports whether there was one. */
static __always_inline int unpack_held(struct scratch *s, struct held *h)
{
	if (!h || h->n > HELD_SIZE)
		return 0;
	s->n = h->n;
	s->row = s->index;
	bpf_probe_read_kernel(s->buf, HELD_SIZE, h->buf);
	return 1;
}

/* hold keeps a record that was begun until its call has ended. */
static __always_inline void hold(struct scratch *s, __u32 tid)
{
	struct held *h = pack(s);

	if (h)
		bpf_map_update_elem(&holds, &tid, h, BPF_ANY);
}

/* take brings the record of a call back that was held. */
static __always_inline int take(struct scratch *s, __u32 tid)
{
	int found = unpack_held(s, bpf_map_lookup_elem(&holds, &tid));

	bpf_map_delete_elem(&holds, &tid);
	return found;
}

/* end_call writes the event of a call that has its result in the scratch. */
static __always_inline void end_call(struct scratch *s, struct row *r, struct task_struct *task)
{
	struct header *h = (void *)s->buf;
	__u32 index = s->index;
	struct tally *t = tally_of(index);
	int changes = r->state && s->ret >= 0, was_held = 0;
	__u32 tid = bpf_get_current_pid_tgid();

	if (!t)
		return;
	t->seen++;
	s->matches = r->match ? may_match(index) : 0;
	if (!s->matches && !changes) {
		t->filtered++;
		return;
	}
	if (r->held)
		was_held = take(s, tid);
	if (!was_held)
		begin_call(s, r, index, task);
	if (!s->matches && !changes) {
		t->filtered++;
		return;
	}
	h->ret = s->ret;
	h->flags |= COMPLETE;
	if (changes && r->effect & (SETS_IDS | SETS_JOB))
		add_state((__u64)task, 0);
	if (changes && r->effect & SETS_NAME && BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid))
		add_name(s, task);
	if (s->matches && !(was_held && r->held == DESCRIPTOR_ENDS))
		add_call_facts(s, r, 1);
	if (changes)
		emit_change(s, bpf_get_current_pid_tgid() >> 32);
	else
		emit(s, r->valuable);
}

#include "io_uring.h"

/* begin_early writes or begins the record of a call that has not run yet. */
static __always_inline void begin_early(struct scratch *s, struct row *r, struct task_struct *task)
{
	struct tally *t = tally_of(s->index);

	if (!t)
		return;
	s->matches = 1;
	begin_call(s, r, s->index, task);
	if (r->held != BASE_MOVES)
		add_call_facts(s, r, 0);
	if (!r->at_entry) {
		hold(s, bpf_get_current_pid_tgid());
		return;
	}
	t->seen++;
	emit(s, r->valuable);
}

/* write_record goes on with the writer, and does not come back. */
static __always_inline void write_record(struct bpf_raw_tracepoint_args *ctx, struct scratch *s, __u32 index, __u32 phase)
{
	s->index = index;
	s->phase = phase;
	bpf_tail_call(ctx, &writer, 0);
	__sync_fetch_and_add(&losses, 1);
}

/* leave deals with the end of a call that may be watched. */
static __always_inline void leave(struct bpf_raw_tracepoint_args *ctx, struct pt_regs *regs, long nr, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct scratch *s = scratch();
	struct row *r;
	int index;

	if (!s || !is_watched())
		return;
	index = find_row(s, regs, nr, task);
	if (index < 0)
		return;
	r = row_of(index);
	if (!r || r->at_entry)
		return;
	if (!ret && r->effect & (EXECUTES | SPAWNS))
		return; /* told by the new image; the child's half */
	s->ret = ret;
	write_record(ctx, s, index, CALL_ENDS);
}

/* restarted returns the number of the call that restart_syscall(2) goes on with. */
static __always_inline long restarted(long nr)
{
	__u32 tid = bpf_get_current_pid_tgid(), *was = bpf_map_lookup_elem(&restarts, &tid);

	if (!was)
		return nr;
	nr = *was;
	bpf_map_delete_elem(&restarts, &tid);
	return nr;
}

static __always_inline int is_restart_call(long nr, struct task_struct *task)
{
	return nr == (is_compat(task) ? RESTART_SYSCALL_COMPAT : RESTART_SYSCALL);
}

SEC("raw_tp/sys_exit")
int call_ends(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	long nr = ended_call(regs), ret = ctx->args[1];
	__u32 tid, number;

	if (!is_in(watched, nr))
		return 0;
	if (nr == RESTART_SYSCALL || nr == RESTART_SYSCALL_COMPAT) {
		if (is_restart_call(nr, (void *)bpf_get_current_task()))
			nr = restarted(nr);
	}
	if (ret < RESTART_FIRST || ret > RESTART_LAST) {
		leave(ctx, regs, nr, ret);
		return 0;
	}
	registers_at = (void *)regs - BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), stack);
	if (ret == RESTART_BLOCK) {
		tid = bpf_get_current_pid_tgid();
		number = nr;
		bpf_map_update_elem(&restarts, &tid, &number, BPF_ANY);
	}
	return 0;
}

#define SA_RESTART 0x10000000

/* A call that a signal has interrupted ends with EINTR if the signal has a
 * handler that does not have it restarted (handle_signal() in
 * arch/x86/kernel/signal.c), or ends the process. Otherwise the kernel starts it again, and it is told once, by its end. */
SEC("raw_tp/signal_deliver")
int signal_delivered(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct k_sigaction *action = (void *)ctx->args[2];
	void *handler = BPF_CORE_READ(action, sa.sa_handler);
	unsigned long flags = BPF_CORE_READ(action, sa.sa_flags);
	struct pt_regs *regs = registers_of(task);
	long nr, ret;

	if (!regs)
		return 0; /* no call was interrupted yet */
	nr = call_number(regs);
	ret = call_result(regs);
	if (!is_in(watched, nr) || ret < RESTART_FIRST || ret > RESTART_LAST)
		return 0;
	if (handler && (ret == RESTART_NO_INTR || (ret == RESTART_LAST && flags & SA_RESTART)))
		return 0;
	if (ret == RESTART_BLOCK && is_restart_call(nr, task))
		nr = restarted(nr);
	leave(ctx, regs, nr, -EINTR);
	return 0;
}

/* A call of which more must be known than is left when it has ended. */
SEC("raw_tp/sys_enter")
int call_begins(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	struct task_struct *task = (void *)bpf_get_current_task();
	long nr = ctx->args[1];
	struct scratch *s;
	struct row *r;
	int index;

	if (!is_in(early, nr))
		return 0;
	s = scratch();
	if (!s || !is_watched())
		return 0;
	index = find_row(s, regs, nr, task);
	if (index < 0)
		return 0;
	r = row_of(index);
	if (!r || !(r->at_entry || r->held))
		return 0;
	s->ret = 0;
	write_record(ctx, s, index, CALL_BEGINS);
	return 0;
}

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

SEC("raw_tp/sched_process_fork")
int process_forks(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];
	__u32 tgid = BPF_CORE_READ(child, tgid), maker = BPF_CORE_READ(parent, tgid);
	struct member born = {.state = WATCHED, .pid = pid_of(child)}, *of;
	struct scratch *s = scratch();

	if (!s || tgid != BPF_CORE_READ(child, pid))
		return 0; /* a thread */
	if (scoped && maker == own_tgid) {
		born.state = LAUNCHES;
		bpf_map_update_elem(&scope, &tgid, &born, BPF_ANY);
		return 0;
	}
	if (maker == own_tgid)
		return 0;
	if (scoped) {
		of = bpf_map_lookup_elem(&scope, &maker);
		if (!of || of->state != WATCHED)
			return 0;
		bpf_map_update_elem(&scope, &tgid, &born, BPF_ANY);
		count_in();
	}
	if (stopped)
		return 0;
	announce(s, child, pid_of(parent));
	if (changes_lost && bpf_map_lookup_elem(&untold, &maker))
		mark_untold(tgid); /* it is a copy of what nobody knows */
	return 0;
}

/* comes_in counts the images of a process that the probe's own has started, up
 * to the command's; it reports whether the process is watched now. */
static __always_inline int comes_in(struct scratch *s, struct task_struct *task)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct member *m = bpf_map_lookup_elem(&scope, &tgid);

	if (!m)
		return 0;
	if (m->state == WATCHED)
		return 1;
	m->state--;
	if (m->state != WATCHED)
		return 0;
	count_in();
	announce(s, task, pid_of(BPF_CORE_READ(task, real_parent)));
	return 1;
}

#define AT_EMPTY_PATH 0x1000
#define FD_PATH "/dev/fd/"
#define FD_PATH_SIZE 8

/* through_fd reports whether an image was executed through a descriptor, of which
 * execveat(2) makes /dev/fd/N or /dev/fd/N/NAME. It sets the arguments, and where the name starts. */
static __always_inline int through_fd(struct scratch *s, __u8 *path, __u32 *name)
{
	char start[FD_PATH_SIZE] = FD_PATH;
	__u64 fd = 0;
	int i;

	for (i = 0; i < FD_PATH_SIZE; i++) {
		if (path[i] != start[i])
			return 0;
	}
	for (i = FD_PATH_SIZE; i < FD_PATH_SIZE + 10; i++) {
		if (path[i] < '0' || path[i] > '9')
			break;
		fd = fd * 10 + path[i] - '0';
	}
	*name = path[i] ? i + 1 : i;
	s->args[0] = fd;
	s->args[4] = path[i] ? 0 : AT_EMPTY_PATH;
	return 1;
}

/* add_exec_name adds the name that an image was executed by, and returns the row of the call that must have done so. */
static __always_inline __u32 add_exec_name(struct scratch *s, struct linux_binprm *exec)
{
	__u8 *to = room(s);
	__u32 name = 0, row = exec_row, n = 0;
	long got;

	__builtin_memset(s->args, 0, sizeof(s->args));
	if (!to)
		return row;
	got = bpf_probe_read_kernel_str(to, MAX_STRING, BPF_CORE_READ(exec, filename));
	if (through_fd(s, to, &name)) {
		row = execveat_row;
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

SEC("raw_tp/sched_process_exec")
int process_executes(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct scratch *s = scratch();

	if (!s || !is_foreign(bpf_get_current_pid_tgid() >> 32))
		return 0;
	if (!scoped || comes_in(s, task))
		write_record(ctx, s, exec_row, IMAGE);
	return 0;
}

SEC("raw_tp/sys_exit")
int write(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct scratch *s = scratch();
	struct row *r;

	if (!s)
		return 0;
	r = row_of(s->index);
	if (!r)
		return 0;
	catch_up(s, task);
	switch (s->phase) {
	case CALL_ENDS:
		end_call(s, r, task);
		break;
	case CALL_BEGINS:
		begin_early(s, r, task);
		break;
	case IMAGE:
		write_image(s, (void *)ctx->args[2], task);
		break;
	case OPERATION_BEGINS:
		begin_operation(s, r, (void *)ctx->args[0], task);
		break;
	case OPERATION_ENDS:
		end_operation(s, r, (void *)ctx->args[1], task);
	}
	return 0;
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
	emit(s, 1);
}

SEC("raw_tp/sched_process_exit")
int process_exits(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	__u32 tgid = BPF_CORE_READ(task, tgid), tid = BPF_CORE_READ(task, pid), state = 0;
	struct scratch *s = scratch();
	struct member *m;

	bpf_map_delete_elem(&restarts, &tid);
	bpf_map_delete_elem(&holds, &tid);
	if (!s || BPF_CORE_READ(signal, live.counter) > 0 || tgid == own_tgid)
		return 0;
	if (scoped) {
		m = bpf_map_lookup_elem(&scope, &tgid);
		state = m ? m->state : 0;
		if (state && state != WATCHED)
			bpf_map_delete_elem(&scope, &tgid); /* it never was the command */
		if (state != WATCHED)
			return 0;
	}
	bpf_map_delete_elem(&untold, &tgid);
	if (!stopped)
		tell_exit(s, task, signal);
	if (scoped) {
		bpf_map_delete_elem(&scope, &tgid);
		__sync_fetch_and_add(&alive, -1);
	}
	return 0;
}

/* operation_row returns the row of the call that a request is like, or -1 where rules do not ask for it. */
static __always_inline int operation_row(struct io_kiocb *req)
{
	__u32 code = operation_of(req), index;
	struct row *r;

	if (code >= OPERATIONS || !operation_rows[code])
		return -1;
	index = operation_rows[code] - 1;
	r = row_of(index);
	return r && r->match ? index : -1;
}

SEC("raw_tp/io_uring_submit_req")
int operation_begins(struct bpf_raw_tracepoint_args *ctx)
{
	struct scratch *s = scratch();
	int index = operation_row((void *)ctx->args[0]);

	if (s && index >= 0 && is_watched())
		write_record(ctx, s, index, OPERATION_BEGINS);
	return 0;
}

/* operation_ended goes on with a request that has ended with the result. */
static __always_inline void operation_ended(struct bpf_raw_tracepoint_args *ctx, __s32 result)
{
	struct scratch *s = scratch();
	__u64 key = ctx->args[1];
	int index;

	if (!s || !bpf_map_lookup_elem(&operations, &key))
		return;
	index = operation_row((void *)key);
	s->ret = result;
	if (index >= 0)
		write_record(ctx, s, index, OPERATION_ENDS);
}

SEC("raw_tp/io_uring_complete")
int operation_ends(struct bpf_raw_tracepoint_args *ctx)
{
	operation_ended(ctx, KNOWN(io_uring_cqe) ? BPF_CORE_READ((struct io_uring_cqe *)ctx->args[2], res) : 0);
	return 0;
}

/* Two programs, as the kernel attaches none that could read more than a tracepoint has. */
SEC("raw_tp/io_uring_complete")
int operation_ends_before_6_12(struct bpf_raw_tracepoint_args *ctx)
{
	operation_ended(ctx, ctx->args[3]);
	return 0;
}

/* Run once by the probe's own process: where is it? */
SEC("raw_tp/sys_enter")
int locate(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct upid *at;

	own_tgid = BPF_CORE_READ(task, tgid);
	own_level = BPF_CORE_READ(pid, level);
	at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + own_level * bpf_core_type_size(struct upid);
	own_namespace = (__u64)BPF_CORE_READ(at, ns);
	own_root = (__u64)BPF_CORE_READ(fs, root.dentry);
	own_root_mount = (__u64)mount_of(BPF_CORE_READ(fs, root.mnt));
	return 0;
}
