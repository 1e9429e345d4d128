/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of what was banned and allowed by hand: there and back, and damaged in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hand.h"

#define WALL 1000

static char dir[] = "/tmp/sipmoat-hand.XXXXXX", path[64];

static int setup(void **unused)
{
	(void)unused;
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/hand", dir);
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	(void)unlink(path);
	return rmdir(dir);
}

static void put_file(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static size_t get_file(char *out, size_t room)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, room - 1, f);
	out[n] = '\0';
	fclose(f);
	return n;
}

static struct hand_entry entry(const char *who, bool allow, uint64_t until, const char *note)
{
	struct hand_entry e = { .allow = allow, .until = until, .since = 7, .uid = 1000 };

	assert_int_equal(prefix_parse(slice_of(who), &e.who), 0);
	hand_note(e.note, note);
	return e;
}

static struct hand *reopen(struct hand *h)
{
	struct hand *fresh;

	hand_close(h);
	assert_int_equal(hand_open(&fresh, path, WALL), 0);
	return fresh;
}

static void there_and_back(void **unused)
{
	const struct hand_entry all[] = {
		entry("203.0.113.0/24", false, 0, "a whole block, \"why\"\n\x01\xc3\xa4"),
		entry("203.0.113.0/24", true, 2000, ""),
		entry("2001:db8::5", true, 0, "one phone"),
		entry("2001:db8:1:2::/64", false, 3000, "  x  "),
	};
	struct hand *h = reopen(NULL);
	struct hand_entry got;

	(void)unused;
	for (unsigned i = 0; i < 4; i++)
		assert_true(hand_put(h, &all[i], WALL));
	h = reopen(h);
	assert_true(hand_kept(h));
	assert_int_equal(hand_list(h, NULL, 0), 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(hand_find(h, &all[i].who, all[i].allow, &got));
		assert_int_equal(got.until, all[i].until);
		assert_int_equal(got.since, 7);
		assert_int_equal(got.uid, 1000);
	}
	assert_true(hand_find(h, &all[0].who, false, &got));
	assert_string_equal(got.note, "a whole block, \"why\"????");
	assert_true(hand_remove(h, &all[0].who, false));
	assert_false(hand_remove(h, &all[0].who, false));
	assert_true(hand_find(h, &all[0].who, true, &got));
	h = reopen(h);
	assert_int_equal(hand_list(h, NULL, 0), 3);
	hand_close(h);
}

static void what_has_ended_is_left_out(void **unused)
{
	const struct hand_entry over = entry("203.0.113.1", false, WALL, ""),
				live = entry("203.0.113.2", false, WALL + 1, "");
	struct hand *h = reopen(NULL);

	(void)unused;
	assert_true(hand_put(h, &over, 1));
	assert_true(hand_put(h, &live, 1));
	h = reopen(h);
	assert_int_equal(hand_list(h, NULL, 0), 1);
	hand_close(h);
}

static void damage_costs_nothing_else(void **unused)
{
	static const char *const bad[] = {
		"ban", "ban 203.0.113.1", "ban 203.0.113.1 -", "ban 203.0.113.1 - 0",
		"ban 203.0.113.1 - 0 x", "ban 203.0.113.256 - 0 1", "ban 203.0.113.0/33 - 0 1",
		"bans 203.0.113.1 - 0 1", "ban 203.0.113.1 0 0 1", "ban 203.0.113.1 -1 0 1",
		"ban 203.0.113.1 - 4294967296 1", "ban 203.0.113.1 99999999999999999999 0 1",
		"BAN 203.0.113.1 - 0 1", "\xff\xfe", "ban\t\t- 0 1",
	};
	static const char good[] = "ban 203.0.113.9 - 0 1 kept\n";
	char text[4096], after[4096];
	struct hand_entry e;
	struct hand *h;
	size_t n = 0;

	(void)unused;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(hand_parse(bad[i], &e));
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n", bad[i]);
	}
	n += (size_t)snprintf(text + n, sizeof(text) - n, "# a word\n\n%s", good);
	memcpy(text + n, "ban 203\0.0", 10); /* torn, and without its end */
	put_file(text, n + 10);
	h = reopen(NULL);
	assert_int_equal(hand_list(h, NULL, 0), 1);
	e = entry("203.0.113.10", false, 0, "new");
	assert_true(hand_put(h, &e, WALL));
	h = reopen(h);
	assert_int_equal(hand_list(h, NULL, 0), 2);
	hand_close(h);
	get_file(after, sizeof(after));
	assert_non_null(strstr(after, good));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_non_null(strstr(after, bad[i]));
	assert_non_null(strstr(after, "# a word\n"));
	assert_non_null(strstr(after, "ban 203?.0\n"));
}

/* Any bytes at all: nothing falls over, and what was written is read again. */
static void noise(void **unused)
{
	static const char some[] = "ban allow 203.0.113./24 - 0 1 \n\n\t#:";
	char text[512];

	(void)unused;
	srand(4);
	for (unsigned round = 0; round < 200; round++) {
		struct hand *h;
		size_t lines, n = (size_t)(rand() % (int)sizeof(text));

		for (size_t i = 0; i < n; i++)
			text[i] = rand() % 8 ? some[(size_t)rand() % sizeof(some)] : (char)rand();
		put_file(text, n);
		h = reopen(NULL);
		lines = hand_list(h, NULL, 0);
		h = reopen(h);
		assert_int_equal(hand_list(h, NULL, 0), lines);
		hand_close(h);
	}
}

static void bounded(void **unused)
{
	struct hand *h = reopen(NULL);
	struct hand_entry e = entry("10.0.0.0", false, 0, "");

	(void)unused;
	for (unsigned i = 0; i < HAND_MOST; i++) {
		e.who.addr.b[14] = (uint8_t)(i >> 8);
		e.who.addr.b[15] = (uint8_t)i;
		assert_true(hand_put(h, &e, WALL));
	}
	assert_true(hand_put(h, &e, WALL));
	e.who.addr.b[13] = 1;
	assert_false(hand_put(h, &e, WALL));
	h = reopen(h);
	assert_int_equal(hand_list(h, NULL, 0), HAND_MOST);
	hand_close(h);
}

static void without_a_place(void **unused)
{
	struct hand_entry e = entry("10.0.0.0", false, 0, "");
	struct hand *h;

	(void)unused;
	unsetenv("STATE_DIRECTORY");
	assert_int_equal(hand_open(&h, "hand", WALL), 0);
	assert_false(hand_kept(h));
	assert_true(hand_put(h, &e, WALL));
	assert_int_equal(hand_list(h, NULL, 0), 1);
	hand_close(h);
	/* one that somebody else may have written is neither believed nor written over */
	put_file("ban 203.0.113.9 - 0 1\n", 22);
	assert_int_equal(chmod(path, 0666), 0);
	h = reopen(NULL);
	assert_false(hand_kept(h));
	assert_true(hand_put(h, &e, WALL));
	hand_close(h);
	assert_int_equal(chmod(path, 0600), 0);
	h = reopen(NULL);
	assert_int_equal(hand_list(h, NULL, 0), 1);
	hand_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(there_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(what_has_ended_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_costs_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(noise, setup, teardown),
		cmocka_unit_test_setup_teardown(bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_place, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
