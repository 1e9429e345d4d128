/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "message.h"

static void assert_slice(struct slice s, const char *text)
{
	if (s.n != strlen(text) || (s.n && memcmp(s.p, text, s.n) != 0))
		fail_msg("\"%.*s\" should be \"%s\"", (int)s.n, s.p, text);
}

static void bodies_are_framed(void **unused)
{
	static struct sip_msg m;
	struct guard g;

	(void)unused;
	g = parse(&m, SLICE(LINE HEAD "l: 2\r\n\r\nbody"));
	assert_slice(m.body, "bo");
	assert_slice(m.rest, "dy");
	assert_int_equal(m.content_length, 2);
	guard_free(&g);
	g = parse(&m, SLICE(LINE HEAD "\r\nbody"));
	assert_slice(m.body, "body");
	assert_int_equal(m.rest.n, 0);
	assert_int_equal(m.content_length, -1);
	guard_free(&g);
	g = parse(&m, SLICE(LINE HEAD "l: 9\r\n\r\nbody"));
	assert_slice(m.body, "body");
	guard_free(&g);
}

static void what_is_recorded(void **unused)
{
	static struct sip_msg m;
	struct guard g = parse(&m, SLICE("\r\nREGISTER sip:pbx.example.org SIP/2.0\r\n" VIA
					 "m : <sip:a@b>,\r\n\t<sip:c@d> \r\n" FROM
					 "T\x01: <sip:t@t>\r\n" TO ID "CSeq: 42 REGISTER\r\n"
					 "X-Flag: one\r\nContact:<sip:e@f>\r\n\r\n"));
	struct slice v;
	unsigned at = 0;

	(void)unused;
	assert_int_equal(m.method, METHOD_REGISTER);
	assert_slice(m.method_name, "REGISTER");
	assert_slice(m.uri, "sip:pbx.example.org");
	assert_int_equal(m.cseq, 42);
	assert_int_equal(m.lines, 9);
	assert_int_equal(m.count, 9);
	assert_int_equal(m.seen[HDR_TO], 2); /* a careless server takes "T\x01" for To */
	assert_slice(sip_first(&m, HDR_TO), "<sip:t@t>");
	assert_int_equal(m.seen[HDR_OTHER], 1);
	assert_true(sip_next(&m, HDR_CONTACT, &at, &v));
	assert_slice(v, "<sip:a@b>,\r\n\t<sip:c@d>");
	assert_true(sip_next(&m, HDR_CONTACT, &at, &v));
	assert_slice(v, "<sip:e@f>");
	assert_false(sip_next(&m, HDR_CONTACT, &at, &v));
	assert_false(sip_next(&m, HDR_CONTACT, &at, &v));
	assert_int_equal(sip_first(&m, HDR_EVENT).n, 0);
	assert_memory_equal(m.all.p + m.defect_at[DEFECT_HEADER_NAME], "T\x01", 2);
	guard_free(&g);

	g = parse(&m, SLICE("SIP/2.0 401 No way\r\n" HEAD "\r\n"));
	assert_int_equal(m.status, 401);
	assert_slice(m.reason, "No way");
	assert_int_equal(m.method, METHOD_OPTIONS);
	guard_free(&g);
}

/* The last line that is read is read, and what stands behind it is no matter. */
static void many_headers(void **unused)
{
	static char text[1 << 16];
	static struct sip_msg m;

	(void)unused;
	for (unsigned more = 0; more < 2; more++) {
		size_t n = (size_t)snprintf(text, sizeof(text), LINE);
		struct guard g;

		for (unsigned i = 6; i < SIP_MAX_HEADERS + more; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s: 1\r\n",
					      i % 2 ? "X" : "Z");
		n += (size_t)snprintf(text + n, sizeof(text) - n, HEAD "\r\nbody");
		g = parse(&m, (struct slice){ text, (uint32_t)n });
		assert_int_equal(m.lines, SIP_MAX_HEADERS + more);
		assert_int_equal(m.count, SIP_MAX_HEADERS);
		assert_int_equal(m.seen[HDR_SESSION_EXPIRES], 61);
		assert_int_equal(m.seen[HDR_MAX_FORWARDS], !more);
		assert_int_equal(m.defects, more ? 1ull << DEFECT_TOO_MANY_HEADERS : 0);
		assert_slice(sip_first(&m, HDR_CALL_ID), "5b21c0de@192.0.2.31");
		assert_slice(m.body, more ? "" : "body");
		guard_free(&g);
	}
}

/* A fold costs as much as a header, and nobody sends so many. */
static void many_folds(void **unused)
{
	static char text[4096];
	static struct sip_msg m;

	(void)unused;
	for (unsigned folds = 254; folds < 258; folds++) {
		size_t n = (size_t)snprintf(text, sizeof(text), LINE HEAD "Subject: x");
		struct guard g;

		for (unsigned i = 0; i < folds; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n x");
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n\r\n");
		g = parse(&m, (struct slice){ text, (uint32_t)n });
		assert_int_equal(m.defects, folds > 255 ? 1ull << DEFECT_TOO_MANY_HEADERS : 0);
		guard_free(&g);
	}
}

static void every_name_is_known(void **unused)
{
	static const char *const name[] = {
#define X(id, text, compact) text,
		SIP_HEADERS(X)
#undef X
	};
	static const char letter[] = {
#define X(id, text, compact) compact,
		SIP_HEADERS(X)
#undef X
	};

	(void)unused;
	for (unsigned h = 0; h < HDR_OTHER; h++) {
		char other[32];
		size_t n = strlen(name[h]);

		assert_int_equal(sip_header_of(slice_of(name[h])), h);
		assert_string_equal(sip_header_name(h), name[h]);
		for (size_t i = 0; i <= n; i++)
			other[i] = name[h][i] >= 'A' && name[h][i] <= 'z' ?
					   (char)(name[h][i] ^ 0x20) : name[h][i];
		assert_int_equal(sip_header_of(slice_of(other)), h);
		other[n - 1] = '_';
		assert_int_equal(sip_header_of(slice_of(other)), HDR_OTHER);
		if (letter[h])
			assert_int_equal(sip_header_of((struct slice){ &letter[h], 1 }), h);
	}
	assert_int_equal(sip_header_of(SLICE("z")), HDR_OTHER);
	assert_int_equal(sip_header_of(SLICE("\0")), HDR_OTHER);
	assert_int_equal(sip_header_of(SLICE("")), HDR_OTHER);
	for (unsigned i = 1; i < METHOD_COUNT; i++)
		assert_int_equal(sip_method_of(slice_of(sip_method_name(i))), i);
	assert_int_equal(sip_method_of(SLICE("invite")), METHOD_UNKNOWN);
	assert_int_equal(sip_method_of(SLICE("UNKNOWN")), METHOD_UNKNOWN);
}

static bool within(const struct sip_msg *m, struct slice s)
{
	return s.n == 0 || (s.p >= m->all.p && s.p + s.n <= m->all.p + m->all.n);
}

/* What must hold of a view whatever the bytes were. */
static void assert_sane(const struct sip_msg *m)
{
	assert_true(m->count <= sizeof(m->hdr) / sizeof(m->hdr[0]));
	assert_true(within(m, m->body) && within(m, m->rest) && within(m, m->uri));
	assert_true(within(m, m->method_name) && within(m, m->reason));
	for (unsigned i = 0; i < m->count; i++)
		assert_true(within(m, m->hdr[i].name) && within(m, m->hdr[i].value));
	for (unsigned h = 0; h < HDR_COUNT; h++)
		assert_true(!m->seen[h] || m->hdr[m->first[h]].id == h);
	for (unsigned d = 0; d < DEFECT_READ_COUNT; d++)
		assert_true(!sip_defective(m, d) || m->defect_at[d] <= m->all.n);
}

static const char whole[] =
	LINE "v: SIP / 2.0 / UDP a:1;x=\"\\\"\";\r\n branch=1\r\n" FROM TO ID CSEQ
	"Contact: \"a\\\"\" <sip:a@b>, *\r\nl: 4\r\nX\x01: \"\\\0\"\r\nMax-Forwards: 70\r\n\r\n"
	"bodySIP/2.0 200 OK\r\n";

static void any_cut_is_safe(void **unused)
{
	static struct sip_msg m;

	(void)unused;
	for (uint32_t n = 0; n < sizeof(whole); n++) {
		struct guard g = parse(&m, (struct slice){ whole, n });

		assert_sane(&m);
		guard_free(&g);
	}
}

static void any_bytes_are_safe(void **unused)
{
	static const char spice[] = "\r\n\0 :;,<>\"\\/@\t\x80";
	static struct sip_msg m;
	char text[sizeof(whole)];
	uint32_t x = 7;

	(void)unused;
	for (unsigned round = 0; round < 20000; round++) {
		struct guard g;

		memcpy(text, whole, sizeof(text));
		for (unsigned i = 0; i <= round % 4; i++) {
			x = x * 1664525u + 1013904223u;
			text[(x >> 8) % sizeof(text)] = spice[(x >> 24) % sizeof(spice)];
		}
		g = parse(&m, (struct slice){ text, sizeof(text) - (x >> 28) });
		assert_sane(&m);
		guard_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_framed),
		cmocka_unit_test(what_is_recorded),
		cmocka_unit_test(many_headers),
		cmocka_unit_test(many_folds),
		cmocka_unit_test(every_name_is_known),
		cmocka_unit_test(any_cut_is_safe),
		cmocka_unit_test(any_bytes_are_safe),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
