/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing on the packet path allocates: thousands of packets of all kinds, good
 * and broken, go through the shipped default config, and malloc is not called
 * once, by us or by a library.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "check.h"
#include "engine.h"

static _Thread_local bool counting;
static _Thread_local unsigned long calls;

static void count_call(void)
{
	if (counting)
		calls++;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
/* the sanitizers' own allocators tell of each call here */
void __sanitizer_malloc_hook(const volatile void *p, size_t n);
void __sanitizer_free_hook(const volatile void *p);

void __sanitizer_malloc_hook(const volatile void *p, size_t n)
{
	(void)p, (void)n;
	count_call();
}

void __sanitizer_free_hook(const volatile void *p)
{
	if (p)
		count_call();
}
#else
/* glibc's, under the names that it keeps for those who put theirs in front */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t k, size_t n);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

void *malloc(size_t n)
{
	count_call();
	return __libc_malloc(n);
}

void *calloc(size_t k, size_t n)
{
	count_call();
	return __libc_calloc(k, n);
}

void *realloc(void *p, size_t n)
{
	count_call();
	return __libc_realloc(p, n);
}

void free(void *p)
{
	if (p)
		count_call();
	__libc_free(p);
}
#endif

#define ROOM 2048
#define PACKETS 40000

/* each takes the host of the sender and a number */
static const char *const requests[] = {
	"REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:1001@example.net>\r\nCall-ID: c1\r\n"
	"CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:1001@192.0.2.9>\r\n"
	"User-Agent: Acme 1\r\nContent-Length: 0\r\n\r\n",
	"REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:1001@example.net>\r\nCall-ID: c1\r\n"
	"CSeq: 2 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:1001@192.0.2.9>\r\n"
	"Authorization: Digest username=\"1001\", realm=\"example.net\", nonce=\"n0nce\","
	" uri=\"sip:example.net\", response=\"0123456789abcdef0123456789abcdef\"\r\n"
	"User-Agent: Acme 1\r\nContent-Length: 0\r\n\r\n",
	"INVITE sip:2002@example.net SIP/2.0\r\nv: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"f: \"A\" <sip:1001@example.net>;tag=a\r\nt: <sip:2002@example.net>\r\ni: c2\r\n"
	"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nm: <sip:1001@192.0.2.9>\r\n"
	"User-Agent: friendly-scanner\r\nl: 0\r\n\r\n",
	"INVITE sip:2002@example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:2002@example.net>\r\nCall-ID: c3\r\n"
	"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:1@192.0.2.9;x=\">,<sip:a@b;y=\">\r\n"
	"User-Agent: Acme 1\r\nContent-Length: 0\r\n\r\n",
	"ACK sip:2002@example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:2002@example.net>;tag=srv\r\n"
	"Call-ID: c2\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
	"OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 0;branch=%u\r\nUser-Agent: sip\r\n cli\r\n\r\n",
	"\r\n\r\n%.0s%.0u", "GET / HTTP/1.0\r\n\r\n%.0s%.0u", "%.0s%.0u",
};

static const char *const responses[] = {
	"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:1001@example.net>;tag=srv\r\n"
	"Call-ID: c1\r\nCSeq: 1 REGISTER\r\nWWW-Authenticate: Digest realm=\"example.net\","
	" nonce=\"n0nce\"\r\nContent-Length: 0\r\n\r\n",
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:1001@example.net>;tag=srv\r\n"
	"Call-ID: c1\r\nCSeq: 2 REGISTER\r\nContact: <sip:1001@192.0.2.9>;expires=600\r\n"
	"Content-Length: 0\r\n\r\n",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t dice(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* IPv4 or IPv6 header for n bytes behind it; the last bytes of from and to vary */
static size_t ip_header(uint8_t *p, bool six, uint8_t proto, uint32_t from, bool inbound, size_t n)
{
	static const uint8_t inside4[4] = { 192, 0, 2, 130 };
	uint8_t *src, *dst;

	memset(p, 0, 40);
	if (six) {
		p[0] = 0x60;
		put16(p + 4, n);
		p[6] = proto;
		p[7] = 64;
		src = p + (inbound ? 8 : 24);
		dst = p + (inbound ? 24 : 8);
		memcpy(src, "\x20\x01\x0d\xb8\x00\x66", 6);
		memcpy(src + 12, &from, 4);
		memcpy(dst, "\x20\x01\x0d\xb8\x00\x00\x00\x02", 8);
		dst[15] = 0x30;
		return 40;
	}
	p[0] = 0x45;
	put16(p + 2, n + 20);
	p[8] = 64;
	p[9] = proto;
	memcpy(p + (inbound ? 16 : 12), inside4, 4);
	memcpy(p + (inbound ? 12 : 16), (uint8_t[]){ 203, 0, 113, (uint8_t)from }, 4);
	return 20;
}

static size_t build(uint8_t *out, uint32_t *seed)
{
	bool inbound = dice(seed) % 4 != 0, tcp = dice(seed) % 5 == 0, six = dice(seed) % 3 == 0;
	const char *form = inbound ? requests[dice(seed) % COUNT(requests)] :
				     responses[dice(seed) % COUNT(responses)];
	size_t inner = tcp ? 20 : 8, header = six ? 40 : 20;
	uint8_t *l4 = out + header;
	char text[ROOM / 2];
	size_t n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = (size_t)snprintf(text, sizeof(text), form, "203.0.113.9", dice(seed) % 1000);
#pragma GCC diagnostic pop
	for (unsigned i = dice(seed) % 3 ? 0 : dice(seed) % 6; i && n; i--)
		text[dice(seed) % n] = (char)dice(seed);
	ip_header(out, six, tcp ? 6 : 17, dice(seed) % 600, inbound, inner + n);
	memset(l4, 0, inner);
	put16(l4, inbound ? 1024 + dice(seed) % 100 : 5060);
	put16(l4 + 2, inbound ? 5060 : 1024 + dice(seed) % 100);
	if (tcp)
		l4[12] = 0x50, l4[13] = 0x18;
	else
		put16(l4 + 4, n + 8);
	memcpy(l4 + inner, text, n);
	n += header + inner;
	return dice(seed) % 20 ? n : dice(seed) % (n + 1); /* some are cut short */
}

static struct ruleset *load(void)
{
	struct conf_report report = { 0 };
	struct ruleset *rs;
	struct prefix inside[2];

	rs = ruleset_load("systemd/sipmoat.conf", &report);
	for (unsigned i = 0; i < report.n; i++)
		print_message("%s\n", report.note[i].text);
	conf_report_free(&report);
	assert_non_null(rs);
	assert_int_equal(prefix_parse(SLICE("192.0.2.128/25"), &inside[0]), 0);
	assert_int_equal(prefix_parse(SLICE("2001:db8:0:2::/64"), &inside[1]), 0);
	assert_int_equal(ruleset_set_inside(rs, inside, 2), 0);
	return rs;
}

static void test_packet_path(void **unused)
{
	static const uint8_t secret[16] = "packets, no heap";
	uint8_t packet[ROOM];
	struct decision d;
	struct ruleset *rs;
	struct state *st;
	struct scratch *scratch;
	unsigned long bans = 0, drops = 0, responses_read = 0, differences = 0;
	uint32_t seed = 20260101;

	(void)unused;
	counting = true;
	rs = load();
	assert_true(calls > 0); /* the counter counts */
	counting = false;
	calls = 0;
	st = state_new(ruleset_settings(rs), secret);
	scratch = scratch_new();
	assert_non_null(st);
	assert_non_null(scratch);
	for (unsigned i = 0; i < PACKETS; i++) {
		size_t n = build(packet, &seed);
		struct pkt pkt;

		counting = true;
		pkt_decode(&pkt, packet, n);
		engine_run(rs, st, scratch, &pkt, NS + i * (NS / 500), &d);
		counting = false;
		drops += d.verdict == VERDICT_DROP;
		bans += d.ban > 0;
		responses_read += d.kind == SIP_RESPONSE;
		differences += strcmp(check_name(d.check), "strict") == 0;
	}
	print_message("%u packets, %lu responses, %lu dropped, %lu bans: %lu allocations\n",
		      PACKETS, responses_read, drops, bans, calls);
	assert_int_equal(calls, 0);
	/* the packets did reach the corners */
	assert_true(bans > 0 && drops > bans && responses_read > 0 && differences > 0);
	scratch_free(scratch);
	state_free(st);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_packet_path) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
