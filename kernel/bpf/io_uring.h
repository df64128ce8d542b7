/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * Operations of io_uring(7), which do what system calls do without being any.
 * Each has the record of the call that it is like. What it is about is in the
 * request, where the kernel has copied it; it is read when the operation is
 * handed in, and told when it has ended.
 */
#pragma once

#define O_LARGEFILE 0100000 /* the kernel adds it */

enum {
	OP_CONNECT = 16,
	OP_OPENAT = 18,
	OP_OPENAT2 = 28,
	OP_RENAMEAT = 35,
	OP_UNLINKAT,
	OP_MKDIRAT,
	OP_SYMLINKAT,
	OP_LINKAT,
	OP_SOCKET = 45,
};

/* KNOWN reports whether the running kernel has a struct: older ones lack operations. */
#define KNOWN(name) bpf_core_type_exists(struct name)

/* operation_of returns a request's kind, OPERATIONS where that cannot be told. */
static __always_inline __u32 operation_of(struct io_kiocb *req)
{
	return KNOWN(io_kiocb) && bpf_core_field_exists(req->opcode) ? BPF_CORE_READ(req, opcode) : OPERATIONS;
}

/* add_filename adds a name that the kernel has copied, as the row's parameter. */
static __always_inline void add_filename(struct scratch *s, struct row *r, struct filename *name, __u32 i)
{
	__u32 start = s->n;
	__u8 *to = room(s);
	long n;

	if (!to)
		return;
	n = bpf_probe_read_kernel_str(to, MAX_STRING, BPF_CORE_READ(name, name));
	if (n <= 0)
		add_unreadable(s, i);
	else
		finish_part(s, i, bounded(n - 1, OFFSET), 0);
	add_base(s, &r->param[i], start, BASE + i);
}

static __always_inline void add_open(struct scratch *s, struct row *r, struct io_open *op, int how)
{
	s->args[0] = BPF_CORE_READ(op, dfd);
	if (!how) {
		s->args[2] = BPF_CORE_READ(op, how.flags) & ~O_LARGEFILE;
		s->args[3] = BPF_CORE_READ(op, how.mode);
	}
	add_filename(s, r, BPF_CORE_READ(op, filename), 1);
	if (how) {
		add_word(s, 4, BPF_CORE_READ(op, how.flags));
		add_word(s, 5, BPF_CORE_READ(op, how.mode));
		add_word(s, 6, BPF_CORE_READ(op, how.resolve));
	}
}

static __always_inline void add_rename(struct scratch *s, struct row *r, struct io_rename *op)
{
	s->args[0] = BPF_CORE_READ(op, old_dfd);
	s->args[2] = BPF_CORE_READ(op, new_dfd);
	s->args[4] = BPF_CORE_READ(op, flags);
	add_filename(s, r, BPF_CORE_READ(op, oldpath), 1);
	add_filename(s, r, BPF_CORE_READ(op, newpath), 3);
}

static __always_inline void add_link(struct scratch *s, struct row *r, struct io_link *op)
{
	s->args[0] = BPF_CORE_READ(op, old_dfd);
	s->args[2] = BPF_CORE_READ(op, new_dfd);
	s->args[4] = BPF_CORE_READ(op, flags);
	add_filename(s, r, BPF_CORE_READ(op, oldpath), 1);
	add_filename(s, r, BPF_CORE_READ(op, newpath), 3);
}

static __always_inline void add_symlink(struct scratch *s, struct row *r, struct io_link *op)
{
	s->args[1] = BPF_CORE_READ(op, new_dfd);
	add_filename(s, r, BPF_CORE_READ(op, oldpath), 0);
	add_filename(s, r, BPF_CORE_READ(op, newpath), 2);
}

static __always_inline void add_connect(struct scratch *s, struct io_kiocb *req)
{
	struct io_connect *op = (void *)req;

	s->args[0] = BPF_CORE_READ(req, cqe.fd);
	s->args[1] = (__u64)BPF_CORE_READ(op, addr);
	s->args[2] = BPF_CORE_READ(op, addr_len);
	add_sockaddr(s->args[1], s->args[2], 1);
}

/* add_operation adds what the request says. */
static __always_inline void add_operation(struct scratch *s, struct row *r, struct io_kiocb *req)
{
	__builtin_memset(s->args, 0, sizeof(s->args));
	switch (operation_of(req)) {
	case OP_CONNECT:
		if (KNOWN(io_connect) && bpf_core_field_exists(req->cqe))
			add_connect(s, req);
		break;
	case OP_OPENAT:
		if (KNOWN(io_open))
			add_open(s, r, (void *)req, 0);
		break;
	case OP_OPENAT2:
		if (KNOWN(io_open))
			add_open(s, r, (void *)req, 1);
		break;
	case OP_RENAMEAT:
		if (KNOWN(io_rename))
			add_rename(s, r, (void *)req);
		break;
	case OP_UNLINKAT:
		if (!KNOWN(io_unlink))
			break;
		s->args[0] = BPF_CORE_READ((struct io_unlink *)req, dfd);
		s->args[2] = BPF_CORE_READ((struct io_unlink *)req, flags);
		add_filename(s, r, BPF_CORE_READ((struct io_unlink *)req, filename), 1);
		break;
	case OP_MKDIRAT:
		if (!KNOWN(io_mkdir))
			break;
		s->args[0] = BPF_CORE_READ((struct io_mkdir *)req, dfd);
		s->args[2] = BPF_CORE_READ((struct io_mkdir *)req, mode);
		add_filename(s, r, BPF_CORE_READ((struct io_mkdir *)req, filename), 1);
		break;
	case OP_SYMLINKAT:
		if (KNOWN(io_link))
			add_symlink(s, r, (void *)req);
		break;
	case OP_LINKAT:
		if (KNOWN(io_link))
			add_link(s, r, (void *)req);
		break;
	case OP_SOCKET:
		if (!KNOWN(io_socket))
			break;
		s->args[0] = BPF_CORE_READ((struct io_socket *)req, domain);
		s->args[1] = BPF_CORE_READ((struct io_socket *)req, type);
		s->args[2] = BPF_CORE_READ((struct io_socket *)req, protocol);
	}
}

#define SKIPS_SUCCESS (1 << 6) /* REQ_F_CQE_SKIP: only a failure completes it */

/* object_of returns the file that an operation was about or has opened, or 0. */
static __always_inline struct file *object_of(struct scratch *s, struct row *r, struct io_kiocb *req)
{
	switch (operation_of(req)) {
	case OP_OPENAT:
	case OP_OPENAT2:
		if (KNOWN(io_open) && BPF_CORE_READ((struct io_open *)req, file_slot))
			return 0; /* it is in the ring's own table */
		break;
	case OP_SOCKET:
		if (KNOWN(io_socket) && BPF_CORE_READ((struct io_socket *)req, file_slot))
			return 0;
		break;
	case OP_CONNECT:
		return KNOWN(io_kiocb) ? BPF_CORE_READ(req, file) : 0;
	}
	return file_of(descriptor_of(s, r, 1));
}

/* tell_operation tells of an operation that has the result in the scratch. */
static __always_inline void tell_operation(struct scratch *s, struct row *r, struct file *object)
{
	struct header *h = (void *)s->buf;
	struct tally *t = tally_of(s->index);

	if (!t)
		return;
	t->seen++;
	if (!may_match(s->index)) {
		t->filtered++;
		return;
	}
	h->ret = s->ret;
	h->flags = COMPLETE;
	add_facts(r->facts);
	if (object)
		add_object(s, object, r->facts);
	emit(s, r->valuable);
}

/* begin_operation begins the record of a request. One whose success nobody would
 * tell of, or that cannot be held, is told at once, as if it had succeeded. */
static __always_inline void begin_operation(struct scratch *s, struct row *r, struct io_kiocb *req, struct task_struct *task)
{
	struct header *h = (void *)s->buf;
	__u64 key = (__u64)req;
	struct held *held;

	begin(s, s->index, pid_of(task), tid_of(task));
	add_operation(s, r, req);
	__builtin_memcpy(h->args, s->args, sizeof(h->args));
	held = BPF_CORE_READ(req, flags) & SKIPS_SUCCESS ? 0 : pack(s, 0);
	if (held && !bpf_map_update_elem(&operations, &key, held, BPF_ANY))
		return;
	s->ret = 0;
	tell_operation(s, r, 0);
}

/* end_operation tells of an operation that has ended with the result. */
static __always_inline void end_operation(struct scratch *s, struct row *r, struct io_kiocb *req, struct task_struct *task)
{
	struct header *h = (void *)s->buf;
	__u64 key = (__u64)req;
	struct held *held = bpf_map_lookup_elem(&operations, &key);

	if (!held || held->n > HELD_SIZE)
		return;
	bpf_probe_read_kernel(s->buf, HELD_SIZE, held->buf);
	s->n = held->n;
	s->row = s->index;
	bpf_map_delete_elem(&operations, &key);
	__builtin_memcpy(s->args, h->args, sizeof(h->args));
	tell_operation(s, r, h->pid == pid_of(task) ? object_of(s, r, req) : 0);
}
