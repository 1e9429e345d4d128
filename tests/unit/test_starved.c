/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A config is loaded while memory runs out, at every allocation of our own in
 * turn: it loads, or says that it does not, and never crashes.  Allocations of
 * libraries are left alone: libconfig 1.5 survives none that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#ifndef OWN_MALLOC
#define OWN_MALLOC 1
#endif

#if OWN_MALLOC
static uint64_t left = UINT64_MAX; /* of our own allocations that succeed */
static bool for_good;                   /* memory does not come back */
static unsigned long seen;              /* allocations of our own */

extern const char __executable_start, etext;
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

/* A call from our own objects, which are part of the program, has bad luck. */
static bool fails(const void *caller)
{
	if ((const char *)caller < &__executable_start || (const char *)caller >= &etext)
		return false;
	if (left == 0)
		return true;
	if (--left == 0) {
		left = for_good ? 0 : UINT64_MAX;
		return true;
	}
	seen++;
	return false;
}

void *malloc(size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}
#endif

static const char config[] =
	"inside = [ \"192.0.2.1\" ];\n"
	"trusted = { addresses = [ \"198.51.100.0/24\", \"file:peers.txt\" ]; };\n"
	"agent = { deny = [ \"x\", \"/y+/\" ]; allow = [ \"/z/\" ]; };\n"
	"country = { mode = \"enforce\"; deny = [ \"FR\" ]; asn_deny = [ \"AS64496\" ]; };\n"
	"zones = ( { name = \"a\"; addresses = [ \"203.0.113.0/24\" ]; trust = true; },\n"
	"  { name = \"b\"; countries = [ \"DE\" ]; asns = [ \"AS64497\" ]; agent = { deny = [ "
	"\"w\" ]; }; } );\n";

static void prepare(struct confdir *d)
{
	char command[512], text[128];

	snprintf(command, sizeof(command), "tests/lib/mmdb.py %s/c.mmdb maxmind && "
		 "tests/lib/mmdb.py %s/a.mmdb asn", d->path, d->path);
	assert_int_equal(system(command), 0);
	snprintf(text, sizeof(text), "geo = { country = \"c.mmdb\"; asn = \"a.mmdb\"; };\n");
	confdir_write(d, "conf.d/geo.conf", text);
	confdir_write(d, "lists/peers.txt", "198.51.100.1\n198.51.100.2\n");
	confdir_write(d, "sipmoat.conf", config);
}

#if OWN_MALLOC
static unsigned starve(struct confdir *d, bool good)
{
	unsigned refused = 0;

	for (unsigned long n = 1;; n++) {
		struct ruleset *rs;
		uint64_t rest;

		conf_report_free(&d->report);
		for_good = good;
		left = n;
		rs = ruleset_load(d->main, &d->report);
		rest = left;
		left = UINT64_MAX;
		assert_true((rs == NULL) == (d->report.errors > 0));
		refused += rs == NULL;
		ruleset_free(rs);
		/* what failed was said */
		assert_true((rest && rest <= n) || d->report.n || d->report.errors);
		/* the end: memory was still left, n was more than it takes */
		if (rest != 0 && rest <= n)
			break;
	}
	assert_int_equal(d->report.n, 0);
	return refused;
}
#endif

static void test_starved(void **state)
{
	struct confdir *d = confdir_new();
	struct ruleset *rs;

	(void)state;
	prepare(d);
	rs = confdir_load(d);
	if (!rs || d->report.n)
		confdir_print(d);
	assert_non_null(rs);
	ruleset_free(rs);
#if OWN_MALLOC
	assert_true(seen > 0); /* the trick works here */
	assert_true(starve(d, false) > 20);
	assert_true(starve(d, true) > 20);
#endif
	confdir_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
