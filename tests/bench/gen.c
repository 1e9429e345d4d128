/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends SIP over UDP from many phones, as Ethernet frames, as fast as it can.
 *
 *   gen INTERFACE DESTINATION-MAC DESTINATION SECONDS [PREFIX/LENGTH COUNT]
 *
 * Prints "SENT SECONDS CPU-SECONDS".  The phones are in 198.18.0.0/16, the range
 * for benchmarks (RFC 2544); with a prefix each packet comes from a random one of
 * COUNT addresses all over it, whatever its message says.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

#define PHONES 16384
#define FIRST_PHONE 0xc6120001u /* 198.18.0.1 */
#define BATCH 64
#define ETHER sizeof(struct ether_header)

struct frame {
	uint16_t n;
	uint8_t bytes[1514];
	uint32_t ip_rest, udp_rest; /* sums of all but the source */
};

/* Who sends: addresses all over a prefix, or, with length 0, each frame's own. */
struct crowd {
	uint8_t base[16];
	unsigned length, count;
	uint64_t dice;
};

struct target {
	struct ether_addr from, to;
	struct sockaddr_ll link;
	bool v6;
	uint8_t host[16];
};

static uint32_t add_words(const void *p, size_t n, uint32_t sum)
{
	const uint8_t *b = p;

	for (; n > 1; n -= 2, b += 2)
		sum += (uint32_t)(b[0] << 8 | b[1]);
	return n ? sum + (uint32_t)(b[0] << 8) : sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static size_t address_bytes(const struct target *t)
{
	return t->v6 ? 16 : 4;
}

static size_t head_bytes(const struct target *t)
{
	return t->v6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
}

/* The source, and both sums: of IPv6 there is only the one of UDP (RFC 8200 8.1). */
static void frame_sign(struct frame *f, const struct target *t, const uint8_t *source)
{
	size_t n = address_bytes(t), udp = ETHER + head_bytes(t);
	uint16_t sum = checksum(add_words(source, n, f->udp_rest));

	sum = sum ? sum : 0xffff;
	memcpy(f->bytes + udp + offsetof(struct udphdr, check), &sum, sizeof(sum));
	memcpy(f->bytes + ETHER + (t->v6 ? 8 : 12), source, n);
	sum = checksum(add_words(source, n, f->ip_rest));
	if (!t->v6)
		memcpy(f->bytes + ETHER + offsetof(struct iphdr, check), &sum, sizeof(sum));
}

/* All of the header but source and sum. */
static void put_head(struct frame *f, const struct target *t, size_t bytes, unsigned i)
{
	uint8_t *at = f->bytes + ETHER;
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			    .frag_off = htons(IP_DF), .id = htons((uint16_t)i),
			    .tot_len = htons((uint16_t)(sizeof(ip) + bytes)) };
	struct ip6_hdr ip6 = { 0 };

	if (t->v6) {
		ip6.ip6_flow = htonl(6u << 28);
		ip6.ip6_plen = htons((uint16_t)bytes);
		ip6.ip6_nxt = IPPROTO_UDP;
		ip6.ip6_hlim = 64;
		memcpy(&ip6.ip6_dst, t->host, sizeof(ip6.ip6_dst));
		memcpy(at, &ip6, sizeof(ip6));
	} else {
		memcpy(&ip.daddr, t->host, sizeof(ip.daddr));
		memcpy(at, &ip, sizeof(ip));
		f->ip_rest = add_words(at, sizeof(ip), 0);
	}
}

static void frame_build(struct frame *f, const struct target *t, unsigned i)
{
	struct ether_header eth = { .ether_type = htons(t->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP) };
	struct udphdr udp = { .dest = htons(5060) };
	struct in_addr from = { htonl(FIRST_PHONE + i) };
	size_t at = ETHER + head_bytes(t), n;
	char host[INET_ADDRSTRLEN];
	struct phone phone = { host, 5060 + i * 7919u % 1500, i };
	uint8_t source[16] = { 0x20, 1, 0, 2 }; /* of IPv6 2001:2::/48 (RFC 5180) */

	inet_ntop(AF_INET, &from, host, sizeof(host));
	n = message_build((char *)f->bytes + at + sizeof(udp), sizeof(f->bytes) - at - sizeof(udp),
			  &phone, i);
	memcpy(eth.ether_dhost, &t->to, ETH_ALEN);
	memcpy(eth.ether_shost, &t->from, ETH_ALEN);
	memcpy(f->bytes, &eth, sizeof(eth));
	put_head(f, t, sizeof(udp) + n, i);
	udp.source = htons((uint16_t)phone.port);
	udp.len = htons((uint16_t)(sizeof(udp) + n));
	memcpy(f->bytes + at, &udp, sizeof(udp));
	/* the pseudo header: both addresses, the protocol and the length */
	f->udp_rest = add_words(t->host, address_bytes(t),
				add_words(f->bytes + at, sizeof(udp) + n,
					  (uint32_t)(IPPROTO_UDP + sizeof(udp) + n)));
	f->n = (uint16_t)(at + sizeof(udp) + n);
	memcpy(t->v6 ? source + 12 : source, &from, sizeof(from));
	frame_sign(f, t, source);
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* One of them at random; which bits it has below the prefix depends on its number alone. */
static void crowd_pick(struct crowd *c, const struct target *t, uint8_t out[16])
{
	size_t n = address_bytes(t);
	uint64_t bits;

	c->dice += 0x9e3779b97f4a7c15u;
	bits = mix(1 + mix(c->dice) % c->count);
	memcpy(out, c->base, n);
	for (size_t i = n; i-- > 0 && i * 8 >= c->length; bits >>= 8)
		out[i] = (uint8_t)bits;
}

static int crowd_open(struct crowd *c, const struct target *t, const char *prefix,
		      const char *count)
{
	char address[INET6_ADDRSTRLEN];

	c->count = (unsigned)strtoul(count, NULL, 10);
	if (sscanf(prefix, "%45[^/]/%u", address, &c->length) != 2 || !c->count ||
	    inet_pton(t->v6 ? AF_INET6 : AF_INET, address, c->base) != 1)
		return -1;
	/* whole bytes, and no more bits to choose than there are in the dice */
	return c->length % 8 || c->length < 8 || c->length >= 8 * address_bytes(t) ? -1 : 0;
}

static int target_open(struct target *t, const char *dev, const char *mac, const char *host)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1, room = 8 << 20;
	struct ifreq ifr = { 0 };

	if (fd < 0)
		return -1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		return -1;
	memcpy(&t->from, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	if (ioctl(fd, SIOCGIFINDEX, &ifr))
		return -1;
	t->link = (struct sockaddr_ll){ .sll_family = AF_PACKET, .sll_ifindex = ifr.ifr_ifindex };
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	t->v6 = strchr(host, ':') != NULL;
	if (!ether_aton_r(mac, &t->to) ||
	    inet_pton(t->v6 ? AF_INET6 : AF_INET, host, t->host) != 1) {
		errno = EINVAL;
		return -1;
	}
	return bind(fd, (struct sockaddr *)&t->link, sizeof(t->link)) ? -1 : fd;
}

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Sends BATCH frames from first on; how many went out, or -1. */
static int send_batch(int fd, const struct target *t, struct crowd *c, struct frame *frames,
		      unsigned first)
{
	struct mmsghdr mm[BATCH] = { 0 };
	struct iovec iov[BATCH];
	uint8_t source[16];
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		struct frame *f = &frames[(first + i) % PHONES];

		if (c->length) {
			crowd_pick(c, t, source);
			frame_sign(f, t, source);
		}
		iov[i] = (struct iovec){ f->bytes, f->n };
		mm[i].msg_hdr.msg_iov = &iov[i];
		mm[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(fd, mm, BATCH, 0);
	return n < 0 && (errno == ENOBUFS || errno == EAGAIN || errno == EINTR) ? 0 : n;
}

int main(int argc, char **argv)
{
	struct frame *frames = calloc(PHONES, sizeof(*frames));
	struct crowd crowd = { .length = 0 };
	struct target target = { 0 };
	unsigned long sent = 0;
	double start, end, limit;
	int fd, n = 0;

	if ((argc != 5 && argc != 7) || !frames) {
		fprintf(stderr, "usage: gen INTERFACE DESTINATION-MAC DESTINATION SECONDS "
			"[PREFIX/LENGTH COUNT]\n");
		return 2;
	}
	fd = target_open(&target, argv[1], argv[2], argv[3]);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	if (argc == 7 && crowd_open(&crowd, &target, argv[5], argv[6])) {
		fprintf(stderr, "%s: no prefix of whole bytes\n", argv[5]);
		return 2;
	}
	for (unsigned i = 0; i < PHONES; i++)
		frame_build(&frames[i], &target, i);
	start = seconds(CLOCK_MONOTONIC);
	limit = start + strtod(argv[4], NULL);
	for (end = start; end < limit && n >= 0; end = seconds(CLOCK_MONOTONIC)) {
		n = send_batch(fd, &target, &crowd, frames, (unsigned)(sent % PHONES));
		sent += n > 0 ? (unsigned)n : 0;
	}
	if (n < 0)
		perror("sendmmsg");
	printf("%lu %.4f %.4f\n", sent, end - start, seconds(CLOCK_PROCESS_CPUTIME_ID));
	free(frames);
	return n < 0;
}
