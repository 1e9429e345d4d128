/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What survives the process: it is all there again, or nothing is, and it says why. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "rules.h"
#include "state/dialogs.h"
#include "state/key.h"
#include "state/saved.h"
#include "state/store.h"

#define SMALL "sources = 1024; registrants = 1024; tokens = 1024; transactions = 1024; " \
	      "scans = 1024; bindings = 1024; addresses = 1024; logins = 1024; " \
	      "challenges = 1024; guesses = 1024; told = 1024; meters = 1024; flows = 512; "

struct bytes {
	unsigned char *p;
	size_t n, room;
	size_t refuse_at; /* 0: never */
};

static struct ruleset *rules, *larger;
static struct state *state;
static uint64_t now;

static int setup(void **unused)
{
	static const uint8_t seed[16] = { 7 };

	(void)unused;
	rules = rules_load("tables = { " SMALL "dialogs = 1024; };");
	larger = rules_load("tables = { " SMALL "dialogs = 2048; };");
	state = state_new(ruleset_settings(rules), seed);
	now = 5000 * NS;
	return !state;
}

static int teardown(void **unused)
{
	(void)unused;
	state_free(state);
	ruleset_free(rules);
	ruleset_free(larger);
	return 0;
}

static struct state *fresh(const struct ruleset *rs)
{
	static const uint8_t seed[16] = { 9 };
	struct state *st = state_new(ruleset_settings(rs), seed);

	assert_non_null(st);
	return st;
}

static int keep(void *arg, const struct state_part *part)
{
	struct bytes *b = arg;

	assert_int_equal(part->n % 8, 0);
	if (b->refuse_at && b->n + part->n > b->refuse_at)
		return -ENOSPC;
	if (b->n + part->n > b->room) {
		b->room = 2 * (b->n + part->n);
		b->p = realloc(b->p, b->room);
		assert_non_null(b->p);
	}
	memcpy(b->p + b->n, part->bytes, part->n);
	b->n += part->n;
	return 0;
}

static struct bytes saved(struct state *st, uint64_t at)
{
	struct bytes b = { 0 };

	assert_int_equal(state_save(st, at, 42, keep, &b), 0);
	return b;
}

static uint64_t key_of(unsigned i)
{
	struct addr a = { { 0x20, 1, 0xd, 0xb8, (uint8_t)(i >> 8), (uint8_t)i } };

	return key_of_addr(state, &a);
}

/* Full enough that some had to go to their second buckets. */
static void fill(struct table *t, unsigned n)
{
	size_t size = table_shape(t).value_size;

	for (unsigned i = 0; i < n; i++) {
		struct hold h = table_make(t, key_of(i), now, (uint8_t)(i % 3));

		if (!h.value)
			continue;
		memset(h.value, (int)(i * 7 + 1), size < 4 ? size : 4);
		table_keep(&h, now, now + (i % 5 ? 900 : 1) * NS, (uint8_t)(i % 3));
		table_release(&h);
	}
}

static uint64_t records(const struct state_saved *s, const char *name)
{
	for (unsigned i = 0; i < s->tables; i++)
		if (strcmp(s->table[i].name, name) == 0)
			return s->table[i].records;
	return 0;
}

static void test_all_back(void **unused)
{
	struct state *st = fresh(rules);
	struct bytes one, two;
	struct state_saved about;

	(void)unused;
	memory_begin(state, now - 700 * NS);
	atomic_store(&state->dialogs_lost, now - 100);
	atomic_store(&state->sight[3].low, 7);
	atomic_store(&state->sight[3].spoke, now);
	atomic_store(&state->sight[3].asked, 30);
	fill(state->dialogs, 1000);
	fill(state->logins, 300);
	fill(state->transactions, 20);
	fill(state->meters, 20);
	one = saved(state, now);
	assert_true(state_saved_read(one.p, one.n, &about));
	assert_int_equal(about.now, now);
	assert_int_equal(about.stamp, 42);
	assert_true(state_restore(st, one.p, one.n, now, true, &about));
	assert_null(about.why);
	assert_int_equal(records(&about, "dialogs"), table_used(state->dialogs, now));
	assert_int_equal(records(&about, "logins"), table_used(state->logins, now));
	assert_int_equal(table_used(st->meters, now), 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct hold was = table_find(state->dialogs, key_of(i), now), is;
		unsigned char first = was.value ? *(unsigned char *)was.value : 0;
		bool found = was.value;

		table_release(&was);
		is = table_find(st->dialogs, key_of(i), now);
		assert_true(found == (is.value != NULL));
		if (found)
			assert_int_equal(*(unsigned char *)is.value, first);
		table_release(&is);
	}
	assert_int_equal(atomic_load(&st->dialogs_lost), now - 100);
	assert_int_equal(atomic_load(&st->sight[3].spoke), now);
	assert_int_equal(atomic_load(&st->sight[3].asked), 0); /* its answer may have passed */
	two = saved(st, now);
	assert_int_equal(one.n, two.n);
	assert_memory_equal(one.p, two.p, one.n);
	free(one.p);
	free(two.p);
	state_free(st);
}

static void test_time_goes_on(void **unused)
{
	struct state *st = fresh(rules);
	struct state_saved about;
	struct bytes b;

	(void)unused;
	fill(state->told, 100);
	b = saved(state, now);
	assert_true(state_restore(st, b.p, b.n, now + 10 * NS, true, &about));
	assert_int_equal(records(&about, "told"), 80); /* every fifth lived a second */
	assert_int_equal(table_used(st->told, now + 890 * NS), 80);
	assert_int_equal(table_used(st->told, now + 910 * NS), 0);
	free(b.p);
	state_free(st);
}

/* What is the age of the memory after that? */
static uint64_t age(const struct bytes *b, const struct ruleset *rs, bool whole)
{
	struct state *st = fresh(rs);
	struct state_saved about;
	uint64_t n;

	assert_true(state_restore(st, b->p, b->n, now, whole, &about));
	memory_begin(st, now);
	assert_int_equal(memory_awake(st, now + 30 * NS), 30 * NS);
	n = memory_age(st, now + 30 * NS) / NS;
	state_free(st);
	return n;
}

static void test_learning(void **unused)
{
	struct bytes b;

	(void)unused;
	memory_begin(state, now - 700 * NS);
	b = saved(state, now);
	assert_int_equal(age(&b, rules, true), 730);
	assert_int_equal(age(&b, rules, false), 30);
	assert_int_equal(age(&b, larger, true), 30);
	free(b.p);
}

static void test_other_size(void **unused)
{
	struct state *st = fresh(larger);
	struct state_saved about;
	struct bytes b;

	(void)unused;
	fill(state->dialogs, 500);
	fill(state->logins, 100);
	b = saved(state, now);
	assert_true(state_restore(st, b.p, b.n, now, true, &about));
	assert_int_equal(table_used(st->dialogs, now), 0);
	assert_int_equal(table_used(st->logins, now), 100);
	for (unsigned i = 0; i < about.tables; i++)
		assert_true(about.table[i].cold == !strcmp(about.table[i].name, "dialogs"));
	free(b.p);
	state_free(st);
}

/* The census of contacts is not saved but counted again. */
static void test_census(void **unused)
{
	struct state *st = fresh(rules);
	struct state_saved about;
	struct hold h = table_make(state->addresses, key_of(1), now, 1);
	struct bytes b;

	(void)unused;
	/* an odd one: more contacts than there is room for */
	memset(h.value, 0x7f, table_shape(state->addresses).value_size);
	table_keep(&h, now, now + NS, 1);
	table_release(&h);
	b = saved(state, now);
	assert_true(state_restore(st, b.p, b.n, now, true, &about));
	assert_int_equal(table_used(st->addresses, now), 0); /* forgotten */
	assert_int_equal(bindings_live(st, now), 0);
	free(b.p);
	state_free(st);
}

static void refused(const void *p, size_t n, const char *why)
{
	struct state_saved about;

	assert_false(state_restore(state, p, n, now, true, &about));
	assert_non_null(about.why);
	assert_non_null(strstr(about.why, why));
}

static void test_damaged(void **unused)
{
	struct state *st = fresh(rules);
	struct bytes b;

	(void)unused;
	fill(st->dialogs, 10);
	fill(st->told, 10);
	b = saved(st, now);
	for (size_t n = 0; n < b.n; n++) {
		unsigned char *cut = malloc(n + 1); /* for the sanitizer to guard its end */

		memcpy(cut, b.p, n);
		refused(cut, n, "damaged");
		free(cut);
	}
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= (unsigned char)(1 << i % 8);
		refused(b.p, b.n, "");
		b.p[i] ^= (unsigned char)(1 << i % 8);
	}
	b.p[0] ^= 1;
	refused(b.p, b.n, "not a file of sipmoat");
	b.p[0] ^= 1;
	b.p[8] ^= 1;
	refused(b.p, b.n, "another version");
	b.p[8] ^= 1;
	assert_int_equal(table_used(state->dialogs, now), 0); /* nothing of it got in */
	free(b.p);
	state_free(st);
}

/* Behind a checksum that is right: whatever it says, nothing is written elsewhere. */
static void test_forged(void **unused)
{
	struct state_saved about;
	struct bytes b;

	(void)unused;
	fill(state->dialogs, 40);
	fill(state->addresses, 40);
	b = saved(state, now);
	for (size_t i = sizeof(uint64_t[8]); i < b.n; i += 4) {
		struct state *st = i % 64 ? NULL : fresh(rules);
		uint32_t odd = 0xfffffff0u + (uint32_t)i % 16;

		if (!st)
			continue;
		memcpy(b.p + i, &odd, sizeof(odd));
		(void)saved_apply(st, b.p, b.n - 8, now, true, &about);
		state_free(st);
	}
	free(b.p);
}

/* Meanwhile others judge: what is saved is whole, whichever moment of it. */
static void *busy(void *stop)
{
	for (unsigned i = 0; !atomic_load((atomic_bool *)stop); i++) {
		struct hold h = table_make(state->dialogs, key_of(i % 4000), now, 1);

		if (!h.value)
			continue;
		memset(h.value, (int)i, table_shape(state->dialogs).value_size);
		table_keep(&h, now, now + NS, 1);
		table_release(&h);
	}
	return NULL;
}

static bool uneven(void *value, void *count)
{
	const unsigned char *p = value;

	for (uint32_t i = 1; i < table_shape(state->dialogs).value_size; i++)
		if (p[i] != p[0])
			abort();
	++*(unsigned *)count;
	return false;
}

static void test_while_busy(void **unused)
{
	atomic_bool stop = false;
	unsigned seen = 0;
	pthread_t thread;

	(void)unused;
	assert_int_equal(pthread_create(&thread, NULL, busy, &stop), 0);
	for (unsigned i = 0; i < 20 || (!seen && i < 10000); i++) {
		struct bytes b = saved(state, now);
		struct state *st = fresh(rules);
		struct state_saved about;

		assert_true(state_restore(st, b.p, b.n, now, true, &about));
		for (unsigned s = 0; s < table_shards(st->dialogs); s++)
			table_sweep_shard(st->dialogs, s, uneven, &seen);
		free(b.p);
		state_free(st);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	assert_true(seen > 0);
}

static void test_no_such_bucket(void **unused)
{
	uint32_t bucket[18] = { table_shape(state->dialogs).buckets };
	uint64_t n = 0;

	(void)unused;
	assert_false(table_restore(state->dialogs, 0, now, bucket, sizeof(bucket), &n));
	bucket[0]--;
	assert_true(table_restore(state->dialogs, 0, now, bucket, sizeof(bucket), &n));
}

/* What has not changed is told apart from what has, without a look at what was written. */
static int note(void *arg, const struct state_part *part)
{
	uint64_t *hash = arg;

	assert_true(part->number < STATE_PARTS);
	hash[part->number] = part->hash;
	return 0;
}

static void test_parts(void **unused)
{
	static uint64_t one[STATE_PARTS], two[STATE_PARTS];
	unsigned changed = 0;

	(void)unused;
	fill(state->dialogs, 500);
	assert_int_equal(state_save(state, now, 1, note, one), 0);
	fill(state->told, 1);
	assert_int_equal(state_save(state, now + 1, 1, note, two), 0);
	for (unsigned i = 0; i < STATE_PARTS; i++)
		changed += one[i] != two[i];
	assert_int_equal(changed, 3); /* its shard, the head and the checksum */
}

static void test_full_disk(void **unused)
{
	struct bytes b = { .refuse_at = 4096 };

	(void)unused;
	fill(state->dialogs, 500);
	assert_int_equal(state_save(state, now, 0, keep, &b), -ENOSPC);
	free(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_learning, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_census, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_while_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_such_bucket, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
