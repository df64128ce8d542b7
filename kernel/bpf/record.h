/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * Writing a record (event.Event): a header, then parts. The record is built in
 * the processor's scratch and goes into the ring as it is.
 */
#pragma once

#define HEADER 80
#define PART_HEADER 4
#define LIMIT (MAX_SIZE - MAX_STRING - 32) /* a part is begun only where the longest one fits */

struct header {
	__u32 size;
	__u16 row;
	__u16 flags;
	__s32 pid, tid;
	__u64 time;
	__s64 ret;
	__u64 args[6];
};

static __always_inline struct scratch *scratch(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&scratches, &cpu);
}

/* part_at returns the part that starts at the offset. */
static __always_inline __u8 *part_at(struct scratch *s, __u32 start) { return &s->buf[bounded(start, MAX_SIZE - 1)]; }

static __always_inline __u32 size_of(__u8 *part) { return part[2] | part[3] << 8; }

/* room returns where the next part's bytes go, MAX_STRING of them, or 0 where the
 * record is full. (Older verifiers follow what cannot be: here the pointer is
 * told to be one, or none, once and for all.) */
static __always_inline __u8 *room(struct scratch *s)
{
	__u32 n = s->n;
	__u8 *to = 0;

	if (n <= LIMIT)
		to = &s->buf[bounded(n, MAX_SIZE - 1) + PART_HEADER];
	asm volatile("" : "+r"(to));
	return to;
}

/* finish_part ends the part whose bytes were written into room. */
static __always_inline void finish_part(struct scratch *s, __u32 part, __u64 size, __u32 flags)
{
	__u32 n = s->n;
	__u8 *at;

	if (n > LIMIT)
		return;
	if (size > MAX_STRING)
		size = MAX_STRING;
	size = bounded(size, OFFSET);
	at = &s->buf[n];
	at[0] = part;
	at[1] = flags;
	at[2] = size;
	at[3] = size >> 8;
	__builtin_memset(at + PART_HEADER + size, 0, 7);
	s->n = n + ((PART_HEADER + size + 7) & ~7u);
}

static __always_inline void add_unreadable(struct scratch *s, __u32 part)
{
	finish_part(s, part, 0, UNREADABLE);
}

/* add_word adds a part that is one number. */
static __always_inline void add_word(struct scratch *s, __u32 part, __u64 word)
{
	__u8 *to = room(s);

	if (!to)
		return;
	__builtin_memcpy(to, &word, 8);
	finish_part(s, part, 8, 0);
}

/* begin starts a record of the row. */
static __always_inline void begin(struct scratch *s, __u32 row, __s32 pid, __s32 tid)
{
	struct header *h = (void *)s->buf;

	__builtin_memset(h, 0, sizeof(*h));
	h->row = row;
	h->pid = pid;
	h->tid = tid;
	h->time = epoch + bpf_ktime_get_boot_ns();
	s->row = row;
	s->n = HEADER;
}

static __always_inline struct tally *tally_of(__u32 row)
{
	return bpf_map_lookup_elem(&tallies, &row);
}

static __always_inline void count_seen(__u32 row)
{
	struct tally *t = tally_of(row);

	if (t)
		t->seen++;
}

/* emit puts the record into the ring, and reports whether it could. Under
 * pressure the last of its room is kept for valuable rows: an exec must not be
 * lost for a flood of opens. */
static __always_inline int emit(struct scratch *s, int valuable)
{
	struct tally *t = tally_of(s->row);
	__u32 n = s->n;

	if (!t || n > MAX_SIZE)
		return 0;
	((struct header *)s->buf)->size = n;
	if (!valuable && bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > shed_above)
		t->shed++;
	else if (bpf_ringbuf_output(&ring, s->buf, n, 0))
		t->lost++;
	else
		return 1;
	__sync_fetch_and_add(&losses, 1);
	return 0;
}

/* mark_untold notes that a change of a process was not told. */
static __always_inline void mark_untold(__u32 tgid)
{
	__u8 one = 1;

	bpf_map_update_elem(&untold, &tgid, &one, BPF_ANY);
	__sync_fetch_and_add(&changes_lost, 1);
}

/* emit_change is emit for what changes a process: if it is lost, that is made up for. */
static __always_inline void emit_change(struct scratch *s, __u32 tgid)
{
	if (!emit(s, 1))
		mark_untold(tgid);
}

/* These write into the part under construction, at the offset, and return the next one. */
static __always_inline __u64 put_char(__u8 *to, __u64 at, char c)
{
	if (at < MAX_STRING)
		to[at] = c;
	return at + 1;
}

#define put_text(to, at, text)                                       \
	({                                                           \
		__u64 put_at = (at);                                 \
		if (put_at < MAX_STRING) {                           \
			__builtin_memcpy((to) + put_at, text, sizeof(text) - 1); \
			put_at += sizeof(text) - 1;                  \
		}                                                    \
		put_at;                                              \
	})

__noinline int put_number(__u64 number, __u32 offset)
{
	struct scratch *s = scratch();
	__u64 at = bounded(offset, OFFSET);
	__u32 n;
	__u8 *to;
	int i;

	if (!s || at >= MAX_STRING)
		return at;
	to = room(s);
	if (!to)
		return at;
	for (i = DIGITS - 1; i >= 0; i--) {
		s->digits[i] = '0' + number % 10;
		number /= 10;
		s->first = i;
		if (!number)
			break;
	}
	n = bounded(DIGITS - (s->first & 31), 31);
	bpf_probe_read_kernel(to + at, n, &s->digits[s->first & 31]);
	return at + n;
}
