/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that leave at once, and those that wait: which leave when, and how many may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "outbox.h"
#include "tuple.h"

#define PLACES 3

static struct parcel answer, trying;
static char sent[256]; /* what left, in its order */
static bool jammed;
static struct addr banned, from;
static uint16_t sport;
static struct pkt asked_pkt;
static struct tuple public;
static bool translated;

const struct parcel *engine_answer(const struct scratch *s)
{
	(void)s;
	return &answer;
}

const struct parcel *engine_trying(const struct scratch *s)
{
	(void)s;
	return &trying;
}

bool state_ban_find(struct state *st, const struct addr *a, uint64_t now, struct ban *out)
{
	(void)st;
	(void)now;
	(void)out;
	return banned.b[15] && addr_eq(a, &banned);
}

bool tuple_of_packet(struct slice entry, uint32_t info, struct tuple *t)
{
	(void)entry;
	(void)info;
	*t = public;
	return translated;
}

bool inject_parcel(struct inject *in, const struct parcel *parcel, uint32_t link, bool untracked)
{
	size_t n = strlen(sent);

	(void)in;
	snprintf(sent + n, sizeof(sent) - n, "%.*s/%u%s ", parcel->n, parcel->bytes, link,
		 untracked ? "!" : "");
	from = parcel->from;
	sport = parcel->sport;
	return !jammed;
}

static void put(struct outbox *o, struct stats *st, const char *text, unsigned after, uint64_t now)
{
	struct decision d = { .verdict = after ? VERDICT_REJECT : VERDICT_DECOY,
			      .answer_after = (uint16_t)after };
	const struct queue_packet packet = { .link = 7 };

	answer.n = (uint16_t)snprintf(answer.bytes, sizeof(answer.bytes), "%s", text);
	trying.n = after ? (uint16_t)snprintf(trying.bytes, sizeof(trying.bytes), "try") : 0;
	outbox_put(o, NULL, &d, &(struct outbox_asked){ &packet, &asked_pkt }, now, st);
}

static void sends(struct outbox *o, struct stats *st, uint64_t now, const char *what)
{
	static char any; /* the inject is never looked into */

	sent[0] = 0;
	assert_int_equal(outbox_send(o, (struct inject *)&any, NULL, now, st), what[0] != 0);
	assert_string_equal(sent, what);
}

static void test_order(void **arg)
{
	struct outbox *o = outbox_new(PLACES);
	struct stats st = { 0 };

	(void)arg;
	assert_int_equal(outbox_wait(o, NS, 1000), 1000);
	sends(o, &st, NS, "");
	put(o, &st, "a", 20000, NS);
	put(o, &st, "now", 0, NS);
	sends(o, &st, NS, "try/7 now/7 ");
	assert_int_equal(outbox_wait(o, NS, 1000), 1000);
	assert_int_equal(outbox_wait(o, NS, 60000), 20000);
	put(o, &st, "b", 20000, 2 * NS);
	sends(o, &st, 21 * NS - 1, "try/7 ");
	assert_int_equal(outbox_wait(o, 21 * NS - 1, 1000), 1);
	assert_int_equal(outbox_wait(o, 21 * NS, 1000), 0);
	sends(o, &st, 21 * NS, "a/7 ");
	assert_int_equal(outbox_wait(o, 21 * NS, 60000), 1000);
	sends(o, &st, 30 * NS, "b/7 ");
	assert_int_equal(outbox_wait(o, 30 * NS, 1000), 1000);
	assert_int_equal(st.answer_lost + st.delay_full, 0);
	outbox_free(o);
}

/* Whom there is no place for hears nothing at all. */
static void test_full(void **arg)
{
	struct outbox *o = outbox_new(PLACES);
	struct stats st = { 0 };
	char name[2] = "a";

	(void)arg;
	for (unsigned round = 1; round < 9; round += 2) {
		for (unsigned i = 0; i < PLACES + 2; i++, name[0]++)
			put(o, &st, name, 1000, round * NS);
		sends(o, &st, round * NS, "try/7 try/7 try/7 ");
		assert_int_equal(st.delay_full, round + 1);
		name[0] = 'a';
		sends(o, &st, round * NS + NS, "a/7 b/7 c/7 ");
	}
	outbox_free(o);
}

static void test_lost(void **arg)
{
	struct outbox *o = outbox_new(PLACES);
	struct stats st = { 0 };

	(void)arg;
	put(o, &st, "a", 1000, NS);
	assert_true(outbox_send(o, NULL, NULL, NS, &st));
	assert_true(outbox_send(o, NULL, NULL, 2 * NS, &st));
	assert_int_equal(st.answer_lost, 2);
	jammed = true;
	put(o, &st, "b", 0, NS);
	sends(o, &st, NS, "b/7 ");
	assert_int_equal(st.answer_lost, 3);
	outbox_free(o);
	outbox_free(NULL);
}

/* Whoever is banned while he waits. */
static void test_banned(void **arg)
{
	struct outbox *o = outbox_new(PLACES);
	struct stats st = { 0 };

	(void)arg;
	jammed = false;
	put(o, &st, "a", 1000, NS);
	answer.to.b[15] = banned.b[15] = 9;
	put(o, &st, "b", 1000, NS);
	answer.to.b[15] = 0;
	put(o, &st, "c", 1000, NS);
	sends(o, &st, NS, "try/7 try/7 try/7 ");
	sends(o, &st, 2 * NS, "a/7 c/7 ");
	assert_int_equal(st.answer_capped, 1);
	outbox_free(o);
}

static void leaves(struct outbox *o, struct stats *st, const char *what, const struct addr *a,
		   unsigned port)
{
	answer.from = asked_pkt.dst;
	answer.sport = asked_pkt.dport;
	put(o, st, "a", 0, NS);
	sends(o, st, NS, what);
	assert_true(addr_eq(&from, a));
	assert_int_equal(sport, port);
}

/* Behind DNAT: as it was asked, over UDP and from outside, and where the kernel tells. */
static void test_translated(void **arg)
{
	struct outbox *o = outbox_new(PLACES);
	struct stats st = { 0 };
	const uint8_t inner4[4] = { 192, 0, 2, 130 }, public4[4] = { 192, 0, 2, 2 };
	const struct addr inner = addr_v4(inner4);

	(void)arg;
	public = (struct tuple){ .dst = addr_v4(public4), .dport = 5070,
				 .proto = PROTO_UDP };
	asked_pkt = (struct pkt){ .dst = inner, .dport = 5060, .proto = PROTO_UDP,
				  .dir = DIR_INBOUND };
	leaves(o, &st, "a/7 ", &inner, 5060);
	translated = true;
	leaves(o, &st, "a/7! ", &public.dst, 5070);
	public.dst = inner; /* another port only */
	leaves(o, &st, "a/7! ", &inner, 5070);
	public.dport = 5060;
	leaves(o, &st, "a/7 ", &inner, 5060);
	public.dst.b[0] = 0x20; /* NAT64 is none of ours */
	leaves(o, &st, "a/7 ", &inner, 5060);
	public.dst = addr_v4(public4);
	asked_pkt.dir = DIR_OUTBOUND;
	leaves(o, &st, "a/7 ", &inner, 5060);
	asked_pkt.dir = DIR_INBOUND;
	asked_pkt.proto = public.proto = PROTO_TCP;
	leaves(o, &st, "a/7 ", &inner, 5060);
	asked_pkt.proto = public.proto = PROTO_UDP;
	/* who waits is answered as he asked, whatever became of the kernel's entry meanwhile */
	put(o, &st, "late", 1000, NS);
	translated = false;
	sends(o, &st, 2 * NS, "try/7! late/7! ");
	assert_true(addr_eq(&from, &public.dst));
	outbox_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_banned),
		cmocka_unit_test(test_translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
