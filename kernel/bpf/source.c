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
 * Needs Linux 5.10 (BPF ring buffers, and BPF_PROG_TEST_RUN of raw tracepoints).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "kernel_types.h"
#include "source.h"
#include "record.h"
#include "memory.h"
#include "path.h"
#include "socket.h"
#include "groups.h"
#include "process.h"
#include "facts.h"
#include "call.h"
#include "write.h"
#include "life.h"
#include "io_uring.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* changes_process reports whether the call has changed what rules read of the process. */
static __always_inline int changes_process(struct scratch *s, struct row *r)
{
	return r->state && s->ret >= 0 && !(r->effect & SETS_NAME && (__u32)s->args[0] != PR_SET_NAME);
}

static __always_inline void add_changes(struct scratch *s, struct row *r, struct task_struct *task)
{
	if (r->effect & (SETS_IDS | SETS_JOB))
		add_state((__u64)task, 0);
	if (r->effect & SETS_NAME && BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid))
		add_name(s, task);
}

/* read_call writes the record of a call that has its result in the scratch, and reports whether anybody wants it. */
static __always_inline int read_call(struct scratch *s, struct row *r, struct task_struct *task, struct held *held)
{
	struct header *h = (void *)s->buf;
	int changes = changes_process(s, r);

	s->matches = r->match ? may_match(s->index) : 0;
	if (!s->matches && !changes)
		return 0;
	s->base_held = held && r->held == BASE_MOVES;
	begin_call(s, r, s->index, task);
	s->base_held = 0;
	if (!s->matches && !changes)
		return 0;
	h->ret = s->ret;
	h->flags |= COMPLETE;
	if (changes)
		add_changes(s, r, task);
	if (held)
		add_held(s, held);
	if (s->matches && held && r->held == DESCRIPTOR_ENDS)
		add_facts(r->facts);
	else if (s->matches)
		add_call_facts(s, r, 1);
	return 1;
}

/* end_call tells of a call that has ended. */
static __always_inline void end_call(struct scratch *s, struct row *r, struct task_struct *task)
{
	__u32 tid = bpf_get_current_pid_tgid();
	int wanted = read_call(s, r, task, held_parts(s, r, tid));
	struct tally *t = tally_of(s->index);

	if (r->held)
		bpf_map_delete_elem(&holds, &tid);
	if (!t)
		return;
	t->seen++;
	if (!wanted)
		t->filtered++;
	else if (changes_process(s, r))
		emit_change(s, bpf_get_current_pid_tgid() >> 32);
	else
		emit(s, r->valuable);
}

/* begin_early tells of a call that has not run yet, or reads what will be gone when it has. */
static __always_inline void begin_early(struct scratch *s, struct row *r, struct task_struct *task)
{
	s->matches = 1;
	if (r->at_entry) {
		begin_call(s, r, s->index, task);
		add_call_facts(s, r, 0);
		count_seen(s->index);
		emit(s, r->valuable);
		return;
	}
	begin(s, s->index, 0, 0);
	if (r->held == BASE_MOVES)
		add_cwd(s, BASE);
	else
		add_descriptor(s, descriptor_of(s, r, 0), r->facts);
	hold(s, bpf_get_current_pid_tgid());
}

/* write_record goes on with the writer, and does not come back. */
static __always_inline void write_record(struct bpf_raw_tracepoint_args *ctx, struct scratch *s, __u32 index, __u32 phase)
{
	s->index = index;
	s->phase = phase;
	bpf_tail_call(ctx, &further, WRITE);
	__sync_fetch_and_add(&losses, 1);
}

/* leave deals with the end of a call that may be watched. One that the kernel is
 * about to start again is no end, unless it connects. */
static __always_inline void leave(struct bpf_raw_tracepoint_args *ctx, struct pt_regs *regs, long nr, long ret, int restarts)
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
	if (!r || r->at_entry || (restarts && !r->connects))
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

/* All calls of the machine pay for this one, each instruction: it only looks whether theirs is watched. */
SEC("raw_tp/sys_exit")
int call_ends(struct bpf_raw_tracepoint_args *ctx)
{
	long nr = call_number((void *)ctx->args[0]);

	if (!is_in(watched, nr))
		return 0;
	bpf_tail_call(ctx, &further, CALL_ENDED);
	__sync_fetch_and_add(&losses, 1);
	return 0;
}

SEC("raw_tp/sys_exit")
int call_ended(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	long nr = call_number(regs), ret = ctx->args[1];
	__u32 tid, number;

	if (nr == RESTART_SYSCALL || nr == RESTART_SYSCALL_COMPAT) {
		if (is_restart_call(nr, (void *)bpf_get_current_task()))
			nr = restarted(nr);
	}
	if (ret < RESTART_FIRST || ret > RESTART_LAST) {
		leave(ctx, regs, nr, ret, 0);
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
#define SIG_IGN ((void *)1)
#define HARMLESS (1ull << 17 | 1ull << 18 | 1ull << 19 | 1ull << 20 | 1ull << 21 | 1ull << 22 | 1ull << 23 | 1ull << 28) /* SIGCHLD to SIGURG, SIGWINCH */

/* breaks_off reports whether a signal is handled, or ends the process: others stop it at most. */
static __always_inline int breaks_off(__u64 sig, void *handler)
{
	return handler ? handler != SIG_IGN : !(HARMLESS >> (sig & 63) & 1);
}

/* A call that a signal has interrupted ends with EINTR if the signal has a
 * handler that does not have it restarted (handle_signal() in
 * arch/x86/kernel/signal.c), or ends the process. Otherwise the kernel starts it again, and it is told once, by its end. */
SEC("raw_tp/signal_deliver")
int signal_delivered(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct k_sigaction *action = (void *)ctx->args[2];
	void *handler = BPF_CORE_READ(action, sa.sa_handler);
	struct pt_regs *regs = registers_of(task);
	long nr, ret;
	int restarts;

	if (!regs || !breaks_off(ctx->args[0], handler))
		return 0; /* no call was interrupted yet, or it goes on */
	nr = call_number(regs);
	ret = call_result(regs);
	if (!is_in(watched, nr) || ret < RESTART_FIRST || ret > RESTART_LAST)
		return 0;
	restarts = handler && (ret == RESTART_NO_INTR || (ret == RESTART_LAST && BPF_CORE_READ(action, sa.sa_flags) & SA_RESTART));
	if (ret == RESTART_BLOCK && is_restart_call(nr, task))
		nr = restarted(nr);
	leave(ctx, regs, nr, -EINTR, restarts);
	return 0;
}

/* A call of which more must be known than is left when it has ended. */
SEC("raw_tp/sys_enter")
int call_begins(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	struct task_struct *task = (void *)bpf_get_current_task();
	long nr = ctx->args[1] & ~X32;
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

SEC("raw_tp/sched_process_exec")
int process_executes(struct bpf_raw_tracepoint_args *ctx)
{
	struct scratch *s = scratch();
	int phase;

	if (!s || !is_foreign(bpf_get_current_pid_tgid() >> 32))
		return 0;
	phase = scoped ? image_phase() : IMAGE;
	if (phase >= 0)
		write_record(ctx, s, exec_row, phase);
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
	case FIRST_IMAGE:
		announce(s, task, pid_of(BPF_CORE_READ(task, real_parent)));
		/* and then the image */
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

SEC("raw_tp/sched_process_exit")
int process_exits(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	__u32 tgid = BPF_CORE_READ(task, tgid), tid = BPF_CORE_READ(task, pid), state = 0;
	struct scratch *s = scratch();
	struct member *m;
	__u8 one = 1;
	struct life life = {BPF_CORE_READ(task, group_leader, start_boottime), tgid};

	bpf_map_delete_elem(&restarts, &tid);
	bpf_map_delete_elem(&holds, &tid);
	if (!s || BPF_CORE_READ(signal, live.counter) > 0 || tgid == own_tgid)
		return 0;
	if (bpf_map_update_elem(&ended, &life, &one, BPF_NOEXIST))
		return 0; /* another thread has told */
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

	if (!s || stopped || !bpf_map_lookup_elem(&operations, &key))
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
