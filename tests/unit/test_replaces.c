/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that a request names to take them over: as headers, and in a URI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "sip/replaces.h"

struct row {
	const char *text, *header, *call_id, *to_tag, *from_tag; /* header NULL: none */
};

static void compare(const struct row *r, bool found, const struct replaced *out)
{
	if (found != (r->header != NULL))
		fail_msg("%s: %s", r->text, found ? "found" : "not found");
	if (found && (!slice_eq(out->header, slice_of(r->header)) ||
		      !slice_eq(out->call_id, slice_of(r->call_id)) ||
		      !slice_eq(out->to_tag, slice_of(r->to_tag)) ||
		      !slice_eq(out->from_tag, slice_of(r->from_tag))))
		fail_msg("%s: %.*s %.*s to %.*s from %.*s", r->text, (int)out->header.n,
			 out->header.p, (int)out->call_id.n, out->call_id.p, (int)out->to_tag.n,
			 out->to_tag.p, (int)out->from_tag.n, out->from_tag.p);
}

static bool of_headers(const char *lines, struct replaces_walk *w, struct sip_msg *sip,
		       struct replaced *out)
{
	static char text[1024];

	if (!w->at) {
		snprintf(text, sizeof(text), "INVITE sip:b@x SIP/2.0\r\nCall-ID: own\r\n%s\r\n",
			 lines);
		sip_parse(sip, slice_of(text));
	}
	return replaces_next(sip, w, out);
}

static void test_headers(void **unused)
{
	static const struct row rows[] = {
		{ "Replaces: a@b;to-tag=1;from-tag=2\r\n", "Replaces", "a@b", "1", "2" },
		{ "replaces : a@b ; from-tag=2 ; to-tag=1;early-only\r\n", "Replaces", "a@b", "1",
		  "2" },
		{ "JOIN: a@b;TO-TAG=1;from-tag=2\r\n", "Join", "a@b", "1", "2" },
		/* RFC 3891 3: a tag of 0 is none */
		{ "Replaces: a@b;to-tag=0;from-tag=0\r\n", "Replaces", "a@b", "", "" },
		{ "Replaces: a@b;to-tag=00;from-tag=2\r\n", "Replaces", "a@b", "00", "2" },
		{ "Replaces: a@b\r\n", "Replaces", "a@b", "", "" },
		{ "Replaces: ;to-tag=1;from-tag=2\r\n", NULL, "", "", "" },
		{ "Replaces:\r\n", NULL, "", "", "" },
		{ "X-Replaces: a@b;to-tag=1\r\n", NULL, "", "", "" },
		{ "Replaces: a@b;\r\n to-tag=1;from-tag=2\r\n", "Replaces", "a@b", "1", "2" },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct replaces_walk w = { 0 };
		struct replaced out;
		struct sip_msg sip;

		compare(&rows[i], of_headers(rows[i].text, &w, &sip, &out), &out);
	}
}

static void test_several(void **unused)
{
	static const char lines[] = "Replaces: one;to-tag=1;from-tag=2\r\nReplaces: ;x\r\n"
				    "Join: two;to-tag=3;from-tag=4\r\n";
	struct replaces_walk w = { 0 };
	struct replaced out;
	struct sip_msg sip;

	(void)unused;
	assert_true(of_headers(lines, &w, &sip, &out));
	assert_true(slice_eq(out.call_id, SLICE("one")));
	assert_true(replaces_next(&sip, &w, &out));
	assert_true(slice_eq(out.call_id, SLICE("two")) && slice_eq(out.header, SLICE("Join")));
	assert_false(replaces_next(&sip, &w, &out));
}

/* RFC 3261 19.1.1: headers of a URI, escaped. */
static void test_in_uri(void **unused)
{
	static const struct row rows[] = {
		{ "Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2", "Replaces", "a@b", "1", "2" },
		{ "?Replaces=a%40b%3bto-tag%3d1%3bfrom-tag%3d2", "Replaces", "a@b", "1", "2" },
		{ "Subject=x&Replaces=a;to-tag=1;from-tag=2", "Replaces", "a", "1", "2" },
		{ "%52eplaces=a%3Bto-tag%3D1", "Replaces", "a", "1", "" },
		{ "jOiN=a%3Bto-tag%3D1&Replaces=b", "Join", "a", "1", "" },
		{ "Replaces&Join", NULL, "", "", "" },
		{ "Replaces=&X=Replaces", NULL, "", "", "" },
		{ "&&?&=&", NULL, "", "", "" },
		{ "", NULL, "", "", "" },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct replaces_walk w = { .rest = slice_of(rows[i].text) };
		struct replaced out;

		compare(&rows[i], replaces_next_in(&w, &out), &out);
	}
}

/* What finds no room is not read beyond it. */
static void test_long(void **unused)
{
	char text[2048] = "Replaces=";
	struct replaces_walk w = { .rest = SLICE_NONE };
	struct replaced out;

	(void)unused;
	for (size_t i = 9; i < sizeof(text) - 4; i += 3)
		memcpy(text + i, "%41", 4);
	w.rest = slice_of(text);
	while (replaces_next_in(&w, &out))
		assert_true(out.call_id.n <= sizeof(text));
	assert_int_equal(w.rest.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_in_uri),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
