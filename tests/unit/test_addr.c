/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "addr.h"
#include "guard.h"

static struct addr addr_of(const char *text)
{
	struct guard g = guard_new(slice_of(text));
	struct addr a;

	assert_int_equal(addr_parse(g.bytes, &a), 0);
	guard_free(&g);
	return a;
}

static void addresses_print_as_written(void **unused)
{
	static const char *const same[] = { "0.0.0.0", "198.51.100.7", "255.255.255.255", "::",
					    "2001:db8::1", "2001:db8:1:2:3:4:5:6" };
	char text[ADDR_TEXT];

	(void)unused;
	for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct addr a = addr_of(same[i]);

		assert_int_equal(addr_print(&a, text), strlen(same[i]));
		assert_string_equal(text, same[i]);
	}
}

static void mapped_is_ipv4(void **unused)
{
	struct addr mapped = addr_of("::ffff:198.51.100.7"), plain = addr_of("198.51.100.7");
	char text[ADDR_TEXT];

	(void)unused;
	assert_true(addr_eq(&mapped, &plain));
	assert_true(addr_is_v4(&mapped));
	addr_print(&mapped, text);
	assert_string_equal(text, "198.51.100.7");
}

static void nonsense_is_refused(void **unused)
{
	static const char *const bad[] = { "",        "1",          "1.2.3",    "1.2.3.4.5",
					   "256.1.1.1", "2001:db8::1::2", " 1.2.3.4", "1.2.3.4 ",
					   "[2001:db8::1]", "pbx",
					   "2001:db8:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1" };
	static const char *const bad_prefix[] = { "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1",
						  "192.0.2.0/08", "2001:db8::/129", "/8", "1/8",
						  "192.0.2.0/24/24", "192.0.2.0/2x" };
	struct slice nul = { "192.0.2.1\0", 10 };
	struct addr a;
	struct prefix p;

	(void)unused;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(addr_parse(slice_of(bad[i]), &a) < 0);
		assert_true(prefix_parse(slice_of(bad[i]), &p) < 0);
	}
	assert_true(addr_parse(nul, &a) < 0);
	for (unsigned i = 0; i < sizeof(bad_prefix) / sizeof(bad_prefix[0]); i++)
		assert_true(prefix_parse(slice_of(bad_prefix[i]), &p) < 0);
}

static void prefixes(void **unused)
{
	static const struct {
		const char *in, *out;
		unsigned len;
	} row[] = {
		{ "192.0.2.77/24", "192.0.2.0/24", 120 },
		{ "192.0.2.77/32", "192.0.2.77", 128 },
		{ "192.0.2.77", "192.0.2.77", 128 },
		{ "0.0.0.0/0", "0.0.0.0/0", 96 },
		{ "203.0.113.129/25", "203.0.113.128/25", 121 },
		{ "2001:db8:1:2:3::4/64", "2001:db8:1:2::/64", 64 },
		{ "2001:db8::4/127", "2001:db8::4/127", 127 },
		{ "2001:db8::5", "2001:db8::5", 128 },
		{ "::/0", "::/0", 0 },
		{ "::ffff:192.0.2.9/120", "192.0.2.0/24", 120 },
	};
	char text[PREFIX_TEXT];

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct guard g = guard_new(slice_of(row[i].in));
		struct prefix p;

		assert_int_equal(prefix_parse(g.bytes, &p), 0);
		assert_int_equal(p.len, row[i].len);
		assert_int_equal(prefix_print(&p, text), strlen(row[i].out));
		assert_string_equal(text, row[i].out);
		guard_free(&g);
	}
}

static void a_prefix_has_its_own(void **unused)
{
	struct addr in = addr_of("192.0.2.130"), out = addr_of("192.0.2.127"), six;
	struct prefix p;

	(void)unused;
	assert_int_equal(prefix_parse(SLICE("192.0.2.128/25"), &p), 0);
	assert_true(prefix_has(&p, &in));
	assert_false(prefix_has(&p, &out));
	assert_int_equal(prefix_parse(SLICE("0.0.0.0/0"), &p), 0);
	six = addr_of("2001:db8::1");
	assert_false(prefix_has(&p, &six));
	six = addr_site(&six);
	assert_int_equal(prefix_parse(SLICE("2001:db8::/64"), &p), 0);
	assert_true(addr_eq(&six, &p.addr));
}

/* As inet_aton() reads it, which getaddrinfo() does for many servers. */
static void test_odd_forms(void **unused)
{
	static const char *const good[] = { "192.0.2.10", "0300.0.2.10", "192.0.522", "192.522",
					    "3221225994", "0xc000020a", "0XC0.0x0.02.012" };
	static const char *const bad[] = { "", ".", "192", "192.0.2.", ".192.0.2.10", "192..2.10",
					   "192.0.2.256", "192.0.65536", "4294967296", "0x", "08",
					   "192.0.2.10.0", "0x1g", "192.0.2.10 ",
					   "99999999999999999999999999999", "0x1c000020a" };
	struct addr want, a;

	(void)unused;
	assert_int_equal(addr_parse(slice_of("192.0.2.10"), &want), 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(addr_parse_odd(slice_of(good[i]), &a), 0);
		assert_true(addr_eq(&a, &want));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(addr_parse_odd(slice_of(bad[i]), &a) < 0 || !addr_eq(&a, &want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_forms),
		cmocka_unit_test(addresses_print_as_written),
		cmocka_unit_test(mapped_is_ipv4),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(a_prefix_has_its_own),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
