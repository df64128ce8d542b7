/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * What the kernel knows of a socket, as getsockname(2) and getpeername(2) would say it.
 */
#pragma once

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define TCP_CLOSE 7
#define TCP_SYN_SENT 2
#define FIRST_EPHEMERAL 32768 /* of the ports that the kernel gives to clients, ip(7) */

enum role { UNKNOWN, CLIENT, SERVER };

/* The fact's header; the local address follows, and the other end's (event.Socket). */
struct socket_fact {
	__u16 domain, kind, proto, role, local;
};

struct inet4 {
	__u16 family, port;
	__u32 ip;
};

struct inet6 {
	__u16 family, port;
	__u32 flow;
	struct in6_addr ip;
};

static __always_inline int is_zero(struct in6_addr *ip)
{
	__u64 *w = (void *)ip;

	return !w[0] && !w[1];
}

/* put_inet writes one end of an IPv4 socket, nothing where it has none. */
static __always_inline __u32 put_inet(__u8 *to, __u32 ip, __u16 port)
{
	struct inet4 a = {AF_INET, port, ip};

	if (!port && !ip)
		return 0;
	__builtin_memcpy(to, &a, sizeof(a));
	return sizeof(a);
}

static __always_inline __u32 put_inet6(__u8 *to, struct in6_addr *ip, __u16 port)
{
	struct inet6 a = {AF_INET6, port, 0, *ip};

	if (!port && is_zero(ip))
		return 0;
	__builtin_memcpy(to, &a, sizeof(a));
	return sizeof(a);
}

static __always_inline __u32 put_local(__u8 *to, struct sock *sk, __u16 family)
{
	struct inet_sock *inet = (void *)sk;
	__u16 port = BPF_CORE_READ(inet, inet_sport);
	struct in6_addr ip6;
	__u32 ip;

	if (family == AF_INET6) {
		ip6 = BPF_CORE_READ(sk, __sk_common.skc_v6_rcv_saddr);
		if (is_zero(&ip6))
			ip6 = BPF_CORE_READ(inet, pinet6, saddr);
		return put_inet6(to, &ip6, port);
	}
	ip = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	if (!ip)
		ip = BPF_CORE_READ(inet, inet_saddr);
	return put_inet(to, ip, port);
}

static __always_inline __u32 put_remote(__u8 *to, struct sock *sk, __u16 family)
{
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	__u16 port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	struct in6_addr ip6;

	if (!port || state == TCP_CLOSE || state == TCP_SYN_SENT)
		return 0;
	if (family == AF_INET6) {
		ip6 = BPF_CORE_READ(sk, __sk_common.skc_v6_daddr);
		return put_inet6(to, &ip6, port);
	}
	return put_inet(to, BPF_CORE_READ(sk, __sk_common.skc_daddr), port);
}

/* put_unix writes the name of a socket of the machine itself: the family alone where it has none. */
static __always_inline __u32 put_unix(__u8 *to, struct unix_sock *sk)
{
	struct unix_address *addr = BPF_CORE_READ(sk, addr);
	__u32 n = 2;
	__u16 family = AF_UNIX;
	char first = 0;

	__builtin_memcpy(to, &family, 2);
	if (!addr)
		return n;
	n = BPF_CORE_READ(addr, len);
	if (n <= 2 || n > 110)
		return 2;
	bpf_probe_read_kernel(to, n, &addr->name);
	bpf_probe_read_kernel(&first, 1, (void *)&addr->name + 2);
	if (first && n > 3)
		n--; /* the NUL behind a path */
	return n;
}

/* role_of tells who has connected to whom where both ports are such as clients
 * have: the port of a socket that connects is given to it by the kernel, which
 * marks the port so (__inet_hash_connect() in net/ipv4/inet_hashtables.c). */
static __always_inline __u16 role_of(struct sock *sk, __u16 kind)
{
	struct inet_connection_sock *icsk = (void *)sk;
	struct inet_sock *inet = (void *)sk;
	struct inet_bind_bucket *bucket;
	__u16 local = bpf_ntohs(BPF_CORE_READ(inet, inet_sport)), remote = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));

	if (kind != SOCK_STREAM || local < FIRST_EPHEMERAL || remote < FIRST_EPHEMERAL)
		return UNKNOWN;
	bucket = BPF_CORE_READ(icsk, icsk_bind_hash);
	if (!bucket)
		return UNKNOWN;
	return BPF_CORE_READ(bucket, fastreuse) < 0 ? CLIENT : SERVER;
}

/* add_socket adds what is known of a socket's file. */
__noinline int add_socket(__u64 file)
{
	struct scratch *s = scratch();
	struct socket *sock = BPF_CORE_READ((struct file *)file, private_data);
	struct sock *sk = BPF_CORE_READ(sock, sk), *peer;
	struct socket_fact fact = {};
	__u32 n = sizeof(fact), end;
	__u8 *to;

	if (!s)
		return 0;
	to = room(s);
	if (!to)
		return 0;
	fact.domain = BPF_CORE_READ(sk, __sk_common.skc_family);
	fact.kind = BPF_CORE_READ(sk, sk_type);
	fact.proto = BPF_CORE_READ(sk, sk_protocol);
	switch (fact.domain) {
	case AF_INET:
	case AF_INET6:
		fact.role = role_of(sk, fact.kind);
		fact.local = put_local(to + n, sk, fact.domain);
		n += fact.local;
		n += put_remote(to + n, sk, fact.domain);
		break;
	case AF_UNIX:
		end = put_unix(to + n, (void *)sk);
		fact.local = end;
		n += end;
		peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
		if (peer && n < 128)
			n += put_unix(to + n, (void *)peer);
	}
	__builtin_memcpy(to, &fact, sizeof(fact));
	finish_part(s, FACT_SOCKET, n, 0);
	return 0;
}
