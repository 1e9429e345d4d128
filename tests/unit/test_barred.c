/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections of whoever is banned: which of them end, when, and with which numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"
#include "connection.h"
#include "rules.h"

struct field {
	struct world *w;
	struct ruleset *rs;
};

static void field_open(struct field *f, const char *config)
{
	f->w = world_new(64);
	f->rs = rules_load(config);
}

static void field_close(struct field *f)
{
	ruleset_free(f->rs);
	world_free(f->w);
}

static struct addr client(void)
{
	return addr_v4((const uint8_t[4]){ 203, 0, 113, 9 });
}

static struct addr server(void)
{
	return addr_v4((const uint8_t[4]){ 192, 0, 2, 10 });
}

/* Bans the client, or all around him. */
static void ban(struct field *f, unsigned len, bool proven, bool hand)
{
	struct addr a = client();
	struct ban b = { .who = { addr_masked(&a, len), (uint8_t)len }, .check = CHECK_NONE,
			 .until = f->w->now + 600 * NS, .proven = proven, .hand = hand };

	assert_true(state_ban_add(f->w->st, &b, f->w->now));
}

/* All that is found within two seconds. */
static size_t cut(struct field *f, struct reset out[ENGINE_CUT])
{
	struct reset some[ENGINE_CUT];
	size_t n = 0, k;

	for (unsigned i = 0; i < 2; i++) {
		f->w->now += NS;
		while ((k = engine_cut(f->rs, f->w->st, f->w->now, some))) {
			assert_in_range(n + k, 1, ENGINE_CUT);
			memcpy(out + n, some, k * sizeof(*some));
			n += k;
		}
	}
	return n;
}

static void talk(struct field *f, uint16_t port)
{
	f->w->port = port;
	connect_at(f->w, port * 7u, port * 11u);
	assert_int_equal(say(f->w, SLICE(REQUEST("a"))), 0);
	assert_int_equal(answer(f->w, SLICE(ANSWER)), 0);
}

static void all_of_a_banned_source_end_with_their_numbers(void **state)
{
	struct reset out[ENGINE_CUT];
	struct field f;

	(void)state;
	field_open(&f, "");
	for (uint16_t port = 40001; port <= 40003; port++)
		talk(&f, port);
	assert_int_equal(cut(&f, out), 0);
	ban(&f, 128, true, false);
	assert_int_equal(cut(&f, out), 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(out[i].to_inside, out[i].outside_port * 7u + 1 +
						   SLICE(REQUEST("a")).n);
		assert_int_equal(out[i].to_outside, out[i].outside_port * 11u + 1 +
						    SLICE(ANSWER).n);
	}
	assert_int_equal(cut(&f, out), 0);
	/* what still comes of one is told to end, too */
	assert_int_equal(say(f.w, SLICE(REQUEST("b"))), FLOW_ENDED);
	field_close(&f);
}

/* A BYE of ours is in it: who put it there ends it, when it was read. */
static void one_that_ends_a_call_is_left_to_it(void **state)
{
	struct reset out[ENGINE_CUT];
	struct reset ends = { .outside = client(), .inside = server(),
			      .outside_port = 40001, .inside_port = 5060 };
	uint32_t seq, ack;
	struct field f;

	(void)state;
	field_open(&f, "");
	talk(&f, 40001);
	talk(&f, 40002);
	assert_true(flow_put(f.w->st, &ends, true, 100, f.w->now, &seq, &ack));
	ban(&f, 128, true, false);
	assert_int_equal(cut(&f, out), 1);
	assert_int_equal(out[0].outside_port, 40002);
	assert_true(flow_put_end(f.w->st, &ends, f.w->now));
	field_close(&f);
}

static void a_ban_that_anybody_can_forge_ends_none(void **state)
{
	struct reset out[ENGINE_CUT];
	struct field f;

	(void)state;
	field_open(&f, "");
	talk(&f, 40001);
	ban(&f, 128, false, false);
	assert_int_equal(cut(&f, out), 0);
	/* the same source, and now it is sure */
	ban(&f, 128, false, true);
	assert_int_equal(cut(&f, out), 1);
	field_close(&f);
}

static void a_ban_of_a_prefix_ends_those_within(void **state)
{
	struct addr a = client();
	struct reset out[ENGINE_CUT];
	struct field f;

	(void)state;
	field_open(&f, "");
	talk(&f, 40001);
	ban(&f, 120, false, true);
	assert_int_equal(cut(&f, out), 1);
	assert_true(addr_eq(&out[0].outside, &a));
	field_close(&f);
}

/* Bans of others meanwhile, more often than there are shards in a second. */
static void others_that_are_banned_all_the_time_delay_none_for_long(void **state)
{
	struct ban other = { .who = { addr_v4((const uint8_t[4]){ 198, 51, 100, 1 }), 128 },
			     .check = CHECK_NONE, .until = UINT64_MAX, .proven = true };
	struct reset out[ENGINE_CUT];
	struct field f;
	size_t n = 0;

	(void)state;
	field_open(&f, "");
	talk(&f, 40001);
	for (unsigned i = 0; i < 256; i++) {
		f.w->now += NS / 64;
		(void)state_ban_remove(f.w->st, &other.who);
		assert_true(state_ban_add(f.w->st, &other, f.w->now));
		if (i == 64)
			ban(&f, 128, true, false);
		n += engine_cut(f.rs, f.w->st, f.w->now, out);
	}
	assert_int_equal(n, 1);
	field_close(&f);
}

static void spared(const char *config)
{
	struct reset out[ENGINE_CUT];
	struct field f;

	field_open(&f, config);
	talk(&f, 40001);
	ban(&f, 128, true, true);
	assert_int_equal(cut(&f, out), 0);
	field_close(&f);
}

static void the_trusted_keep_theirs(void **state)
{
	(void)state;
	spared("trusted: { addresses = [ \"203.0.113.9\" ]; };");
	spared("bans: { never = [ \"203.0.113.0/24\" ]; };");
	spared("zones: ( { name = \"carrier\"; addresses = [ \"203.0.113.0/24\" ];"
	       " trust = true; } );");
	spared("mode = \"observe\";");
}

static void an_allowed_one_keeps_his(void **state)
{
	struct ban allowed = { .who = { client(), 128 }, .allow = true, .hand = true };
	struct reset out[ENGINE_CUT];
	struct field f;

	(void)state;
	field_open(&f, "");
	talk(&f, 40001);
	allowed.until = f.w->now + 600 * NS;
	assert_true(state_ban_add(f.w->st, &allowed, f.w->now));
	ban(&f, 120, true, false);
	assert_int_equal(cut(&f, out), 0);
	field_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_banned_source_end_with_their_numbers),
		cmocka_unit_test(one_that_ends_a_call_is_left_to_it),
		cmocka_unit_test(a_ban_that_anybody_can_forge_ends_none),
		cmocka_unit_test(a_ban_of_a_prefix_ends_those_within),
		cmocka_unit_test(others_that_are_banned_all_the_time_delay_none_for_long),
		cmocka_unit_test(the_trusted_keep_theirs),
		cmocka_unit_test(an_allowed_one_keeps_his),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
