/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inject.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "steer.h"

#define HOPS 64
#define RESET_BYTES sizeof(struct tcphdr) /* no options, no data */

struct inject {
	int fd4, fd6; /* fd6 is -1 on a host without IPv6 */
};

/* One RST, from one end of the connection in its name to the other. */
struct blow {
	const struct addr *from, *to;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint32_t link;
};

struct packet4 {
	struct iphdr ip;
	struct tcphdr tcp;
};

struct packet6 {
	struct ip6_hdr ip;
	struct tcphdr tcp;
};

static int fail(char err[INJECT_ERROR], const char *what, int code)
{
	snprintf(err, INJECT_ERROR, "cannot open a raw socket (%s): %s%s", what, strerror(-code),
		 code == -EPERM ? ": CAP_NET_RAW is missing" :
		 code == -EAFNOSUPPORT ? ": forbidden by RestrictAddressFamilies=?" : "");
	return code;
}

/*
 * IPPROTO_RAW only sends; what others send with that protocol number would come in
 * all the same, and wait unread: hence the smallest buffer there is.
 */
static int raw_open(int family, int level, int header_included)
{
	int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	const uint32_t mark = STEER_MARK;
	int one = 1, none = 0, r;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, level, header_included, &one, sizeof(one)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &none, sizeof(none)))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int inject_open(struct inject **out, char err[INJECT_ERROR])
{
	struct inject *in = malloc(sizeof(*in));
	int r;

	if (!in)
		return fail(err, "IPv4", -ENOMEM);
	in->fd6 = -1;
	r = in->fd4 = raw_open(AF_INET, IPPROTO_IP, IP_HDRINCL);
	if (r < 0) {
		fail(err, "IPv4", r);
		goto out;
	}
	r = in->fd6 = raw_open(AF_INET6, IPPROTO_IPV6, IPV6_HDRINCL);
	if (r == -EAFNOSUPPORT)
		r = 0;
	else if (r < 0)
		fail(err, "IPv6", r);
out:
	if (r < 0)
		inject_close(in);
	else
		*out = in;
	return r < 0 ? r : 0;
}

void inject_close(struct inject *in)
{
	if (!in)
		return;
	if (in->fd4 >= 0)
		close(in->fd4);
	if (in->fd6 >= 0)
		close(in->fd6);
	free(in);
}

/* RFC 1071; n is even. */
static uint32_t sum(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint32_t s = 0;

	for (size_t i = 0; i < n; i += 2)
		s += (uint32_t)(p[i] << 8 | p[i + 1]);
	return s;
}

/* RST and ACK, as a host that has closed answers (RFC 9293 3.10.7). */
static struct tcphdr reset_of(const struct blow *b)
{
	struct tcphdr tcp = {
		.th_sport = htons(b->sport), .th_dport = htons(b->dport),
		.th_seq = htonl(b->seq), .th_ack = htonl(b->ack),
		.th_off = RESET_BYTES / 4, .th_flags = TH_RST | TH_ACK,
	};
	/* an IPv4 address as ::ffff:a.b.c.d adds 0xffff to the sum, which is zero */
	uint32_t s = sum(b->from, sizeof(*b->from)) + sum(b->to, sizeof(*b->to)) + IPPROTO_TCP +
		     (uint32_t)RESET_BYTES + sum(&tcp, sizeof(tcp));

	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	tcp.th_sum = htons((uint16_t)~s);
	return tcp;
}

static bool sent(int fd, const void *packet, size_t n, const void *to, socklen_t to_len)
{
	ssize_t r;

	do
		r = sendto(fd, packet, n, MSG_DONTWAIT, to, to_len);
	while (r < 0 && errno == EINTR);
	return r == (ssize_t)n;
}

/* The kernel fills in what is zero: identification and checksum. */
static bool send4(const struct inject *in, const struct blow *b)
{
	struct packet4 p = {
		.ip = { .version = 4, .ihl = 5, .tot_len = htons(sizeof(p)),
			.frag_off = htons(IP_DF), .ttl = HOPS, .protocol = IPPROTO_TCP },
		.tcp = reset_of(b),
	};
	struct sockaddr_in to = { .sin_family = AF_INET };

	memcpy(&p.ip.saddr, b->from->b + 12, sizeof(p.ip.saddr));
	memcpy(&p.ip.daddr, b->to->b + 12, sizeof(p.ip.daddr));
	to.sin_addr.s_addr = p.ip.daddr;
	return sent(in->fd4, &p, sizeof(p), &to, sizeof(to));
}

static bool send6(const struct inject *in, const struct blow *b)
{
	struct packet6 p = { .tcp = reset_of(b) };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };

	if (in->fd6 < 0)
		return false;
	p.ip.ip6_vfc = 6 << 4;
	p.ip.ip6_plen = htons(RESET_BYTES);
	p.ip.ip6_nxt = IPPROTO_TCP;
	p.ip.ip6_hlim = HOPS;
	memcpy(&p.ip.ip6_src, b->from->b, sizeof(p.ip.ip6_src));
	memcpy(&p.ip.ip6_dst, b->to->b, sizeof(p.ip.ip6_dst));
	to.sin6_addr = p.ip.ip6_dst;
	if (IN6_IS_ADDR_LINKLOCAL(&to.sin6_addr))
		to.sin6_scope_id = b->link;
	return sent(in->fd6, &p, sizeof(p), &to, sizeof(to));
}

static bool strike(const struct inject *in, const struct blow *b)
{
	return addr_is_v4(b->to) ? send4(in, b) : send6(in, b);
}

/* The inside end first: the server must let go whatever becomes of the other RST. */
bool inject_reset(struct inject *in, const struct reset *r, uint32_t link)
{
	const struct blow inside = { &r->outside, &r->inside, r->outside_port, r->inside_port,
				     r->to_inside, r->to_outside, link };
	const struct blow outside = { &r->inside, &r->outside, r->inside_port, r->outside_port,
				      r->to_outside, r->to_inside, link };
	bool one = strike(in, &inside), other = strike(in, &outside);

	return one && other;
}
