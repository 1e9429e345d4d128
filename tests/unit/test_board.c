/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the status page remembers: the last hour second by second, and the last events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "history.h"
#include "tape.h"

#define T 1000000

static struct history hour;
static struct tape tape;

static void note(uint64_t at, uint64_t accepted, uint64_t dropped)
{
	const uint64_t total[HISTORY_SERIES] = { accepted, dropped };

	history_note(&hour, at, total);
}

static void shows(uint64_t since, const char *want)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	char *end;

	history_print(&hour, since, to);
	fclose(to);
	end = strstr(text, ",\"answered\"");
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(text, want);
	free(text);
}

static int empty(void **arg)
{
	(void)arg;
	memset(&hour, 0, sizeof(hour));
	tape_free(&tape);
	return 0;
}

static void test_seconds(void **arg)
{
	(void)arg;
	note(T, 100, 10); /* before it nothing is known */
	note(T + 1, 105, 10);
	note(T + 1, 107, 10); /* in the same second: counted with the next */
	note(T + 2, 108, 13);
	shows(T, "\"from\":1000001,\"accepted\":[5,3],\"dropped\":[0,3]");
	shows(T + 1, "\"from\":1000002,\"accepted\":[3],\"dropped\":[3]");
	shows(T + 2, "\"from\":1000003,\"accepted\":[],\"dropped\":[]");
	shows(T + 99, "\"from\":1000003,\"accepted\":[],\"dropped\":[]");
}

static void test_spread(void **arg)
{
	(void)arg;
	note(T, 0, 0);
	note(T + 4, 10, 2);
	shows(T, "\"from\":1000001,\"accepted\":[2,3,2,3],\"dropped\":[0,1,0,1]");
}

static void test_gaps(void **arg)
{
	(void)arg;
	note(T, 0, 0);
	note(T + 1, 1, 0);
	history_gap(&hour);
	note(T + 3, 50, 0);
	note(T + 4, 52, 0);
	note(T + 5, 7, 0); /* the daemon began anew */
	note(T + 6, 9, 0);
	shows(T, "\"from\":1000001,\"accepted\":[1,null,null,2,null,2],"
		 "\"dropped\":[0,null,null,0,null,0]");
	note(T + 3, 10, 0); /* the clock was set back */
	note(T + 4, 11, 0);
	shows(T + 3, "\"from\":1000004,\"accepted\":[1],\"dropped\":[0]");
}

/* No more than an hour, and none of the hour before. */
static void test_hour(void **arg)
{
	char *text = NULL;
	unsigned numbers = 1;
	size_t n;
	FILE *to;

	(void)arg;
	for (uint64_t i = 0; i <= 2 * HISTORY_SECONDS; i++)
		if (i != 2 * HISTORY_SECONDS - 5)
			note(T + i, 7 * i, 0);
	to = open_memstream(&text, &n);
	history_print(&hour, 0, to);
	fclose(to);
	*strstr(text, "]") = '\0';
	for (const char *p = strchr(text, '['); *p; p++)
		numbers += *p == ',';
	assert_int_equal(numbers, HISTORY_SECONDS);
	assert_null(strstr(text, "null"));
	free(text);
	note(T + 9 * HISTORY_SECONDS, 1, 0);
	note(T + 9 * HISTORY_SECONDS + 1, 2, 0);
	shows(T + 9 * HISTORY_SECONDS - 1,
	      "\"from\":1032401,\"accepted\":[1],\"dropped\":[0]");
}

/* The ids that a reader gets who has seen `after`, and how many gaps he is told of. */
static unsigned read_all(uint64_t after, uint64_t *first, uint64_t *last, unsigned *gaps)
{
	char out[TAPE_TEXT + 128];
	unsigned n = 0;

	*gaps = 0;
	*first = 0;
	while (tape_next(&tape, &after, out, sizeof(out))) {
		*first = n++ ? *first : after;
		*gaps += strncmp(out, "event: gap\n", 11) == 0;
		assert_string_equal(out + strlen(out) - 2, "\n\n");
	}
	*last = after;
	return n;
}

static void test_tape(void **arg)
{
	uint64_t first, last;
	char out[256], big[TAPE_TEXT + 2];
	unsigned gaps;

	(void)arg;
	assert_int_equal(read_all(0, &first, &last, &gaps), 0);
	tape_add(&tape, 5, "{\"a\":1}", 0);
	first = 0;
	assert_true(tape_next(&tape, &first, out, sizeof(out)));
	assert_string_equal(out, "id: 5\ndata: {\"a\":1}\n\n");
	for (uint64_t id = 6; id < 20; id++)
		tape_add(&tape, id, "{}", 0);
	assert_int_equal(read_all(0, &first, &last, &gaps), 15);
	assert_int_equal(read_all(15, &first, &last, &gaps), 4);
	assert_int_equal(first, 16);
	assert_int_equal(last, 19);
	assert_int_equal(read_all(19, &first, &last, &gaps), 0);
	assert_int_equal(tape_before(&tape, 4), 15);
	assert_int_equal(tape_before(&tape, 400), 0);
	/* the daemon has lost some, and one is too long */
	tape_add(&tape, 30, "{}", 10);
	memset(big, ' ', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	tape_add(&tape, 31, big, 0);
	assert_int_equal(read_all(19, &first, &last, &gaps), 1);
	assert_int_equal(gaps, 1);
	assert_int_equal(last, 30);
}

static void test_tape_full(void **arg)
{
	uint64_t first, last;
	unsigned gaps;

	(void)arg;
	for (uint64_t id = 1; id <= TAPE_EVENTS + 100; id++)
		tape_add(&tape, id, "{}", 0);
	assert_int_equal(read_all(50, &first, &last, &gaps), TAPE_EVENTS);
	assert_int_equal(first, 101);
	assert_int_equal(gaps, 1);
	assert_int_equal(read_all(200, &first, &last, &gaps), TAPE_EVENTS - 100);
	assert_int_equal(gaps, 0);
	assert_int_equal(read_all(0, &first, &last, &gaps), TAPE_EVENTS);
	assert_int_equal(gaps, 0); /* nothing was missed: nothing was asked for */
	/* a daemon whose ids are smaller: all that is there is new */
	tape_add(&tape, 7, "{}", 0);
	assert_int_equal(read_all(TAPE_EVENTS + 100, &first, &last, &gaps), 1);
	assert_int_equal(last, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_seconds, empty, empty),
		cmocka_unit_test_setup_teardown(test_spread, empty, empty),
		cmocka_unit_test_setup_teardown(test_gaps, empty, empty),
		cmocka_unit_test_setup_teardown(test_hour, empty, empty),
		cmocka_unit_test_setup_teardown(test_tape, empty, empty),
		cmocka_unit_test_setup_teardown(test_tape_full, empty, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
