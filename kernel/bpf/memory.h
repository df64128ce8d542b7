/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * Parts that are read from the workload's memory. A page that is not in memory
 * cannot be brought there now; at a call's end those that the kernel has read are.
 */
#pragma once

/* add_user adds a part of size bytes of the workload's memory, MAX_STRING of them at most. */
static __always_inline void add_user(struct scratch *s, __u32 part, __u64 from, __u64 size)
{
	__u8 *to = room(s);
	__u32 flags = 0;

	if (!to)
		return;
	if (size >= MAX_STRING) {
		size = MAX_STRING;
		flags = CUT;
	}
	size = bounded(size, OFFSET);
	if (bpf_probe_read_user(to, size, (void *)from))
		add_unreadable(s, part);
	else
		finish_part(s, part, size, flags);
}

/* add_string adds a text of the workload's memory, up to its NUL. Where the
 * memory ends before that, what is in the last page. */
__noinline int add_string(__u64 from, __u32 part)
{
	struct scratch *s = scratch();
	__u8 *to;
	long n;

	if (!s)
		return 0;
	to = room(s);
	if (!to)
		return 0;
	if (!from) {
		add_unreadable(s, part);
		return 0;
	}
	n = bpf_probe_read_user_str(to, MAX_STRING + 1, (void *)from);
	if (n > 0) {
		finish_part(s, part, n - 1, n - 1 >= MAX_STRING ? CUT : 0);
		return 0;
	}
	n = bounded(MAX_STRING - (from & (MAX_STRING - 1)), OFFSET); /* the rest of the page, as it is of that size */
	if (bpf_probe_read_user(to, n, (void *)from))
		add_unreadable(s, part);
	else
		finish_part(s, part, n, CUT);
	return 0;
}

/* user_word reads the i-th pointer-sized word of an array in the workload's memory. */
static __always_inline long user_word(__u64 *word, __u64 from, __u32 i, __u32 compat)
{
	__u32 half = 0;
	long err;

	if (!compat)
		return bpf_probe_read_user(word, 8, (void *)(from + 8 * i));
	err = bpf_probe_read_user(&half, 4, (void *)(from + 4 * i));
	*word = half;
	return err;
}

#define MAX_STRINGS 64

/* add_strings adds a NULL-terminated array of texts of the workload's memory, a NUL after each. */
__noinline int add_strings(__u64 from, __u32 part)
{
	struct scratch *s = scratch();
	__u32 used = 0, flags = CUT;
	__u64 text;
	__u8 *to;
	long n;
	int i;

	if (!s)
		return 0;
	to = room(s);
	if (!to)
		return 0;
	for (i = 0; i < MAX_STRINGS; i++) {
		if (user_word(&text, from, i, s->compat))
			break;
		if (!text) {
			flags = 0;
			break;
		}
		if (used >= MAX_STRING)
			break;
		n = bpf_probe_read_user_str(to + used, MAX_STRING - used, (void *)text);
		if (n <= 0 || used + n >= MAX_STRING)
			break;
		used += n;
	}
	if (!used && flags)
		add_unreadable(s, part);
	else
		finish_part(s, part, used, flags);
	return 0;
}

#define MAX_SOCKADDR 128 /* struct sockaddr_storage */

/* add_sockaddr adds a socket address of the workload's memory. */
__noinline int add_sockaddr(__u64 from, __u64 size, __u32 part)
{
	struct scratch *s = scratch();

	if (!s)
		return 0;
	size = (__u32)size; /* an int */
	if (!from || !size || size > MAX_SOCKADDR)
		add_unreadable(s, part);
	else
		add_user(s, part, from, size);
	return 0;
}

/* add_msgname adds the address that a struct msghdr names. */
__noinline int add_msgname(__u64 from, __u32 part)
{
	struct scratch *s = scratch();
	__u64 name = 0, size = 0;

	if (!s)
		return 0;
	if (!from || user_word(&name, from, 0, s->compat) || user_word(&size, from, 1, s->compat) || !name) {
		add_unreadable(s, part);
		return 0;
	}
	size = (__u32)size;
	if (size < 1u << 31 && size > MAX_SOCKADDR)
		size = MAX_SOCKADDR; /* as the kernel does */
	return add_sockaddr(name, size, part);
}
