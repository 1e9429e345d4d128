/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All feeds of a kind together, against asking every entry; and whom they may not hit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "feedguard.h"

static struct feed_text text_of(const char *bytes, enum feed_list list)
{
	struct feed_text t;

	assert_null(feed_read(&t, bytes, strlen(bytes), list, FEED_AUTO));
	return t;
}

static struct addr addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static bool has(const struct feedmix *m, const char *text)
{
	struct addr a = addr(text);

	return feedmix_has(m, &a);
}

static void test_merge(void **state)
{
	struct feed_text a = text_of("192.0.2.7\n192.0.2.7\n198.51.100.9\n203.0.113.0/25\n"
				     "2001:db8::1\n2001:db8:1::/48\n", FEED_BLOCK);
	struct feed_text b = text_of("203.0.113.128/25\n198.51.100.0/28\n192.0.2.7\n192.0.2.8\n"
				     "2001:db8:2::/48\n2001:db8:1:2::3\n", FEED_BLOCK);
	const struct feed_text *both[] = { &a, &b };
	struct feedmix m;

	(void)state;
	assert_int_equal(feedmix_build(&m, both, 2), 0);
	assert_int_equal(m.hosts, 3); /* 192.0.2.7 and .8, 2001:db8::1: the others lie in nets */
	assert_int_equal(m.nets.n, 3); /* neighbours are one */
	assert_true(has(&m, "203.0.113.255"));
	assert_true(has(&m, "2001:db8:2:ffff::1"));
	assert_false(has(&m, "2001:db8:3::"));
	assert_false(has(&m, "192.0.2.6"));
	feedmix_free(&m);
	assert_int_equal(feedmix_build(&m, NULL, 0), 0);
	assert_false(has(&m, "192.0.2.7"));
	feedmix_free(&m);
	feed_text_free(&a);
	feed_text_free(&b);
}

static uint32_t next(uint32_t *seed)
{
	return *seed = *seed * 1664525 + 1013904223, *seed >> 8;
}

static void one_round(uint32_t *seed)
{
	char bytes[4096] = "";
	unsigned n = next(seed) % 60;
	struct feed_text t;
	const struct feed_text *one = &t;
	struct feedmix m;

	for (unsigned i = 0; i < n; i++)
		snprintf(bytes + strlen(bytes), sizeof(bytes) - strlen(bytes),
			 next(seed) % 3 ? "203.0.113.%u/%u\n" : "2001:db8::%x/%u\n",
			 next(seed) % 256, 25 + next(seed) % 8);
	t = text_of(bytes, FEED_BLOCK);
	assert_int_equal(feedmix_build(&m, &one, 1), 0);
	for (unsigned i = 0; i < 256; i++) {
		struct addr a = addr_v4((const uint8_t[4]){ 203, 0, 113, (uint8_t)i });
		bool listed = false;

		for (size_t k = 0; k < t.n; k++)
			listed |= prefix_has(&t.item[k].who, &a);
		assert_int_equal(feedmix_has(&m, &a), listed);
	}
	for (size_t i = 1; i < m.hosts; i++)
		assert_true(memcmp(&m.host[i - 1], &m.host[i], sizeof(*m.host)) < 0);
	for (size_t i = 0; i < m.hosts; i++)
		assert_null(feedmix_meets(&m.nets, &m.host[i], &m.host[i]));
	feedmix_free(&m);
	feed_text_free(&t);
}

static void test_model(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		one_round(&seed);
}

/* Inside, trusted and the never list as they come; NULL: the list may be used. */
static void must_hit(const struct feedguard *g, const char *list, const char *want)
{
	struct feed_text t = text_of(list, FEED_BLOCK);
	char why[FEEDGUARD_TEXT] = "";
	bool hit = feedguard_hit(g, &t, why);

	assert_int_equal(hit, want != NULL);
	assert_string_equal(why, want ? want : "");
	feed_text_free(&t);
}

static void test_guard(void **state)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(NULL, &report);
	struct settings s = *ruleset_settings(rs);
	struct state *st = state_new(&s, (const uint8_t[16]){ 1 });
	struct prefix inside = { addr("192.0.2.130"), 128 };
	struct never never = { { addr("192.0.2.1"), 128 }, "a gateway of this host" };
	struct addr known[] = { addr("203.0.113.5"), addr("2001:db8:7::"), addr("203.0.113.99") };
	struct feed_text friends = text_of("203.0.113.99\n", FEED_ALLOW);
	const struct feed_text *one = &friends;
	struct feedmix allowed;
	struct feedguard g;

	(void)state;
	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	assert_int_equal(ruleset_set_never(rs, &never, 1), 0);
	assert_int_equal(feedguard_init(&g, rs), 0);
	assert_int_equal(feedmix_build(&allowed, &one, 1), 0);
	assert_int_equal(feedguard_known(&g, known, 3, st, &allowed), 0);
	must_hit(&g, "198.51.100.1\n192.0.2.0/25\n", "line 2, 192.0.2.0/25, would block 192.0.2.1, "
		 "which is a gateway of this host");
	must_hit(&g, "192.0.2.128/26\n", "line 1, 192.0.2.128/26, would block 192.0.2.130, "
		 "which is inside");
	must_hit(&g, "203.0.113.4/31\n", "line 1, 203.0.113.4/31, would block 203.0.113.5, "
		 "which is known: it has registered or called");
	must_hit(&g, "2001:db8:7::9\n", "line 1, 2001:db8:7::9, would block 2001:db8:7::/64, "
		 "which is known: it has registered or called");
	must_hit(&g, "203.0.113.99\n203.0.113.6\n203.0.113.0/30\n2001:db8:7:1::/64\n", NULL);
	feedguard_free(&g);
	feedmix_free(&allowed);
	feed_text_free(&friends);
	state_free(st);
	ruleset_free(rs);
	conf_report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
