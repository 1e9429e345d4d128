/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sipmoat top without a terminal: rates between two answers, what is counted of events, keys,
 * and screens of any size that hold nothing but printable ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>

#include "top.h"

#define STATS "{\"ok\":true,\"version\":\"1\",\"mode\":\"enforce\",\"time\":1000,\"started\":400," \
	"\"workers\":2,\"alive\":2,\"registrations\":7," \
	"\"counters\":{\"packets\":%d,\"dropped\":%d}," \
	"\"checks\":[{\"check\":\"agent\",\"dropped\":%d,\"rejected\":1,\"observed\":2}," \
	"{\"check\":\"flood\",\"dropped\":0}]," \
	"\"histograms\":[{\"name\":\"queue_delay\",\"lane\":\"strangers\",\"count\":%d," \
	"\"sum\":%f,\"most\":0.5},{\"name\":\"processing\",\"count\":10,\"sum\":0.001}]," \
	"\"queues\":[{\"queue\":1,\"lane\":\"strangers\",\"depth\":3,\"dropped\":4}]," \
	"\"bans\":{\"live4\":5,\"live6\":1},\"calls\":{\"answered\":2,\"ringing\":1}}"

static struct top *fresh(void **state)
{
	struct top *t = *state;

	top_begin(t);
	return t;
}

static void stats(struct top *t, int packets, int dropped, int n, double sum, double now)
{
	char text[2048];
	struct reply *r;

	snprintf(text, sizeof(text), STATS, packets, dropped, dropped, n, sum);
	r = reply_read(text);
	assert_non_null(r);
	top_stats(t, r, now);
	reply_free(r);
}

static void events(struct top *t, const char *text, double now)
{
	struct reply *r = reply_read(text);

	assert_non_null(r);
	top_events(t, r, now);
	reply_free(r);
}

/* The screen as text, each row ended; everything in it is checked. */
static char *drawn(struct top *t, unsigned rows, unsigned columns, double now)
{
	struct canvas c = { 0 };
	char *out = calloc(rows + 1, columns + 2);

	assert_true(canvas_size(&c, rows, columns));
	top_draw(t, &c, now, "12:00:00");
	assert_int_equal(c.rows, rows);
	for (unsigned y = 0, at = 0; y < rows; y++, at++) {
		for (unsigned x = 0; x < columns; x++, at++) {
			out[at] = c.cell[y * columns + x].letter;
			assert_in_range(out[at], ' ', '~');
		}
		out[at] = '\n';
	}
	canvas_free(&c);
	return out;
}

static void assert_drawn(struct top *t, const char *want, double now)
{
	char *out = drawn(t, 24, 80, now);

	if (!strstr(out, want))
		fail_msg("\"%s\" is not in:\n%s", want, out);
	free(out);
}

static void rates_between_two_answers(void **state)
{
	struct top *t = fresh(state);

	stats(t, 100, 10, 10, 1.0, 5);
	assert_true(t->packets_rate == 0);
	stats(t, 300, 50, 20, 1.5, 7);
	assert_true(t->packets_rate == 100 && t->dropped_rate == 20);
	assert_true(t->check[0].rate == 20);
	assert_int_equal(t->check[0].acted, 51);
	assert_int_equal(t->check[0].observed, 2);
	assert_true(t->lane[0].wait > 0.0499 && t->lane[0].wait < 0.0501);
	assert_drawn(t, "sipmoat 1  enforce  100 packets/s  20 dropped/s  up 10m", 7);
	assert_drawn(t, "strangers: 50.00 ms, 3 queued, 4 lost", 7);
	assert_drawn(t, "calls: 2 talk, 1 ring   phones: 7   bans: 6   workers: 2/2", 7);
	/* it began anew */
	stats(t, 1, 1, 1, 0.1, 8);
	assert_true(t->packets_rate == 0 && t->check[0].rate == 0);
}

static void counts_events(void **state)
{
	struct top *t = fresh(state);

	events(t, "{\"ok\":true,\"last\":3,\"missed\":2,\"events\":["
		  "{\"id\":1,\"time\":\"2026-11-23T10:11:12.000001Z\",\"event\":\"finding\","
		  "\"level\":\"warning\",\"site\":\"203.0.113.9/32\",\"check\":\"agent\","
		  "\"user\":\"1001\",\"country\":\"DE\",\"text\":\"banned \\u001b[2J him\"},"
		  "{\"id\":2,\"event\":\"more\",\"site\":\"203.0.113.9/32\",\"more\":311},"
		  "{\"id\":3,\"event\":\"notice\",\"level\":\"info\",\"text\":\"guards\"}]}", 1);
	assert_int_equal(t->after, 3);
	assert_true(t->follows);
	assert_int_equal(t->events, 2);
	assert_int_equal(t->countries.row[0].total, 1);
	assert_int_equal(t->users.row[0].total, 1);
	top_key(t, '3');
	assert_drawn(t, "1001                        1      1 agent", 1);
	assert_drawn(t, "10:11:12  banned ?[2J him", 1);
	assert_drawn(t, "2 events were gone", 1);
	/* half of it a minute later */
	assert_true(often_recent(&t->users.row[0], 61) == 0.5);
}

static void sources_that_are_known(void **state)
{
	struct top *t = fresh(state);
	struct reply *r = reply_read("{\"ok\":true,\"total\":2,\"sources\":["
		"{\"source\":\"2001:db8:66:3::/64\",\"country\":\"DE\",\"standing\":\"stranger\","
		"\"state\":\"banned\",\"score\":31,\"rate\":12.5},"
		"{\"source\":\"203.0.113.9\",\"standing\":\"returned\",\"partner\":true}]}");

	assert_non_null(r);
	top_sources(t, r);
	reply_free(r);
	assert_drawn(t, "2 sources [by rate] (2)", 1);
	assert_drawn(t, "2001:db8:66:3::/64 DE  banned       12.5    31\n", 1);
	assert_drawn(t, "203.0.113.9            partner       0.0     0\n", 1);
	assert_string_equal(top_source_order(t), "rate");
	top_key(t, '2');
	top_key(t, 's');
	assert_drawn(t, "2 sources [by score] (2)", 1);
	assert_string_equal(top_source_order(t), "score");
}

static void observing(void **state)
{
	struct top *t = fresh(state);
	struct reply *r;

	for (int i = 0; i < 2; i++) {
		r = reply_read(i ? "{\"mode\":\"observe\",\"mode_by_hand\":true,\"version\":\"1\","
				   "\"counters\":{\"packets\":9,\"observed\":7}}" :
				   "{\"mode\":\"observe\",\"counters\":{\"packets\":4}}");
		assert_non_null(r);
		top_stats(t, r, i);
		reply_free(r);
	}
	assert_drawn(t, "sipmoat 1  observe by hand  5 packets/s  7 would drop/s", 1);
	assert_drawn(t, "acted  would", 1);
}

static void events_stand_out(void **state)
{
	static const struct {
		const char *members;
		enum grid_tone tone;
	} of[] = {
		{ "\"level\":\"warning\",\"action\":\"banned\"", TONE_BAD },
		{ "\"level\":\"info\",\"action\":\"cut\"", TONE_BAD },
		{ "\"level\":\"info\",\"action\":\"refused\"", TONE_WARN },
		{ "\"level\":\"info\",\"action\":\"dropped\"", TONE_WARN },
		{ "\"level\":\"info\",\"action\":\"noticed\"", TONE_GOOD },
		{ "\"level\":\"warning\",\"action\":\"banned\",\"observed\":true", TONE_QUIET },
		{ "\"level\":\"error\"", TONE_BAD },
		{ "\"level\":\"warning\"", TONE_WARN },
		{ "\"level\":\"info\"", TONE_PLAIN },
	};
	struct top *t = fresh(state);
	char text[256];

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		snprintf(text, sizeof(text), "{\"events\":[{\"event\":\"finding\",%s}]}",
			 of[i].members);
		events(t, text, 1);
		assert_int_equal(t->event[t->events - 1].tone, of[i].tone);
	}
}

static void sources_make_room(void **state)
{
	struct top *t = fresh(state);
	char name[32];

	often_add(&t->users, "much", "", 1000, 1);
	for (int i = 0; i < 2 * OFTEN_MOST; i++) {
		snprintf(name, sizeof(name), "once %d", i);
		often_add(&t->users, name, "", 1, 2 + i / 1000.0);
	}
	assert_int_equal(t->users.n, OFTEN_MOST);
	often_sort(&t->users, OFTEN_RECENT, 3);
	assert_string_equal(t->users.row[0].name, "much");
}

static void keys(void **state)
{
	struct top *t = fresh(state);

	top_key(t, KEY_OF_TAB);
	assert_int_equal(t->focus, PANE_SOURCES);
	top_key(t, KEY_OF_BACKTAB);
	top_key(t, KEY_OF_BACKTAB);
	assert_int_equal(t->focus, PANE_EVENTS);
	assert_int_equal(t->right, PANE_SOURCES);
	top_key(t, '5');
	assert_true(top_shows(t, PANE_BANS) && top_shows(t, PANE_CHECKS));
	top_key(t, 'z');
	assert_false(top_shows(t, PANE_CHECKS));
	for (int i = 0; i < 20; i++)
		top_key(t, '+');
	assert_int_equal(t->interval, TOP_INTERVAL_MOST);
	for (int i = 0; i < 20; i++)
		top_key(t, '-');
	assert_int_equal(t->interval, 1);
	top_key(t, KEY_OF_PAGE_DOWN);
	assert_drawn(t, "5 bans", 1);
	assert_int_equal(t->scroll[PANE_BANS], 0); /* there is nothing */
	top_key(t, 'q');
	assert_true(t->leave);
}

static void any_size(void **state)
{
	struct top *t = fresh(state);

	stats(t, 1, 1, 1, 1, 1);
	for (unsigned pane = 0; pane < 2 * PANES; pane++) {
		for (unsigned rows = 1; rows < 60; rows += 7)
			for (unsigned columns = 1; columns < 200; columns += 13)
				free(drawn(t, rows, columns, 2));
		top_key(t, KEY_OF_TAB);
		t->zoom = pane >= PANES;
		t->help = pane == PANES;
	}
}

static int begin(void **state)
{
	*state = calloc(1, sizeof(struct top));
	return *state ? 0 : -1;
}

static int end(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_between_two_answers),
		cmocka_unit_test(counts_events),
		cmocka_unit_test(sources_that_are_known),
		cmocka_unit_test(observing),
		cmocka_unit_test(events_stand_out),
		cmocka_unit_test(sources_make_room),
		cmocka_unit_test(keys),
		cmocka_unit_test(any_size),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
