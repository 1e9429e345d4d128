/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `sipmoat doctor` finds of interfaces, routes and databases, on written-down places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "placed.h"

static void test_links(void **state)
{
	struct field *t = *state;

	finds(t, "merging", HEALTH_UNKNOWN, "");
	t->place.link = calloc(1, sizeof(*t->place.link));
	t->place.links = 1;
	finds(t, "merging", HEALTH_UNKNOWN, "no interface tells");
	*t->place.link = (struct place_link){ .name = "eth0", .known = true, .lro = true };
	finds(t, "merging", HEALTH_OK, "");
	put(t, "/proc/sys/net/ipv4/ip_forward", "1\n");
	finds(t, "merging", HEALTH_WARN, "eth0 merges TCP");
	*t->place.link = (struct place_link){ .name = "eth0", .known = true, .merges_udp = true };
	finds(t, "merging", HEALTH_WARN, "eth0 merges UDP");
	put(t, "/proc/sys/net/ipv4/conf/all/rp_filter", "1\n");
	put(t, "/proc/net/netstat", "TcpExt: A IPReversePathFilter B\nTcpExt: 7 0 9\nIpExt: C\n");
	finds(t, "rp-filter", HEALTH_OK, "strict on 1");
	put(t, "/proc/net/netstat", "TcpExt: A IPReversePathFilter B\nTcpExt: 7 12 9\nIpExt: C\n");
	finds(t, "rp-filter", HEALTH_WARN, "dropped 12 packets, and is strict on eth0");
	put(t, "/proc/sys/net/ipv4/conf/eth0/rp_filter", "2\n");
	finds(t, "rp-filter", HEALTH_OK, "not strict");
}

static void route(struct field *t, const char *to, const char *link)
{
	struct host *h = &t->place.host;
	struct host_route *r;

	h->route = reallocarray(h->route, h->routes + 1, sizeof(*r));
	assert_non_null(h->route);
	r = &h->route[h->routes++];
	*r = (struct host_route){ .metric = 0 };
	assert_int_equal(prefix_parse(slice_of(to), &r->to), 0);
	snprintf(r->link, sizeof(r->link), "%s", link);
}

/* Strict is right where the default route is, and where nothing was ever dropped. */
static void test_way_back(void **state)
{
	struct field *t = *state;

	t->place.link = calloc(2, sizeof(*t->place.link));
	t->place.links = 2;
	snprintf(t->place.link[0].name, sizeof(t->place.link[0].name), "wan0");
	snprintf(t->place.link[1].name, sizeof(t->place.link[1].name), "lan0");
	route(t, "0.0.0.0/0", "wan0");
	put(t, "/proc/net/netstat", "TcpExt: A IPReversePathFilter B\nTcpExt: 7 12 9\nIpExt: C\n");
	put(t, "/proc/sys/net/ipv4/conf/wan0/rp_filter", "1\n");
	finds(t, "rp-filter", HEALTH_OK, "strict on 1");
	put(t, "/proc/sys/net/ipv4/conf/lan0/rp_filter", "1\n");
	finds(t, "rp-filter", HEALTH_WARN, "is strict on lan0");
	put(t, "/proc/sys/net/ipv4/conf/all/rp_filter", "2\n");
	finds(t, "rp-filter", HEALTH_OK, "not strict");
}

static void test_forgery(void **state)
{
	struct field *t = *state;

	config(t, "inside = [ \"2001:db8::10\", \"192.0.2.10\", \"203.0.113.7\" ];");
	route(t, "0.0.0.0/0", "wan0");
	route(t, "192.0.2.0/25", "lan0");
	finds(t, "forgery", HEALTH_WARN, "inside 203.0.113.7 lies behind wan0");
	t->place.host.address = calloc(1, sizeof(*t->place.host.address));
	t->place.host.addresses = 1;
	assert_int_equal(addr_parse(SLICE("203.0.113.7"), &t->place.host.address[0].addr), 0);
	finds(t, "forgery", HEALTH_OK, "no server lies");
}

/* Told is the older one of two. */
static void test_databases(void **state)
{
	static const struct {
		const char *country, *asn; /* days before now */
		enum health health;
		const char *text;
	} rows[] = {
		{ "1", "1", HEALTH_OK, "of countries is 1 days" },
		{ "91", "1", HEALTH_WARN, "of countries is 91 days" },
		{ "1", "91", HEALTH_WARN, "of networks is 91 days" },
		{ "90", "1", HEALTH_OK, "of countries is 90 days" },
		{ "90", NULL, HEALTH_OK, "of countries is 90 days" },
	};
	struct field *t = *state;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024];

		snprintf(text, sizeof(text),
			 "cd %s && for f in 'c maxmind %s' 'a asn %s'; do set -- $f; "
			 "[ -z \"$3\" ] || $OLDPWD/tests/lib/mmdb.py "
			 "--built $((2000000000 - $3 * 86400)) $1 $2; done",
			 t->dir->path, rows[i].country, rows[i].asn ? rows[i].asn : "");
		assert_int_equal(system(text), 0);
		snprintf(text, sizeof(text), "geo = { country = \"%s/c\"; asn = \"%s/%s\"; };",
			 t->dir->path, t->dir->path, rows[i].asn ? "a" : "none");
		config(t, text);
		finds(t, "databases", rows[i].health, rows[i].text);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_links), T(test_way_back), T(test_forgery), T(test_databases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
