/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of calls in the store: each comes to an end, even where nobody saw it; what is too
 * old or too many goes; and whoever reads for hours does not make the log of writes grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "caller.h"
#include "clock.h"
#include "log.h"
#include "store.h"
#include "storefile.h"

#define ALICE "203.0.113.9"
#define HISTORY 3600
#define MOST 64
#define LOG_FILLED "150000000" /* bytes: more than the log of writes may hold */

static char dir[] = "/tmp/sipmoat-calls.XXXXXX";
static char path[sizeof(dir) + 32];
static struct world w;
static struct db *reader; /* as an operator's */

static struct store *open_store(void)
{
	struct settings s = *ruleset_settings(w.rules);
	struct store *store;

	s.store_file = path;
	s.store_history = HISTORY;
	s.store_calls = MOST;
	store = store_open(&s, w.st);
	assert_non_null(store);
	return store;
}

static int64_t ask(const char *sql)
{
	int64_t n = -1;

	assert_int_equal(db_number(reader, sql, &n), 0);
	return n;
}

static void edit(const char *sql)
{
	struct db *d;

	assert_int_equal(db_open(&d, path, false), 0);
	assert_int_equal(db_do(d, sql), 0);
	db_close(d);
}

static void hear_now(enum going way, const struct says *m)
{
	w.now = clock_now();
	hear(&w, way, ALICE, m);
}

/* A call is up; another only rings. */
static void call(void)
{
	hear_now(IN, &(struct says){ "INVITE", "a", "", .call = "spoken", .cseq = 1 });
	hear_now(OUT, &(struct says){ "200 INVITE", "a", "b", .call = "spoken", .cseq = 1 });
	hear_now(IN, &(struct says){ "INVITE", "a", "", .call = "rings", .cseq = 1 });
	hear_now(OUT, &(struct says){ "180 INVITE", "a", "b", .call = "rings", .cseq = 1 });
}

static void wait_second(void)
{
	struct timespec a_bit = { 0, 20000000 };
	uint64_t is = clock_wall();

	while (clock_wall() == is)
		nanosleep(&a_bit, NULL);
}

#define SPOKEN " FROM calls WHERE call_id = 'spoken'"
#define LOST "SELECT count(*) FROM calls WHERE state = 'lost' AND ended_by = 'lost'"

/* Nothing more is heard of them, and one day the memory lets go of them. */
static void test_expired(void **unused)
{
	struct store *s = open_store();
	uint64_t last;

	(void)unused;
	call();
	assert_true(store_save(s));
	assert_int_equal(db_open(&reader, path, true), 0);
	assert_int_equal(ask("SELECT count(*) FROM calls WHERE ended IS NULL"), 2);
	assert_int_equal(ask("SELECT count(*) FROM calls WHERE seconds IS NULL"), 2);
	wait_second();
	assert_true(store_save(s));
	last = clock_wall();
	wait_second();
	clock_set(clock_now() + 1000000 * NS);
	assert_true(store_save(s));
	assert_int_equal(ask(LOST), 2);
	assert_in_range(ask("SELECT ended - answered" SPOKEN), 1, 1000);
	assert_int_equal(ask("SELECT ended - answered = seconds" SPOKEN), 1);
	assert_in_range(ask("SELECT ended" SPOKEN), last - 1, last);
	assert_int_equal(ask("SELECT seconds FROM calls WHERE call_id = 'rings'"), 0);
	assert_true(store_save(s));
	assert_in_range(ask("SELECT ended" SPOKEN), last - 1, last);
	store_stop(s);
}

/* A phone that is challenged asks again: all of it is one call, whenever somebody looks.  One that
 * never does has not called; one that nobody answers has. */
static void test_challenged(void **unused)
{
	struct store *s = open_store();

	(void)unused;
	hear_now(IN, &(struct says){ "INVITE", "a", "", .call = "spoken", .cseq = 1 });
	hear_now(IN, &(struct says){ "INVITE", "a", "", .call = "silent", .cseq = 1 });
	assert_true(store_save(s));
	assert_int_equal(db_open(&reader, path, true), 0);
	hear_now(OUT, &(struct says){ "407 INVITE", "a", "b", .call = "spoken", .cseq = 1 });
	assert_true(store_save(s));
	clock_set(clock_now() + NS / 10);
	hear_now(IN, &(struct says){ "INVITE", "a", "", .call = "spoken", .cseq = 2 });
	assert_true(store_save(s));
	hear_now(OUT, &(struct says){ "200 INVITE", "a", "c", .call = "spoken", .cseq = 2 });
	assert_true(store_save(s));
	assert_int_equal(ask("SELECT count(*) FROM calls"), 1);
	assert_int_equal(ask("SELECT status" SPOKEN " AND state = 'answered'"), 200);
	clock_set(clock_now() + 11 * NS);
	assert_true(store_save(s));
	assert_int_equal(ask("SELECT count(*) FROM calls"), 2);
	assert_int_equal(ask("SELECT count(*) FROM calls WHERE state = 'asked'"), 1);
	store_stop(s);
}

/* They were open when an earlier run ended, and the memory was not taken. */
static void test_left_open(void **unused)
{
	struct store *s = open_store();

	(void)unused;
	call();
	assert_true(store_save(s));
	store_stop(s);
	edit("DELETE FROM memory; UPDATE calls SET began = began - 100, answered = answered - 90;"
	     "UPDATE about SET value = value - 40 WHERE name = 'looked'");
	world_close(&w);
	world_open(&w, "");
	s = open_store();
	assert_true(store_save(s));
	assert_int_equal(db_open(&reader, path, true), 0);
	assert_int_equal(ask(LOST), 2);
	assert_in_range(ask("SELECT seconds" SPOKEN), 49, 51);
	assert_in_range(ask("SELECT ended - began" SPOKEN), 59, 61);
	store_stop(s);
}

/* Rows of calls and counters from `from` to `to` seconds ago, `step` apart. */
static void make_rows(int from, int to, int step, const char *answered)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE ago(n) AS (SELECT %d UNION ALL SELECT n - %d FROM ago"
		 " WHERE n - %d > %d) INSERT INTO calls(began, answered, ended, state)"
		 " SELECT unixepoch() - n, %s, unixepoch() - n + 1, 'ended' FROM ago",
		 from, step, step, to, answered);
	edit(sql);
}

static void test_history(void **unused)
{
	struct store *s = open_store();

	(void)unused;
	make_rows(HISTORY + 500, HISTORY - 500, 100, "NULL");
	edit("INSERT INTO counters VALUES(unixepoch() - 7200, 'all', 'packets', 1),"
	     "(unixepoch() - 60, 'all', 'packets', 1)");
	assert_int_equal(db_open(&reader, path, true), 0);
	assert_int_equal(ask("SELECT count(*) FROM calls"), 10);
	assert_true(store_save(s));
	assert_int_equal(ask("SELECT count(*) FROM calls"), 5);
	assert_true(ask("SELECT unixepoch() - min(began) FROM calls") <= HISTORY);
	assert_int_equal(ask("SELECT count(*) FROM counters"), 1);
	store_stop(s);
}

/* Who only rings pushes out nothing that was spoken. */
static void test_most(void **unused)
{
	struct store *s = open_store();

	(void)unused;
	make_rows(900, 880, 1, "unixepoch() - n");
	make_rows(800, 0, 1, "NULL");
	assert_int_equal(db_open(&reader, path, true), 0);
	assert_int_equal(ask("SELECT count(*) FROM calls"), 820);
	assert_true(store_save(s));
	assert_in_range(ask("SELECT count(*) FROM calls"), MOST - MOST / 16, MOST);
	assert_int_equal(ask("SELECT count(*) FROM calls WHERE answered IS NOT NULL"), 20);
	assert_in_range(ask("SELECT unixepoch() - min(began) FROM calls WHERE answered IS NULL"),
			0, MOST + 60);
	store_stop(s);
}

static off_t log_bytes(void)
{
	char name[sizeof(path) + 8];
	struct stat is;

	snprintf(name, sizeof(name), "%s-wal", path);
	return stat(name, &is) ? 0 : is.st_size;
}

static void test_long_reader(void **unused)
{
	struct store *s = open_store();
	off_t full;

	(void)unused;
	assert_true(store_save(s));
	assert_int_equal(db_open(&reader, path, true), 0);
	assert_int_equal(db_do(reader, "BEGIN; SELECT count(*) FROM calls"), 0);
	edit("INSERT INTO about VALUES('much', zeroblob(" LOG_FILLED "))");
	assert_true(store_save(s)); /* it sees by this one how long the log is */
	full = log_bytes();
	assert_true(full > atoll(LOG_FILLED));
	call();
	assert_false(store_save(s));
	assert_int_equal(log_bytes(), full);
	assert_int_equal(db_do(reader, "COMMIT"), 0);
	assert_true(store_save(s));
	assert_true(log_bytes() < full / 100);
	assert_int_equal(ask("SELECT count(*) FROM calls WHERE ended IS NULL"), 2);
	store_stop(s);
}

static int setup(void **unused)
{
	(void)unused;
	log_open(LOG_ERR_);
	world_open(&w, "");
	snprintf(path, sizeof(path), "%s/sipmoat.db", dir);
	return 0;
}

static int teardown(void **unused)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char name[sizeof(path) + 16];

	(void)unused;
	db_close(reader);
	reader = NULL;
	world_close(&w);
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(name, sizeof(name), "%s%s", path, names[i]);
		unlink(name);
	}
	return 0;
}

static int make_dir(void **unused)
{
	(void)unused;
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **unused)
{
	(void)unused;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_expired, setup, teardown),
		cmocka_unit_test_setup_teardown(test_challenged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_history, setup, teardown),
		cmocka_unit_test_setup_teardown(test_most, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_reader, setup, teardown),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
