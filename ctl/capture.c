/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

/* libpcap's raw IP is 12 on most systems and 14 on OpenBSD; files carry 101 (see
 * pcap-linktype(7)), which some writers take over unchanged. */
#define DLT_RAW_BSD 12
#define DLT_RAW_OPENBSD 14
#define LINKTYPE_RAW 101

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

/* Far beyond any real date; keeps sums of nanoseconds inside 64 bits. */
#define SECONDS_MAX (UINT64_C(1) << 33)

struct capture {
	pcap_t *pcap;
	int link;
};

static bool link_known(int link)
{
	switch (link) {
	case DLT_EN10MB:
	case DLT_RAW_BSD:
	case DLT_RAW_OPENBSD:
	case LINKTYPE_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_NULL:
	case DLT_LOOP:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
		return true;
	default:
		return false;
	}
}

struct capture *capture_open(const char *file, char err[CAPTURE_ERROR])
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct capture *c = calloc(1, sizeof(*c));
	FILE *f = c ? fopen(file, "rb") : NULL;

	if (!f) {
		snprintf(err, CAPTURE_ERROR, "cannot be read: %s", strerror(errno));
		free(c);
		return NULL;
	}
	c->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!c->pcap) {
		snprintf(err, CAPTURE_ERROR, "is not a capture file: %s", why);
		fclose(f);
		free(c);
		return NULL;
	}
	c->link = pcap_datalink(c->pcap);
	if (link_known(c->link))
		return c;
	why[0] = '\0';
	if (pcap_datalink_val_to_name(c->link))
		snprintf(why, sizeof(why), " (%s)", pcap_datalink_val_to_name(c->link));
	snprintf(err, CAPTURE_ERROR, "has link type %d%s; only Ethernet, raw IP, Linux cooked "
		 "and null/loopback can be read", c->link, why);
	capture_close(c);
	return NULL;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	pcap_close(c->pcap);
	free(c);
}

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static struct slice from(const uint8_t *p, size_t n, size_t at)
{
	if (at >= n)
		return SLICE_NONE;
	return (struct slice){ (const char *)p + at, (uint32_t)(n - at) };
}

/* type stands at offset `type`, what it names begins at offset `at`; any number of
 * VLAN tags (IEEE 802.1Q, 802.1ad and the older 0x9100) may stand between. */
static struct slice behind_tags(const uint8_t *p, size_t n, size_t type, size_t at)
{
	while (type + 2 <= n) {
		switch (be16(p + type)) {
		case ETHERTYPE_IPV4:
		case ETHERTYPE_IPV6:
			return from(p, n, at);
		case 0x8100:
		case 0x88a8:
		case 0x9100:
			type = at + 2;
			at += 4;
			break;
		default:
			return SLICE_NONE;
		}
	}
	return SLICE_NONE;
}

/* The address family before the packet is in the byte order and with the numbers of
 * the system that captured: 2 is IPv4 everywhere; IPv6 is 10, 24, 28 or 30. */
static struct slice behind_family(const uint8_t *p, size_t n)
{
	unsigned family;

	if (n < 4)
		return SLICE_NONE;
	if (p[0] == 0 && p[1] == 0 && p[2] == 0)
		family = p[3];
	else if (p[1] == 0 && p[2] == 0 && p[3] == 0)
		family = p[0];
	else
		return SLICE_NONE;
	switch (family) {
	case 2:
	case 10:
	case 24:
	case 28:
	case 30:
		return from(p, n, 4);
	default:
		return SLICE_NONE;
	}
}

static struct slice link_strip(int link, const uint8_t *p, size_t n)
{
	switch (link) {
	case DLT_EN10MB:
		return behind_tags(p, n, 12, 14);
	case DLT_LINUX_SLL:
		return behind_tags(p, n, 14, 16);
	case DLT_LINUX_SLL2:
		return behind_tags(p, n, 0, 20);
	case DLT_NULL:
	case DLT_LOOP:
		return behind_family(p, n);
	default:
		return from(p, n, 0);
	}
}

static uint64_t when_of(const struct pcap_pkthdr *h)
{
	uint64_t s = h->ts.tv_sec < 0 ? 0 : (uint64_t)h->ts.tv_sec;
	uint64_t ns = h->ts.tv_usec < 0 ? 0 : (uint64_t)h->ts.tv_usec;

	if (s > SECONDS_MAX)
		s = SECONDS_MAX;
	return s * 1000000000u + ns % 1000000000u;
}

int capture_next(struct capture *c, struct capture_frame *out, char err[CAPTURE_ERROR])
{
	struct pcap_pkthdr *h;
	const u_char *bytes;

	switch (pcap_next_ex(c->pcap, &h, &bytes)) {
	case 1:
		out->when = when_of(h);
		out->ip = link_strip(c->link, bytes, h->caplen);
		out->cut = h->caplen < h->len;
		return 1;
	case PCAP_ERROR_BREAK:
		return 0;
	default:
		snprintf(err, CAPTURE_ERROR, "is damaged: %s", pcap_geterr(c->pcap));
		return -1;
	}
}
