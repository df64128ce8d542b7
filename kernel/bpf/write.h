/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * The record of a call: its arguments, what they point to, and what the rules ask
 * for beside; and its keeping while the call runs.
 */
#pragma once

/* add_base adds where the path of a parameter starts from, if it is relative. */
static __always_inline void add_base(struct scratch *s, struct param *p, __u32 start, __u32 part)
{
	__u8 *path = part_at(s, start);
	__s32 fd = AT_FDCWD;

	if (s->base_held || path[1] & UNREADABLE || (size_of(path) && path[PART_HEADER] == '/'))
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
		if (p->path && r->effect & OPENS_FD && s->ret >= 0 && part_at(s, start)[1] & UNREADABLE) {
			s->n = start; /* the page is gone: the kernel knows what was opened */
			add_file((__u64)file_of(s->ret), i);
		}
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

/* pack returns all of the record from an offset on as it is held, or 0 where that is too long. */
static __always_inline struct held *pack(struct scratch *s, __u32 from)
{
	struct held *h = (void *)s->path; /* not in use now */

	if (s->n < from || s->n - from > HELD_SIZE)
		return 0;
	h->n = s->n - from;
	h->index = s->index;
	bpf_probe_read_kernel(h->buf, HELD_SIZE, s->buf + from);
	return h;
}

/* hold keeps the parts that were read early until the call has ended. */
static __always_inline void hold(struct scratch *s, __u32 tid)
{
	struct held *h = pack(s, HEADER);

	if (!h || bpf_map_update_elem(&holds, &tid, h, BPF_ANY))
		bpf_map_delete_elem(&holds, &tid); /* what is there is of another call */
}

/* held_parts returns what was held for the call, or 0. */
static __always_inline struct held *held_parts(struct scratch *s, struct row *r, __u32 tid)
{
	struct held *h = r->held ? bpf_map_lookup_elem(&holds, &tid) : 0;

	return h && h->index == s->index && h->n <= HELD_SIZE ? h : 0;
}

/* add_held adds what was held. */
static __always_inline void add_held(struct scratch *s, struct held *h)
{
	__u32 n = s->n;

	if (n > LIMIT)
		return;
	bpf_probe_read_kernel(&s->buf[n], HELD_SIZE, h->buf);
	s->n = n + (h->n & 2047);
}
