/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inject.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>


#define HOPS 64
#define WINDOW 16384 /* of a connection that will be reset in a moment */
#define FRAGMENT4 552  /* with the header below 576 (RFC 791 3.1), a multiple of 8 */
#define FRAGMENT6 1232 /* likewise 1280 (RFC 8200 5) */

struct inject {
	int fd4[2], fd6[2]; /* [1]: untracked; fd6 is -1 on a host without IPv6 */
	uint32_t id;  /* of the last packet in fragments */
};

/* From one end in its name to the other. */
struct way {
	const struct addr *from, *to;
	uint16_t sport, dport;
	uint32_t link;
	uint8_t proto;
	bool untracked;
};

#define FRONT 48 /* room for an IPv6 and a fragment header */
#define SEGMENT_BYTES (sizeof(struct tcphdr) + PARCEL_BYTES)

/* A packet in the making: the IP header goes in front of what the transport says. */
struct packet {
	_Alignas(8) uint8_t room[FRONT + SEGMENT_BYTES];
	size_t n; /* behind FRONT */
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
static int raw_open(int family, int level, int header_included, uint32_t mark)
{
	int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
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
	static const uint32_t marks[2] = { OWN_MARK, OWN_UNTRACKED };
	struct inject *in = malloc(sizeof(*in));
	int r = 0;

	if (!in)
		return fail(err, "IPv4", -ENOMEM);
	*in = (struct inject){ .fd4 = { -1, -1 }, .fd6 = { -1, -1 } };
	for (unsigned i = 0; r >= 0 && i < 2; i++)
		r = in->fd4[i] = raw_open(AF_INET, IPPROTO_IP, IP_HDRINCL, marks[i]);
	if (r < 0) {
		fail(err, "IPv4", r);
		goto out;
	}
	for (unsigned i = 0; r >= 0 && i < 2; i++)
		r = in->fd6[i] = raw_open(AF_INET6, IPPROTO_IPV6, IPV6_HDRINCL, marks[i]);
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
	for (unsigned i = 0; i < 2; i++) {
		if (in->fd4[i] >= 0)
			close(in->fd4[i]);
		if (in->fd6[i] >= 0)
			close(in->fd6[i]);
	}
	free(in);
}

/* RFC 1071. */
static uint32_t sum(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint32_t s = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		s += (uint32_t)(p[i] << 8 | p[i + 1]);
	return n & 1 ? s + (uint32_t)(p[n - 1] << 8) : s;
}

/* Of the whole segment or datagram, whose checksum is still zero. */
static uint16_t checksum(const struct way *w, const struct packet *p)
{
	/* an IPv4 address as ::ffff:a.b.c.d adds 0xffff to the sum, which is zero */
	uint32_t s = sum(w->from, sizeof(*w->from)) + sum(w->to, sizeof(*w->to)) + w->proto +
		     (uint32_t)p->n + sum(p->room + FRONT, p->n);

	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons((uint16_t)~s);
}

static void put_tcp(struct packet *p, const struct way *w, uint8_t flags, uint32_t seq,
		    uint32_t ack, struct slice bytes)
{
	struct tcphdr tcp = {
		.th_sport = htons(w->sport), .th_dport = htons(w->dport),
		.th_seq = htonl(seq), .th_ack = htonl(ack), .th_off = sizeof(tcp) / 4,
		.th_flags = flags, .th_win = flags & TH_RST ? 0 : htons(WINDOW),
	};

	p->n = sizeof(tcp) + bytes.n;
	memcpy(p->room + FRONT, &tcp, sizeof(tcp));
	if (bytes.n)
		memcpy(p->room + FRONT + sizeof(tcp), bytes.p, bytes.n);
	tcp.th_sum = checksum(w, p);
	memcpy(p->room + FRONT, &tcp, sizeof(tcp));
}

static void put_udp(struct packet *p, const struct way *w, struct slice bytes)
{
	struct udphdr udp = { .uh_sport = htons(w->sport), .uh_dport = htons(w->dport) };

	p->n = sizeof(udp) + bytes.n;
	udp.uh_ulen = htons((uint16_t)p->n);
	memcpy(p->room + FRONT, &udp, sizeof(udp));
	memcpy(p->room + FRONT + sizeof(udp), bytes.p, bytes.n);
	udp.uh_sum = checksum(w, p);
	if (!udp.uh_sum)
		udp.uh_sum = 0xffff; /* RFC 768: zero would say that there is none */
	memcpy(p->room + FRONT, &udp, sizeof(udp));
}

/* 0 or -errno. */
static int sent(int fd, const void *packet, size_t n, const void *to, socklen_t to_len)
{
	ssize_t r;

	do
		r = sendto(fd, packet, n, MSG_DONTWAIT, to, to_len);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == (ssize_t)n ? 0 : -EIO;
}

/*
 * Bytes at..at + n of the packet, the rest of which goes in other fragments.  The kernel
 * fills in the checksum and, where it is zero, the identification.
 */
static int send4(struct inject *in, const struct way *w, const struct packet *p, size_t at,
		 size_t n)
{
	bool whole = n == p->n, last = at + n == p->n;
	uint8_t out[sizeof(struct iphdr) + SEGMENT_BYTES];
	struct iphdr ip = {
		.version = 4, .ihl = 5, .tot_len = htons((uint16_t)(sizeof(ip) + n)),
		.ttl = HOPS, .protocol = w->proto, .id = whole ? 0 : htons((uint16_t)in->id | 1),
	};
	struct sockaddr_in to = { .sin_family = AF_INET };

	ip.frag_off = htons((uint16_t)(at / 8 | (last ? 0 : IP_MF) |
				       (w->proto == IPPROTO_TCP ? IP_DF : 0)));
	memcpy(&ip.saddr, w->from->b + 12, sizeof(ip.saddr));
	memcpy(&ip.daddr, w->to->b + 12, sizeof(ip.daddr));
	to.sin_addr.s_addr = ip.daddr;
	memcpy(out, &ip, sizeof(ip));
	memcpy(out + sizeof(ip), p->room + FRONT + at, n);
	return sent(in->fd4[w->untracked], out, sizeof(ip) + n, &to, sizeof(to));
}

static int send6(struct inject *in, const struct way *w, const struct packet *p, size_t at,
		 size_t n)
{
	bool whole = n == p->n, last = at + n == p->n;
	uint8_t out[FRONT + SEGMENT_BYTES];
	size_t more = whole ? 0 : sizeof(struct ip6_frag);
	struct ip6_frag frag = { .ip6f_nxt = w->proto, .ip6f_ident = htonl(in->id) };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	struct ip6_hdr ip = { 0 };

	ip.ip6_vfc = 6 << 4;
	ip.ip6_plen = htons((uint16_t)(more + n));
	ip.ip6_nxt = whole ? w->proto : IPPROTO_FRAGMENT;
	ip.ip6_hlim = HOPS;
	memcpy(&ip.ip6_src, w->from->b, sizeof(ip.ip6_src));
	memcpy(&ip.ip6_dst, w->to->b, sizeof(ip.ip6_dst));
	to.sin6_addr = ip.ip6_dst;
	if (IN6_IS_ADDR_LINKLOCAL(&to.sin6_addr))
		to.sin6_scope_id = w->link;
	frag.ip6f_offlg = htons((uint16_t)(at | (last ? 0 : 1)));
	memcpy(out, &ip, sizeof(ip));
	memcpy(out + sizeof(ip), &frag, more);
	memcpy(out + sizeof(ip) + more, p->room + FRONT + at, n);
	return sent(in->fd6[w->untracked], out, sizeof(ip) + more + n, &to, sizeof(to));
}

static int send_part(struct inject *in, const struct way *w, const struct packet *p, size_t at,
		     size_t n)
{
	if (addr_is_v4(w->to))
		return send4(in, w, p, at, n);
	return in->fd6[w->untracked] < 0 ? -EAFNOSUPPORT : send6(in, w, p, at, n);
}

/* With the header included the kernel does not make fragments. */
static bool send_fragments(struct inject *in, const struct way *w, const struct packet *p)
{
	size_t most = addr_is_v4(w->to) ? FRAGMENT4 : FRAGMENT6;

	in->id++;
	for (size_t at = 0; at < p->n; at += most)
		if (send_part(in, w, p, at, p->n - at < most ? p->n - at : most))
			return false;
	return true;
}

static bool send_packet(struct inject *in, const struct way *w, const struct packet *p)
{
	int r = send_part(in, w, p, 0, p->n);

	return r == -EMSGSIZE && w->proto == IPPROTO_UDP ? send_fragments(in, w, p) : r == 0;
}

/* RST and ACK, as a host that has closed answers (RFC 9293 3.10.7). */
static bool strike(struct inject *in, const struct way *w, uint32_t seq, uint32_t ack)
{
	struct packet p;

	put_tcp(&p, w, TH_RST | TH_ACK, seq, ack, SLICE_NONE);
	return send_packet(in, w, &p);
}

/* The inside end first: the server must let go whatever becomes of the other RST. */
bool inject_reset(struct inject *in, const struct reset *r, uint32_t link)
{
	const struct way inside = { &r->outside, &r->inside, r->outside_port, r->inside_port,
				    link, IPPROTO_TCP, false };
	const struct way outside = { &r->inside, &r->outside, r->inside_port, r->outside_port,
				     link, IPPROTO_TCP, false };
	bool one = r->ends == RESET_OUTSIDE ||
		   strike(in, &inside, r->to_inside, r->to_outside);
	bool other = r->ends == RESET_INSIDE ||
		     strike(in, &outside, r->to_outside, r->to_inside);

	return one && other;
}

bool inject_parcel(struct inject *in, const struct parcel *parcel, uint32_t link, bool untracked)
{
	const struct way w = { &parcel->from, &parcel->to, parcel->sport, parcel->dport, link,
			       parcel->tcp ? IPPROTO_TCP : IPPROTO_UDP, untracked };
	struct slice bytes = { parcel->bytes, parcel->n };
	struct packet p;

	if (parcel->n > PARCEL_BYTES || addr_is_v4(w.from) != addr_is_v4(w.to))
		return false;
	if (parcel->tcp)
		put_tcp(&p, &w, TH_PUSH | TH_ACK, parcel->seq, parcel->ack, bytes);
	else
		put_udp(&p, &w, bytes);
	return send_packet(in, &w, &p);
}
