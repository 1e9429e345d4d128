/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends SIP over UDP from many phones, as Ethernet frames, as fast as it can.
 *
 *   gen INTERFACE DESTINATION-MAC DESTINATION SECONDS
 *
 * Prints "SENT SECONDS CPU-SECONDS".  The phones are in 198.18.0.0/16, the range
 * for benchmarks (RFC 2544).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
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
#define HEADERS (sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(struct udphdr))

struct frame {
	uint16_t n;
	uint8_t bytes[1514];
};

struct target {
	struct ether_addr from, to;
	struct sockaddr_ll link;
	struct in_addr host;
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

static void frame_build(struct frame *f, const struct target *t, unsigned i)
{
	struct ether_header eth = { .ether_type = htons(ETHERTYPE_IP) };
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			    .frag_off = htons(IP_DF), .id = htons((uint16_t)i) };
	struct udphdr udp = { .dest = htons(5060) };
	struct in_addr from = { htonl(FIRST_PHONE + i) };
	char host[INET_ADDRSTRLEN];
	struct phone phone = { host, 5060 + i * 7919u % 1500, i };
	size_t n;

	inet_ntop(AF_INET, &from, host, sizeof(host));
	n = message_build((char *)f->bytes + HEADERS, sizeof(f->bytes) - HEADERS, &phone, i);
	memcpy(eth.ether_dhost, &t->to, ETH_ALEN);
	memcpy(eth.ether_shost, &t->from, ETH_ALEN);
	ip.saddr = from.s_addr;
	ip.daddr = t->host.s_addr;
	ip.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(udp) + n));
	ip.check = checksum(add_words(&ip, sizeof(ip), 0));
	udp.source = htons((uint16_t)phone.port);
	udp.len = htons((uint16_t)(sizeof(udp) + n));
	memcpy(f->bytes, &eth, sizeof(eth));
	memcpy(f->bytes + sizeof(eth), &ip, sizeof(ip));
	memcpy(f->bytes + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
	/* the pseudo header: both addresses, the protocol and the length */
	udp.check = checksum(add_words(f->bytes + sizeof(eth) + sizeof(ip), sizeof(udp) + n,
				       add_words(&ip.saddr, 8, IPPROTO_UDP + sizeof(udp) + n)));
	memcpy(f->bytes + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
	f->n = (uint16_t)(HEADERS + n);
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
	if (!ether_aton_r(mac, &t->to) || inet_pton(AF_INET, host, &t->host) != 1) {
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
static int send_batch(int fd, struct frame *frames, unsigned first)
{
	struct mmsghdr mm[BATCH] = { 0 };
	struct iovec iov[BATCH];
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		struct frame *f = &frames[(first + i) % PHONES];

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
	struct target target;
	unsigned long sent = 0;
	double start, end, limit;
	int fd, n = 0;

	if (argc != 5 || !frames) {
		fprintf(stderr, "usage: gen INTERFACE DESTINATION-MAC DESTINATION SECONDS\n");
		return 2;
	}
	fd = target_open(&target, argv[1], argv[2], argv[3]);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	for (unsigned i = 0; i < PHONES; i++)
		frame_build(&frames[i], &target, i);
	start = seconds(CLOCK_MONOTONIC);
	limit = start + strtod(argv[4], NULL);
	for (end = start; end < limit && n >= 0; end = seconds(CLOCK_MONOTONIC)) {
		n = send_batch(fd, frames, (unsigned)(sent % PHONES));
		sent += n > 0 ? (unsigned)n : 0;
	}
	if (n < 0)
		perror("sendmmsg");
	printf("%lu %.4f %.4f\n", sent, end - start, seconds(CLOCK_PROCESS_CPUTIME_ID));
	free(frames);
	return n < 0;
}
