/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told to HOMER: each packet read back chunk by chunk by a reader of its own, of both
 * families, of messages whole, several, damaged, too long, and of what was found in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "check.h"
#include "hepwire.h"

#define INVITE(id) "INVITE sip:1@192.0.2.1 SIP/2.0\r\n" \
	"Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n" \
	"From: <sip:2@192.0.2.1>;tag=1\r\nTo: <sip:1@192.0.2.1>\r\nCall-ID: " id "\r\n" \
	"CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"

static const struct hep_self self = { 2001, "secret", "gate" };
static struct sip_msg msg;
static uint8_t room[HEP_BYTES];

/* One packet of HEP, by its chunks. */
struct packet {
	struct slice chunk[32];
	unsigned chunks;
};
static struct {
	struct packet p;
	uint8_t bytes[HEP_BYTES];
	size_t n;
} got[40];
static unsigned gots;

static uint32_t number(struct slice s)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < s.n; i++)
		v = v << 8 | (uint8_t)s.p[i];
	return v;
}

static void read_back(struct packet *p, const uint8_t *bytes, size_t n)
{
	const char *at = (const char *)bytes;

	*p = (struct packet){ .chunks = 0 };
	assert_true(n >= 6 && n <= HEP_BYTES);
	assert_memory_equal(at, "HEP3", 4);
	assert_int_equal(number((struct slice){ at + 4, 2 }), n);
	for (size_t i = 6; i < n;) {
		uint32_t type, length;

		assert_true(n - i >= 6);
		assert_int_equal(number((struct slice){ at + i, 2 }), 0);
		type = number((struct slice){ at + i + 2, 2 });
		length = number((struct slice){ at + i + 4, 2 });
		assert_true(length > 6 && length <= n - i);
		assert_true(type < 32);
		assert_null(p->chunk[type].p); /* none twice */
		p->chunk[type] = (struct slice){ at + i + 6, length - 6 };
		p->chunks++;
		i += length;
	}
}

static void take(void *arg, const uint8_t *bytes, size_t n)
{
	(void)arg;
	assert_true(gots < 40);
	memcpy(got[gots].bytes, bytes, n);
	got[gots].n = n;
	read_back(&got[gots].p, got[gots].bytes, n);
	gots++;
}

static void tell(const struct hep_record *r, struct slice payload)
{
	gots = 0;
	hep_tell(&self, r, payload, &msg, room, take, NULL);
}

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static struct hep_record record(const char *src, const char *dst)
{
	return (struct hep_record){ .when = 1700000000123456789, .src = addr_of(src),
				    .dst = addr_of(dst), .sport = 5062, .dport = 5060,
				    .proto = PROTO_UDP, .check = CHECK_NONE };
}

static void is(struct slice got_it, struct slice want)
{
	assert_int_equal(got_it.n, want.n);
	assert_memory_equal(got_it.p, want.p, want.n);
}

static void test_message(void **arg)
{
	static const char text[] = "\r\n" INVITE("abc@x");
	struct hep_record r = record("203.0.113.9", "192.0.2.1");

	(void)arg;
	tell(&r, SLICE(text));
	assert_int_equal(gots, 1);
	const struct slice *c = got[0].p.chunk;

	assert_int_equal(got[0].p.chunks, 14);
	assert_int_equal(number(c[1]), 2);
	assert_int_equal(number(c[2]), 17);
	is(c[3], (struct slice){ "\xcb\x00\x71\x09", 4 });
	is(c[4], (struct slice){ "\xc0\x00\x02\x01", 4 });
	assert_int_equal(number(c[7]), 5062);
	assert_int_equal(number(c[8]), 5060);
	assert_int_equal(number(c[9]), 1700000000);
	assert_int_equal(number(c[10]), 123456);
	assert_int_equal(number(c[11]), 1);
	assert_int_equal(number(c[12]), 2001);
	is(c[14], SLICE("secret"));
	is(c[15], SLICE(INVITE("abc@x")));
	is(c[17], SLICE("abc@x"));
	is(c[19], SLICE("gate"));
	for (unsigned i = 1; i <= 12; i++) /* what readers take for numbers has their width */
		assert_int_equal(c[i].n, i == 5 || i == 6 ? 0 : i == 1 || i == 2 || i == 11 ? 1 :
					 i == 7 || i == 8 ? 2 : 4);
}

static void test_finding(void **arg)
{
	static const char text[] = INVITE("abc@x");
	static const char want[] = "{\"event\":\"verdict\",\"verdict\":\"reject\",\"check\":\"";
	struct hep_record r = record("2001:db8:66::9", "2001:db8::1");
	struct pkt pkt = { .src = r.src, .dst = r.dst, .sport = 1, .dport = 2, .proto = 17 };
	struct decision d = { .verdict = VERDICT_REJECT, .check = 0, .code = 403, .ban = 60 };
	struct slice c;

	(void)arg;
	snprintf(d.reason, sizeof(d.reason), "it says \"x\"");
	memset(d.evidence, '\\', sizeof(d.evidence) - 1);
	hep_record_fill(&r, r.when, &pkt, &d);
	tell(&r, SLICE(text));
	assert_int_equal(gots, 2);
	assert_int_equal(number(got[0].p.chunk[1]), 10);
	is(got[0].p.chunk[5], (struct slice){ (const char *)r.src.b, 16 });
	is(got[0].p.chunk[6], (struct slice){ (const char *)r.dst.b, 16 });
	assert_null(got[0].p.chunk[3].p);
	assert_int_equal(number(got[1].p.chunk[11]), 100);
	is(got[1].p.chunk[17], SLICE("abc@x"));
	c = got[1].p.chunk[15];
	assert_true(c.n > sizeof(want) && c.p[c.n - 1] == '}');
	assert_memory_equal(c.p, want, sizeof(want) - 1);
	assert_non_null(memmem(c.p, c.n, "\"reason\":\"it says \\\"x\\\"\"", 24));
	assert_non_null(memmem(c.p, c.n, "\"source\":\"2001:db8:66::/64\"", 27));
	assert_non_null(memmem(c.p, c.n, ",\"observed\":false,\"code\":403,\"ban\":60}", 38));
}

/* What is no SIP is not sent as such, and what was found in it is. */
static void test_damaged(void **arg)
{
	struct hep_record r = record("203.0.113.9", "192.0.2.1");

	(void)arg;
	tell(&r, SLICE("\x16\x03\x01 no message"));
	assert_int_equal(gots, 0);
	r.check = 0;
	tell(&r, SLICE("\x16\x03\x01 no message"));
	assert_int_equal(gots, 1);
	assert_int_equal(number(got[0].p.chunk[11]), 100);
	assert_null(got[0].p.chunk[17].p);
	tell(&r, SLICE_NONE);
	assert_int_equal(gots, 1);
	/* without a Call-ID, without an end */
	tell(&r, SLICE("INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n"));
	assert_int_equal(gots, 2);
	assert_null(got[0].p.chunk[17].p);
}

static void test_stream(void **arg)
{
	static const char text[] = INVITE("first") INVITE("second") "INV";
	struct hep_record r = record("203.0.113.9", "192.0.2.1");
	char *many = malloc(64 * sizeof(INVITE("x")));

	(void)arg;
	r.proto = PROTO_TCP;
	r.check = 0;
	tell(&r, SLICE(text));
	assert_int_equal(gots, 3);
	is(got[0].p.chunk[15], SLICE(INVITE("first")));
	is(got[1].p.chunk[15], SLICE(INVITE("second")));
	is(got[2].p.chunk[17], SLICE("second"));
	for (unsigned i = 0; i < 64; i++)
		memcpy(many + i * (sizeof(INVITE("x")) - 1), INVITE("x"), sizeof(INVITE("x")));
	r.check = CHECK_NONE;
	tell(&r, slice_of(many));
	assert_int_equal(gots, 32);
	free(many);
}

/* Random damage: whatever it is, each packet can be read back. */
static void test_odd_bytes(void **arg)
{
	static const char text[] = INVITE("first") INVITE("second");
	struct hep_record r = record("203.0.113.9", "192.0.2.1");
	char odd[sizeof(text)];
	unsigned seed = 7;

	(void)arg;
	r.check = 0;
	for (unsigned i = 0; i < 20000; i++) {
		memcpy(odd, text, sizeof(text));
		for (unsigned k = 0; k < i % 9; k++) {
			seed = seed * 1103515245 + 12345;
			odd[(seed >> 8) % sizeof(odd)] = (char)(seed >> 24);
		}
		r.proto = i % 2 ? PROTO_TCP : PROTO_UDP;
		tell(&r, (struct slice){ odd, (uint32_t)(sizeof(odd) - i % 300) });
		assert_true(gots >= 1 && gots <= 33);
	}
}

static void test_too_long(void **arg)
{
	struct hep_record r = record("2001:db8:66::9", "2001:db8::1");
	char *text = malloc(65535);
	int n = snprintf(text, 65535, "%s", INVITE("a"));

	(void)arg;
	memset(text + n, 'x', 65535 - (size_t)n);
	tell(&r, (struct slice){ text, 65535 });
	assert_int_equal(gots, 1);
	assert_int_equal(got[0].n, HEP_BYTES);
	is(got[0].p.chunk[15], (struct slice){ text, got[0].p.chunk[15].n });
	assert_true(got[0].p.chunk[15].n > 64000);
	/* a Call-ID of that size is no correlation */
	memset(text, 0, 65535);
	n = snprintf(text, 65535, "%s", "BYE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\nCall-ID: ");
	memset(text + n, 'c', 4000);
	memcpy(text + n + 4000, "\r\n\r\n", 5);
	tell(&r, slice_of(text));
	assert_int_equal(gots, 1);
	assert_null(got[0].p.chunk[17].p);
	free(text);
}

static void test_bare(void **arg)
{
	static const struct hep_self bare = { 0, "", "" };
	struct hep_record r = record("203.0.113.9", "192.0.2.1");

	(void)arg;
	gots = 0;
	hep_tell(&bare, &r, SLICE(INVITE("a")), &msg, room, take, NULL);
	assert_int_equal(gots, 1);
	assert_int_equal(number(got[0].p.chunk[12]), 0);
	assert_null(got[0].p.chunk[14].p);
	assert_null(got[0].p.chunk[19].p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message), cmocka_unit_test(test_finding),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_stream),
		cmocka_unit_test(test_odd_bytes), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_bare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
