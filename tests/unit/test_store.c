/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store's database is one whole save, whatever ends the process (kill -9, 200 times) or
 * the machine: for that a layer between SQLite and the files remembers what was not synced to
 * the disk, and at 200 points of writing makes the files as a power cut may leave them: of
 * each sector written since the last sync, either what was there or what was written.
 *
 * A save is of one round: a mark of it is in records of several tables, and in a ban.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "log.h"
#include "powercut.h"
#include "rules.h"
#include "state/key.h"
#include "state/store.h"
#include "store.h"
#include "storefile.h"
#include "storememory.h"

#define KILLS 200
#define CUTS 200
#define RECORDS 400
#define BANNED 40
#define FAR (100000 * NS)

static struct ruleset *rules;
static char dir[] = "/tmp/sipmoat-store.XXXXXX";
static char path[sizeof(dir) + 32];
static uint32_t dice = 1;

static uint32_t roll(uint32_t most)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % most;
}

/* ---- a state of which each save can be told from each other ---- */

static struct state *fresh(void)
{
	static const uint8_t seed[16] = { 3 };
	struct state *st = state_new(ruleset_settings(rules), seed);

	assert_non_null(st);
	return st;
}

static uint64_t key(struct state *st, unsigned i)
{
	struct addr a = { { 0x20, 1, 0xd, 0xb8, (uint8_t)(i >> 8), (uint8_t)i } };

	return key_of_addr(st, &a);
}

static void mark_table(struct state *st, struct table *t, uint32_t round)
{
	for (unsigned i = 0; i < RECORDS; i++) {
		struct hold h = table_make(t, key(st, i), clock_now(), 1);

		if (!h.value)
			continue;
		memcpy(h.value, &round, sizeof(round));
		table_keep(&h, clock_now(), clock_now() + FAR, 1);
		table_release(&h);
	}
}

static void mark(struct state *st, uint32_t round)
{
	mark_table(st, st->dialogs, round);
	mark_table(st, st->logins, round);
	for (unsigned i = 0; i < BANNED; i++) {
		struct ban b = { .check = CHECK_NONE, .until = clock_now() + FAR + round * NS };

		b.who = addr_site_prefix(&(struct addr){ { 0x20, 1, 0xd, 0xb8, 9, (uint8_t)i } });
		snprintf(b.reason, sizeof(b.reason), "%u", round);
		assert_true(state_ban_add(st, &b, clock_now()));
	}
}

static uint32_t first, others;

static bool same(void *value, void *unused)
{
	uint32_t round;

	(void)unused;
	memcpy(&round, value, sizeof(round));
	first = first ? first : round;
	others += round != first;
	return false;
}

/* The round that the database holds; 0: none yet.  It is whole, and all of one. */
static uint32_t held(const char *file)
{
	struct state *st = fresh();
	struct statefile bytes;
	struct state_saved about;
	int64_t ok = 0, bans = 0, round = 0;
	struct db *d;

	assert_int_equal(db_open(&d, file, false), 0);
	assert_int_equal(db_number(d, "SELECT integrity_check = 'ok' FROM pragma_integrity_check",
				   &ok), 0);
	assert_int_equal(ok, 1);
	assert_int_equal(db_number(d, "SELECT count(*) FROM sqlite_schema", &ok), 0);
	if (!ok) { /* not yet so far */
		db_close(d);
		state_free(st);
		return 0;
	}
	assert_int_equal(storememory_read(d, &bytes), 0);
	assert_int_equal(db_number(d, "SELECT count(*) FROM bans", &bans), 0);
	assert_int_equal(db_number(d, "SELECT reason FROM bans", &round), 0);
	assert_int_equal(db_number(d, "SELECT count(DISTINCT reason) < 2 FROM bans", &ok), 0);
	assert_int_equal(ok, 1);
	db_close(d);
	first = others = 0;
	if (bytes.n) {
		assert_true(state_restore(st, bytes.bytes, bytes.n, clock_now(), true, &about));
		for (unsigned s = 0; s < table_shards(st->dialogs); s++)
			table_sweep_shard(st->dialogs, s, same, NULL);
		for (unsigned s = 0; s < table_shards(st->logins); s++)
			table_sweep_shard(st->logins, s, same, NULL);
		assert_int_equal(table_used(st->dialogs, clock_now()), RECORDS);
		assert_int_equal(bans, BANNED);
		assert_int_equal(round, first);
	}
	assert_int_equal(others, 0);
	free(bytes.bytes);
	state_free(st);
	return first;
}

static struct store *open_store(struct state *st)
{
	struct settings s = *ruleset_settings(rules);
	struct store *store;

	s.store_file = path;
	store = store_open(&s, st);
	assert_non_null(store);
	return store;
}

/* ---- kill -9 ---- */

static void write_until_killed(int tell, uint32_t round)
{
	struct state *st = fresh();
	struct store *s;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	s = open_store(st);
	while (write(tell, &round, sizeof(round)) == sizeof(round)) {
		mark(st, ++round);
		if (!store_save(s))
			break;
	}
	_exit(1);
}

/* The last round that was saved for certain. */
static uint32_t run_and_kill(uint32_t round)
{
	struct timespec wait = { 0, (long)roll(100) * 1000000 + (long)roll(1000000) };
	uint32_t got = round;
	int tell[2], status;
	pid_t pid;

	assert_int_equal(pipe(tell), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		write_until_killed(tell[1], round);
	close(tell[1]);
	/* half of them while it opens the database, or shortly after that */
	if (roll(2))
		assert_int_equal(poll(&(struct pollfd){ tell[0], POLLIN, 0 }, 1, 60000), 1);
	nanosleep(&wait, NULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status)); /* it never ended by itself */
	while (read(tell[0], &round, sizeof(round)) == sizeof(round))
		got = round;
	close(tell[0]);
	return got;
}

static void test_kill(void **unused)
{
	uint32_t saved = 0, amid = 0;

	(void)unused;
	for (unsigned i = 0; i < KILLS; i++) {
		uint32_t told = run_and_kill(saved), is;

		if (access(path, F_OK)) {
			assert_int_equal(told, 0);
			continue;
		}
		is = held(path);
		assert_in_range(is, told, told + 1);
		amid += is > told || told == saved;
		saved = is;
	}
	print_message("%u kills, %u saves, %u of them killed before they were told of\n", KILLS,
		      saved, amid);
	assert_true(saved > 10);
}

/* ---- a power cut ---- */

static uint32_t synced; /* the last round that store_save has returned of */

static void look(const char *file)
{
	assert_in_range(held(file), synced, synced + 1);
}

static void test_power(void **unused)
{
	struct state *st = fresh();
	struct store *s;

	(void)unused;
	unlink(path);
	powercut_begin(path, CUTS, look);
	s = open_store(st);
	for (uint32_t round = 1; layer.cuts < CUTS && round < 10000; round++) {
		mark(st, round);
		assert_true(store_save(s));
		synced = round;
	}
	layer.off = true;
	print_message("%u power cuts in %u saves, %u writes\n", (unsigned)layer.cuts, synced,
		      (unsigned)layer.writes);
	assert_int_equal(layer.cuts, CUTS);
	store_stop(s);
	powercut_end();
	state_free(st);
}

static int setup(void **unused)
{
	(void)unused;
	log_open(LOG_ERR_);
	rules = rules_load("tables = { sources = 1024; registrants = 1024; tokens = 1024;"
			   " transactions = 1024; dialogs = 1024; scans = 1024; bindings = 1024;"
			   " addresses = 1024; logins = 1024; challenges = 1024; guesses = 1024;"
			   " told = 1024; meters = 1024; flows = 512; calls = 512; legs = 512;"
			   " quotas = 1024; };");
	if (!rules || !mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/sipmoat.db", dir);
	return 0;
}

static int teardown(void **unused)
{
	static const char *const names[] = { "", "-wal", "-shm", ".cut", ".cut-wal", ".cut-shm",
					     ".cut-journal" };
	char name[sizeof(path) + 16];

	(void)unused;
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(name, sizeof(name), "%s%s", path, names[i]);
		unlink(name);
	}
	rmdir(dir);
	ruleset_free(rules);
	return 0;
}

/* However much there is to look through, others wait for their answers. */
static void a_long_look_ends(void **unused)
{
	struct db_query *q;
	struct db *d;

	(void)unused;
	assert_int_equal(db_open(&d, ":memory:", false), 0);
	db_hurry(d, NS / 10);
	assert_int_equal(db_prepare(d, "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
				       "FROM x) SELECT count(*) FROM x", &q), 0);
	assert_int_equal(db_step(q), -ETIMEDOUT);
	db_drop(q);
	db_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_look_ends),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_power),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
