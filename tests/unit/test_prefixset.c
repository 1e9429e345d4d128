/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of prefixes, against asking every prefix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "prefixset.h"

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(slice_of(text), &p), 0);
	return p;
}

static bool has(const struct prefixset *s, const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return prefixset_has(s, &a);
}

static void test_edges(void **state)
{
	struct prefix p[] = { prefix("198.51.100.0/25"), prefix("198.51.100.128/25"),
			      prefix("192.0.2.7"), prefix("2001:db8::/33"),
			      prefix("255.255.255.255"), prefix("0.0.0.0") };
	struct prefixset s = { NULL, 0 };

	(void)state;
	assert_false(has(&s, "192.0.2.7")); /* an empty set holds nothing */
	assert_int_equal(prefixset_build(&s, p, sizeof(p) / sizeof(p[0])), 0);
	assert_int_equal(s.n, 5); /* the two halves became one */
	assert_true(has(&s, "198.51.100.0"));
	assert_true(has(&s, "198.51.100.255"));
	assert_false(has(&s, "198.51.99.255"));
	assert_false(has(&s, "198.51.101.0"));
	assert_true(has(&s, "192.0.2.7"));
	assert_true(has(&s, "::ffff:192.0.2.7"));
	assert_false(has(&s, "192.0.2.8"));
	assert_true(has(&s, "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"));
	assert_false(has(&s, "2001:db8:8000::"));
	assert_true(has(&s, "0.0.0.0"));
	assert_false(has(&s, "0.0.0.1"));
	assert_true(has(&s, "255.255.255.255"));
	assert_false(has(&s, "::1:0:0:0"));
	assert_int_equal(prefixset_build(&s, NULL, 0), 0); /* what it held is freed */
	assert_false(has(&s, "192.0.2.7"));
	prefixset_free(&s);
}

static void test_everything(void **state)
{
	struct prefix p[] = { prefix("::/0"), prefix("192.0.2.0/24") };
	struct prefixset s = { NULL, 0 };

	(void)state;
	assert_int_equal(prefixset_build(&s, p, 2), 0);
	assert_int_equal(s.n, 1);
	assert_true(has(&s, "::"));
	assert_true(has(&s, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
	assert_true(has(&s, "203.0.113.1"));
	prefixset_free(&s);
	p[0] = prefix("0.0.0.0/0");
	assert_int_equal(prefixset_build(&s, p, 1), 0);
	assert_true(has(&s, "203.0.113.1"));
	assert_false(has(&s, "2001:db8::1"));
	prefixset_free(&s);
}

static uint8_t next_random(uint32_t *r)
{
	*r = *r * 1664525 + 1013904223;
	return (uint8_t)(*r >> 24);
}

/* Few distinct bytes and all lengths: many overlaps, neighbours and duplicates. */
static struct prefix random_prefix(uint32_t *r)
{
	struct prefix p = { { { 0 } }, 0 };

	for (unsigned i = 0; i < 16; i++)
		p.addr.b[i] = (uint8_t)"\x00\x01\x7f\xff"[next_random(r) % 4];
	p.len = next_random(r) % 129;
	p.addr = addr_masked(&p.addr, p.len ? p.len : (p.len = 1));
	return p;
}

static void test_oracle(void **state)
{
	uint32_t r = 3;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		struct prefix p[40];
		unsigned n = 1 + next_random(&r) % 40;
		struct prefixset s = { NULL, 0 };

		for (unsigned i = 0; i < n; i++)
			p[i] = random_prefix(&r);
		assert_int_equal(prefixset_build(&s, p, n), 0);
		for (unsigned i = 1; i < s.n; i++) /* sorted, disjoint, not touching */
			assert_true(memcmp(s.range[i - 1].hi.b, s.range[i].lo.b, 16) < 0);
		for (unsigned i = 0; i < 50; i++) {
			struct addr a = random_prefix(&r).addr;
			bool any = false;

			for (unsigned j = 0; j < n && !any; j++)
				any = prefix_has(&p[j], &a);
			assert_int_equal(prefixset_has(&s, &a), any);
		}
		for (unsigned i = 0; i < 50; i++) {
			struct prefix q = random_prefix(&r);
			bool any = false;

			for (unsigned j = 0; j < n && !any; j++)
				any = prefix_has(&p[j], &q.addr) || prefix_has(&q, &p[j].addr);
			assert_int_equal(prefixset_meets(&s, &q), any);
		}
		prefixset_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
