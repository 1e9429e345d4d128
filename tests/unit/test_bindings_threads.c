/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One address-of-record in the hands of several threads: phones of several sites
 * register, refresh, move and leave, each through a worker of its own, and the server
 * lists all of them.  Wrong locking is for the thread sanitizer to find; here, at the
 * end, the counts must be what they would be of one thread.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "check.h"
#include "rules.h"
#include "state/bindings.h"
#include "state/names.h"
#include "state/state.h"

#define THREADS 3
#define ROUNDS 2000
#define START (1000 * NS)

struct hand {
	const struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	unsigned number;
	unsigned wrong; /* messages that did not pass: cmocka belongs to the main thread */
	pthread_barrier_t *round; /* workers have one clock: none is minutes ahead of another */
};

static struct addr addr(unsigned last, bool inside)
{
	const uint8_t in[4] = { 192, 0, 2, 10 }, out[4] = { 203, 0, 113, (uint8_t)last };

	return addr_v4(inside ? in : out);
}

static void send(struct hand *h, const char *text, bool out, uint64_t now)
{
	struct pkt pkt = { .src = addr(h->number + 1, out), .dst = addr(h->number + 1, !out),
			   .sport = 5060, .dport = 5060, .proto = PROTO_UDP, .version = 4,
			   .payload = slice_of(text) };
	struct decision d;

	engine_run(h->rs, h->st, h->s, &pkt, now, &d);
	h->wrong += d.verdict != VERDICT_ACCEPT;
}

/* life: in s, 0 to leave; the answer lists all phones, of which this one may have left. */
static void registers(struct hand *h, unsigned round, unsigned life, uint64_t now)
{
	static const char lines[] =
		"Via: SIP/2.0/UDP x;branch=z9hG4bK%u-%u\r\nFrom: <sip:100@pbx.example>;tag=a\r\n"
		"To: <sip:100@pbx.example>%s\r\nCall-ID: c%u\r\nCSeq: %u REGISTER\r\n"
		"Max-Forwards: 70\r\n%s\r\nContent-Length: 0\r\n\r\n";
	char text[1024], contacts[512];
	int n;

	snprintf(contacts, sizeof(contacts), "Contact: <sip:100@10.0.0.%u>;expires=%u",
		 h->number, life);
	n = snprintf(text, sizeof(text), "REGISTER sip:pbx.example SIP/2.0\r\n");
	snprintf(text + n, sizeof(text) - (size_t)n, lines, h->number, round, "", h->number,
		 round, contacts);
	send(h, text, false, now);
	n = 0;
	if (!life)
		snprintf(contacts, sizeof(contacts), "X: y");
	for (unsigned i = 0; i < THREADS && life; i++)
		n += snprintf(contacts + n, sizeof(contacts) - (size_t)n,
			      "%s<sip:100@10.0.0.%u>;expires=%u", i ? "," : "Contact: ", i, life);
	n = snprintf(text, sizeof(text), "SIP/2.0 200 Well\r\n");
	snprintf(text + n, sizeof(text) - (size_t)n, lines, h->number, round, ";tag=b", h->number,
		 round, contacts);
	send(h, text, true, now);
}

static void *work(void *arg)
{
	struct hand *h = arg;

	for (unsigned i = 1; i <= ROUNDS; i++) {
		pthread_barrier_wait(h->round);
		registers(h, i, i % 7 ? 60 + i % 500 : 0, START + i * NS);
	}
	return NULL;
}

static uint64_t key_of(struct state *st, unsigned number)
{
	struct addr a = addr(number + 1, false);

	return key_of_addr(st, &a);
}

static void assert_counts(struct state *st, uint64_t now, unsigned phones)
{
	const struct slice to = SLICE("<sip:100@pbx.example>");
	struct contacts_asked none = { .n = 0 };
	struct bindings_site s;
	struct contacts c;

	contacts_find(st, name_aor(st, to), &none, now, &c);
	assert_int_equal(c.live, phones);
	assert_int_equal(bindings_live(st, now), phones);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(binding_held(st, name_user(st, to), key_of(st, i), now), !!phones);
		bindings_site(st, key_of(st, i), now + 2 * 3600 * NS, &s);
		assert_int_equal(s.aors, 0); /* all that was counted is counted out */
	}
}

static void test_one_user(void **arg)
{
	const uint8_t seed[16] = { 7 };
	const struct prefix inside = { addr(0, true), 128 };
	const uint64_t end = START + (ROUNDS + 10) * NS;
	struct ruleset *rs = rules_load("");
	struct hand hand[THREADS];
	pthread_t thread[THREADS];
	pthread_barrier_t round;
	struct state *st;

	(void)arg;
	pthread_barrier_init(&round, NULL, THREADS);
	assert_int_equal(ruleset_set_inside(rs, &inside, 1), 0);
	st = state_new(ruleset_settings(rs), seed);
	for (unsigned i = 0; i < THREADS; i++) {
		hand[i] = (struct hand){ rs, st, scratch_new(), i, 0, &round };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &hand[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < THREADS; i++)
		registers(&hand[i], ROUNDS + 1, 600, end);
	assert_counts(st, end, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		registers(&hand[i], ROUNDS + 2, 0, end + NS);
	assert_counts(st, end + NS, 0);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(hand[i].wrong, 0);
		scratch_free(hand[i].s);
	}
	pthread_barrier_destroy(&round);
	state_free(st);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
