/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of whom sites asked for: never more than they did. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "state/dialled.h"
#include "state/memory.h"
#include "state/scans.h"
#include "state/sketch.h"
#include "state/state.h"

#define START (1000 * NS)

static const struct settings sizes = { .meters = 1024, .sources = 1024, .tokens = 1024,
				       .registrants = 1024, .transactions = 1024,
				       .scans = 4096, .flows = 512, .ban_max = 64,
				       .stream_memory = 64 };

static struct state *state(uint8_t n)
{
	const uint8_t seed[16] = { n, (uint8_t)(n * 7), 3 };
	struct state *st = state_new(&sizes, seed);

	assert_non_null(st);
	return st;
}

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

/* An answer to a request for a user, and what was asked. */
struct reply {
	const char *site;
	uint16_t port;
	enum sip_method method;
	unsigned status, user, before, flags;
	bool again;
	uint64_t now;
	const char *to; /* URI, or NULL */
};

static void learn(struct state *st, const struct reply *a)
{
	char user[16];
	struct slice text = { user, (uint32_t)snprintf(user, sizeof(user), "%u", a->user) };
	struct addr outside = addr(a->site), whose = addr_site(&outside);
	struct pkt pkt = { .dir = DIR_OUTBOUND };
	struct sip_msg sip = { .kind = SIP_RESPONSE, .method = a->method,
			       .status = (uint16_t)a->status };
	struct names names = { .site = key_of_addr(st, &whose) };
	struct transaction asked = { .site = names.site, .target = name_bytes(st, 9, text),
				     .status = (uint16_t)a->before, .method = (uint8_t)a->method,
				     .flags = (uint8_t)a->flags };
	struct lesson l = { .pkt = &pkt, .sip = &sip, .names = &names, .outside = outside,
			    .inside = addr("192.0.2.10"), .outside_port = a->port,
			    .again = a->again, .asked = &asked, .now = a->now };

	if (a->to)
		sip.to.uri = slice_of(a->to);
	scans_learn(st, &l);
}

static struct scan_facts find(struct state *st, const char *site, uint16_t port, uint64_t now)
{
	struct addr a = addr(site), whose = addr_site(&a);
	struct scan_facts f;

	scans_find(st, key_of_addr(st, &whose), port, 600, now, &f);
	return f;
}

static struct reply answer(enum sip_method method, unsigned status, unsigned user, uint64_t now)
{
	return (struct reply){ .site = "203.0.113.9", .port = 5060, .method = method,
				.status = status, .user = user, .now = now };
}

/* However the hash falls, n targets never count as more than n, and nearly as n. */
static void test_never_more(void **unused)
{
	(void)unused;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct state *st = state((uint8_t)seed);

		for (unsigned n = 1; n <= 60; n++) {
			struct reply a = answer(METHOD_INVITE, 404, seed * 100 + n, START + n);
			struct scan_facts f;

			learn(st, &a);
			learn(st, &a); /* the same target again */
			f = find(st, a.site, 5060, a.now);
			assert_true(f.refused <= n);
			assert_true(n < 20 || f.refused >= n - n / 4);
			assert_int_equal(f.refused, f.port_refused);
			assert_int_equal(f.around_refused, f.refused);
		}
		state_free(st);
	}
}

static void test_what_answers_say(void **unused)
{
	static const struct {
		enum sip_method method;
		unsigned status, before, flags, refused, reached;
	} row[] = {
		{ METHOD_INVITE, 404, 0, 0, 1, 0 },    { METHOD_INVITE, 403, 0, 0, 1, 0 },
		{ METHOD_INVITE, 410, 0, 0, 1, 0 },    { METHOD_INVITE, 480, 0, 0, 1, 0 },
		{ METHOD_INVITE, 484, 0, 0, 1, 0 },    { METHOD_INVITE, 604, 0, 0, 1, 0 },
		{ METHOD_REGISTER, 404, 0, 0, 1, 0 },  { METHOD_OPTIONS, 404, 0, 0, 1, 0 },
		{ METHOD_INVITE, 404, 100, 0, 1, 0 },  { METHOD_INVITE, 480, 180, 0, 0, 0 },
		{ METHOD_INVITE, 180, 0, 0, 0, 1 },    { METHOD_INVITE, 200, 180, 0, 0, 1 },
		{ METHOD_INVITE, 486, 0, 0, 0, 1 },    { METHOD_INVITE, 503, 0, 0, 0, 0 },
		{ METHOD_INVITE, 100, 0, 0, 0, 0 },    { METHOD_INVITE, 487, 180, 0, 0, 0 },
		{ METHOD_MESSAGE, 202, 0, 0, 0, 1 },   { METHOD_OPTIONS, 200, 0, 0, 0, 0 },
		{ METHOD_INVITE, 404, 0, TXN_INSIDE, 0, 0 },
		{ METHOD_INVITE, 404, 0, TXN_IN_DIALOG, 0, 0 },
		{ METHOD_INVITE, 603, 0, 0, 0, 0 },    { METHOD_INVITE, 302, 0, 0, 0, 0 },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct state *st = state(1);
		struct reply first = answer(METHOD_INVITE, 404, 1, START), a;
		struct scan_facts f;

		learn(st, &first); /* good news alone makes no record */
		a = answer(row[i].method, row[i].status, 2, START);
		a.before = row[i].before;
		a.flags = row[i].flags;
		learn(st, &a);
		f = find(st, a.site, 5060, START);
		assert_int_equal(f.refused, 1 + row[i].refused);
		assert_int_equal(f.reached, row[i].reached);
		assert_int_equal(f.open, 0);
		a.again = true;
		a.user = 3;
		learn(st, &a);
		assert_int_equal(find(st, a.site, 5060, START).refused, f.refused);
		state_free(st);
	}
}

/* A challenge counts when nobody came back to it for a while. */
static void test_open(void **unused)
{
	struct state *st = state(2);
	struct reply a = answer(METHOD_REGISTER, 401, 0, START);
	uint64_t later = START + 2 * SCANS_GRACE * NS;

	(void)unused;
	for (a.user = 0; a.user < 10; a.user++)
		learn(st, &a);
	assert_int_equal(find(st, a.site, 5060, START).open, 0);
	assert_int_equal(find(st, a.site, 5060, START + SCANS_GRACE * NS - 1).open, 0);
	assert_int_equal(find(st, a.site, 5060, START + SCANS_GRACE * NS).open, 0);
	assert_in_range(find(st, a.site, 5060, later).open, 9, 10);
	assert_in_range(find(st, a.site, 5060, later).port_open, 9, 10);
	assert_int_equal(find(st, a.site, 5061, later).port_open, 0);
	/* credentials that were not accepted change nothing */
	a = (struct reply){ a.site, 5060, METHOD_REGISTER, 403, 3, 0, TXN_LOGIN, false, later };
	learn(st, &a);
	assert_in_range(find(st, a.site, 5060, later).open, 9, 10);
	assert_false(find(st, a.site, 5060, later).login);
	a.status = 200;
	for (a.user = 0; a.user < 10; a.user++)
		learn(st, &a);
	assert_int_equal(find(st, a.site, 5060, later).open, 0);
	assert_int_equal(find(st, a.site, 5060, later).port_open, 0);
	assert_true(find(st, a.site, 5060, later).login);
	assert_false(find(st, a.site, 5060, later + 86401 * NS).login);
	state_free(st);
}

/* The server tries the call: the credentials were good, long before it rings. */
static void test_open_trying(void **unused)
{
	struct state *st = state(3);
	struct reply a = answer(METHOD_INVITE, 407, 1, START);
	struct reply trying = { a.site, 5060, METHOD_INVITE, 100, 1, 0, TXN_LOGIN, true,
				 START + NS };

	(void)unused;
	learn(st, &a);
	a.user = 2;
	learn(st, &a);
	learn(st, &trying);
	assert_int_equal(find(st, a.site, 5060, START + 20 * NS).open, 1);
	state_free(st);
}

static void test_forgotten(void **unused)
{
	struct state *st = state(4);
	struct reply a = answer(METHOD_INVITE, 404, 1, START);

	(void)unused;
	learn(st, &a);
	a.user = 2;
	a.now += 299 * NS;
	learn(st, &a);
	assert_int_equal(find(st, a.site, 5060, START + 599 * NS).refused, 2);
	assert_int_equal(find(st, a.site, 5060, START + 600 * NS).refused, 0);
	a = answer(METHOD_INVITE, 180, 3, START + 600 * NS);
	learn(st, &a); /* the record lives on for a day, with what was reached */
	assert_int_equal(find(st, a.site, 5060, START + 600 * NS).reached, 1);
	assert_int_equal(find(st, a.site, 5060, START + 43000 * NS).reached, 1);
	assert_int_equal(find(st, a.site, 5060, START + 86400 * NS).reached, 0);
	state_free(st);
}

/* Among phones that ask once each, the port that asks often is found. */
static void test_favourite(void **unused)
{
	struct state *st = state(5);
	struct reply a = answer(METHOD_INVITE, 404, 0, START);

	(void)unused;
	for (unsigned i = 0; i < 60; i++) {
		a.port = (uint16_t)(i % 3 ? 7000 : 5060 + i);
		a.user = i;
		learn(st, &a);
	}
	assert_in_range(find(st, a.site, 7000, START).port_refused, 30, 40);
	assert_int_equal(find(st, a.site, 5063, START).port_refused, 0);
	assert_in_range(find(st, a.site, 5063, START).refused, 45, 60);
	state_free(st);
}

/* Who becomes the port that asks most is not blamed for what its predecessor asked. */
static void test_favourite_changes(void **unused)
{
	struct state *st = state(13);
	struct reply a = answer(METHOD_INVITE, 404, 0, START);
	uint64_t later = START + 20 * NS;

	(void)unused;
	for (a.user = 0; a.user < 5; a.user++)
		learn(st, &a);
	a.status = 401;
	for (; a.user < 10; a.user++)
		learn(st, &a);
	assert_int_equal(find(st, a.site, 5060, later).port_refused, 5);
	assert_in_range(find(st, a.site, 5060, later).port_open, 4, 5);
	a.port = 7000;
	a.status = 404;
	a.now = later;
	for (; a.user < 21; a.user++) /* as many again, and one */
		learn(st, &a);
	assert_int_equal(find(st, a.site, 7000, later).port_refused, 1);
	assert_int_equal(find(st, a.site, 7000, later).port_open, 0);
	assert_int_equal(find(st, a.site, 5060, later).port_refused, 0);
	state_free(st);
}

static void test_around(void **unused)
{
	struct state *st = state(6);
	struct reply a = answer(METHOD_INVITE, 404, 0, START);
	char site[32];
	struct scan_facts f;

	(void)unused;
	a.site = site;
	for (unsigned i = 0; i < 40; i++) {
		snprintf(site, sizeof(site), "203.0.113.%u", i);
		a.user = i;
		learn(st, &a);
	}
	f = find(st, "203.0.113.39", 5060, START);
	assert_int_equal(f.refused, 1);
	assert_in_range(f.around_refused, 30, 40);
	assert_int_equal(find(st, "203.0.113.200", 5060, START).around_refused, 0);
	/* the address of the prefix is a site like any other */
	assert_int_equal(find(st, "203.0.113.0", 5060, START).refused, 1);
	snprintf(site, sizeof(site), "203.0.112.1");
	learn(st, &a);
	assert_int_equal(find(st, site, 5060, START).around_refused, 1);
	/* IPv6: /48, and a site is a /64 */
	snprintf(site, sizeof(site), "2001:db8:7:1::1");
	learn(st, &a);
	a.user = 99;
	snprintf(site, sizeof(site), "2001:db8:7:2::1");
	learn(st, &a);
	assert_int_equal(find(st, "2001:db8:7:2::77", 5060, START).around_refused, 2);
	state_free(st);
}

/* The window belongs to the check that asks. */
static void test_window(void **unused)
{
	struct state *st = state(7);
	struct reply a = answer(METHOD_INVITE, 404, 1, START);
	struct addr site = addr(a.site);
	uint64_t key = key_of_addr(st, &site);
	struct scan_facts f;

	(void)unused;
	learn(st, &a);
	assert_true(scans_find(st, key, 5060, 60, START + 59 * NS, &f));
	assert_int_equal(f.refused, 1);
	scans_find(st, key, 5060, 60, START + 90 * NS, &f);
	assert_int_equal(f.refused, 0);
	state_free(st);
}

static void test_dialled(void **unused)
{
	struct state *st = state(9);
	struct dialled a, b;

	(void)unused;
	assert_true(dialled_read(st, slice_of("sip:+442079460000@x.example"), &a));
	assert_true(dialled_read(st, slice_of("sip:00442079460000@y.example;user=phone"), &b));
	assert_int_equal(a.number, b.number);
	assert_int_not_equal(a.way, b.way);
	assert_true(dialled_read(st, slice_of("tel:+44-20-7946-0000"), &b));
	assert_int_equal(a.number, b.number);
	assert_int_equal(a.way, b.way);
	assert_true(dialled_read(st, slice_of("sip:%2b442079460000@x"), &b));
	assert_int_equal(a.way, b.way);
	assert_int_equal(a.way & (a.way - 1), 0);
	assert_true(dialled_read(st, slice_of("sip:+442079460001@x"), &b));
	assert_int_not_equal(a.number, b.number);
	assert_false(dialled_read(st, slice_of("sip:12345678@x"), &b));
	assert_false(dialled_read(st, slice_of("sip:call-442079460000@x"), &b));
	assert_false(dialled_read(st, slice_of("sip:x.example"), &b));
	assert_false(dialled_read(st, slice_of(""), &b));
	state_free(st);
}

static void test_ways(void **unused)
{
	static const char *const way[] = { "sip:0442079460000@x", "sip:00442079460000@x",
					   "sip:+442079460000@x", "sip:9011442079460000@x" };
	struct state *st = state(10);
	struct reply a = answer(METHOD_INVITE, 404, 1, START);

	(void)unused;
	for (unsigned i = 0; i < 4; i++) {
		a.to = way[i];
		a.status = i % 2 ? 407 : 404;
		learn(st, &a);
		learn(st, &a);
		assert_in_range(find(st, a.site, 5060, START).ways, i ? i : 1, i + 1);
	}
	/* other numbers, each once, do not push it out */
	for (unsigned i = 0; i < 20; i++) {
		char uri[40];

		snprintf(uri, sizeof(uri), "sip:00442079461%03u@x", i);
		a.to = uri;
		learn(st, &a);
	}
	assert_in_range(find(st, a.site, 5060, START).ways, 3, 4);
	assert_int_equal(find(st, a.site, 5060, START + 599 * NS).ways,
			 find(st, a.site, 5060, START + 299 * NS).ways);
	a.to = way[0];
	a.status = 180;
	learn(st, &a); /* it rings: all is well */
	assert_int_equal(find(st, a.site, 5060, START).ways, 0);
	assert_int_equal(find(st, a.site, 5060, START + 1200 * NS).ways, 0);
	/* only calls */
	a = answer(METHOD_MESSAGE, 404, 1, START + 1200 * NS);
	a.to = way[0];
	learn(st, &a);
	assert_int_equal(find(st, a.site, 5060, a.now).ways, 0);
	state_free(st);
}

static void test_marks(void **unused)
{
	struct state *st = state(11);
	struct addr site = addr("203.0.113.9");
	uint64_t key = key_of_addr(st, &site);
	uint32_t fresh;

	(void)unused;
	assert_int_equal(scans_mark(st, key, 5, START, &fresh), 5);
	assert_int_equal(fresh, 5);
	assert_int_equal(scans_mark(st, key, 6, START + 400 * NS, &fresh), 7);
	assert_int_equal(fresh, 2);
	assert_int_equal(scans_mark(st, key, 5, START + 700 * NS, &fresh), 7);
	assert_int_equal(fresh, 1);
	assert_int_equal(scans_mark(st, key, 1, START + 3000 * NS, &fresh), 1);
	assert_int_equal(fresh, 1);
	state_free(st);
}

/* With OPTIONS servers do not look at credentials. */
static void test_options(void **unused)
{
	struct state *st = state(12);
	struct reply a = answer(METHOD_OPTIONS, 200, 0, START);

	(void)unused;
	a.flags = TXN_LOGIN;
	for (a.user = 0; a.user < 10; a.user++)
		learn(st, &a);
	assert_in_range(find(st, a.site, 5060, START + 16 * NS).open, 9, 10);
	assert_false(find(st, a.site, 5060, START).login);
	/* nor is it a login that the server says something else than yes to */
	a = answer(METHOD_REGISTER, 404, 50, START + 16 * NS);
	a.flags = TXN_LOGIN;
	learn(st, &a);
	a.status = 503;
	learn(st, &a);
	assert_false(find(st, a.site, 5060, a.now).login);
	state_free(st);
}

struct job {
	struct state *st;
	unsigned first;
};

static void *work(void *arg)
{
	const struct job *j = arg;

	for (unsigned i = 0; i < 5000; i++) {
		struct reply a = answer(METHOD_INVITE, i % 5 ? 404 : 401, (j->first + i) % 40,
					 START + i * NS / 100);

		learn(j->st, &a);
		(void)find(j->st, a.site, 5060, a.now);
	}
	return NULL;
}

static void test_threads(void **unused)
{
	struct state *st = state(8);
	pthread_t thread[4];
	struct job job[4];
	struct scan_facts f;

	(void)unused;
	for (unsigned i = 0; i < 4; i++) {
		job[i] = (struct job){ st, i * 10 };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &job[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	f = find(st, "203.0.113.9", 5060, START + 51 * NS);
	assert_in_range(f.refused, 26, 32); /* of 40 targets every fifth is only challenged */
	assert_true(f.open <= 8);
	state_free(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_more),
		cmocka_unit_test(test_what_answers_say),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_trying),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_favourite),
		cmocka_unit_test(test_favourite_changes),
		cmocka_unit_test(test_around),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_dialled),
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
