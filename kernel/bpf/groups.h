/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * A process's control groups, as /proc/PID/cgroup lists them (cgroups(7)).
 */
#pragma once

#define GROUP_DEPTH 24

/* put_group_element puts an element in front of a control group's path. */
static __always_inline int put_group_element(struct scratch *s, const char *name)
{
	__u8 *to = &s->path[MAX_STRING]; /* the place for one name */
	long n = bpf_probe_read_kernel_str(to, NAME_MAX + 1, name);

	return n > 1 && put_element(s, to, n - 1);
}

static __always_inline struct kernfs_node *above(struct kernfs_node *kn)
{
	struct kernfs_node___since_6_15 *now = (void *)kn;

	if (bpf_core_field_exists(now->__parent))
		return BPF_CORE_READ(now, __parent);
	return BPF_CORE_READ(kn, parent);
}

/* put_group writes a line of /proc/PID/cgroup, and returns where the next one goes. */
__noinline int put_group(__u64 group, __u32 id, __u32 offset)
{
	__u64 used = bounded(offset, OFFSET);
	struct scratch *s = scratch();
	struct hierarchy *h = bpf_map_lookup_elem(&hierarchies, &id);
	struct kernfs_node *kn = BPF_CORE_READ((struct cgroup *)group, kn), *parent;
	__u32 n;
	__u8 *to;
	int i;

	if (!s || !h || used > MAX_STRING - sizeof(h->text) - 1)
		return used;
	to = room(s);
	if (!to)
		return used;
	s->at = MAX_STRING;
	for (i = 0; i < GROUP_DEPTH; i++) {
		parent = above(kn);
		if (!parent)
			break;
		if (!put_group_element(s, BPF_CORE_READ(kn, name)))
			break;
		kn = parent;
	}
	n = h->n;
	if (n > sizeof(h->text))
		return used;
	bpf_probe_read_kernel(to + used, n, h->text);
	used = put_built(s, to, used + n);
	return put_char(to, used, '\n');
}

/* add_groups adds the control groups, as /proc/PID/cgroup lists them: the newest hierarchy first. */
__noinline int add_groups(__u64 process)
{
	struct scratch *s = scratch();
	struct css_set *set = BPF_CORE_READ((struct task_struct *)process, cgroups);
	struct list_head *head = (void *)set + bpf_core_field_offset(struct css_set, cgrp_links), *at;
	__u32 used = 0;
	int i, id;

	if (!s)
		return 0;
	__builtin_memset(s->groups, 0, sizeof(s->groups));
	at = BPF_CORE_READ(head, next);
	for (i = 0; i < HIERARCHIES && at && at != head; i++) {
		struct cgrp_cset_link *link = (void *)at - bpf_core_field_offset(struct cgrp_cset_link, cgrp_link);
		struct cgroup *group = BPF_CORE_READ(link, cgrp);

		id = BPF_CORE_READ(group, root, hierarchy_id);
		if (id >= 0 && id < HIERARCHIES)
			s->groups[id & (HIERARCHIES - 1)] = (__u64)group;
		at = BPF_CORE_READ(at, next);
	}
	for (i = HIERARCHIES - 1; i >= 0; i--) {
		if (s->groups[i])
			used = put_group(s->groups[i], i, used);
	}
	finish_part(s, FACT_GROUP, used, 0);
	return 0;
}
