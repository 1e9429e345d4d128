/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal: order, gaps, what is kept for longer; and an event as JSON, whoever wrote it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "journal.h"
#include "request.h"

#define ROOM 8
#define FLOOD 3000 /* more than the journal holds */

static struct journal *j;

static int begin(void **unused)
{
	(void)unused;
	j = journal_new();
	return j ? 0 : -1;
}

static int end(void **unused)
{
	(void)unused;
	journal_free(j);
	return 0;
}

static struct told finding(uint8_t last, uint32_t ban)
{
	struct told t = { .kind = TOLD_FINDING, .level = LOG_INFO_ };
	struct event *ev = &t.news.ev;

	ev->src = addr_v4((uint8_t[]){ 203, 0, 113, last });
	ev->dst = addr_v4((uint8_t[]){ 192, 0, 2, 10 });
	ev->d.verdict = VERDICT_DROP;
	ev->d.banned = addr_site_prefix(&ev->src);
	ev->d.ban = ban;
	t.action = (uint8_t)told_action_of(&ev->d);
	snprintf(t.line, sizeof(t.line), "line of %u", last);
	return t;
}

static void add(uint8_t last, uint32_t ban)
{
	struct told t = finding(last, ban);

	journal_add(j, &t);
}

static void in_order_and_once(void **unused)
{
	uint64_t seen = journal_last(j), missed, first = seen + 1;
	struct told got[ROOM];

	(void)unused;
	for (uint8_t i = 0; i < 10; i++)
		add(i, 0);
	assert_int_equal(journal_read(j, seen, NULL, NULL, got, ROOM, &seen, &missed), ROOM);
	assert_int_equal(missed, 0);
	for (unsigned i = 0; i < ROOM; i++)
		assert_int_equal(got[i].id, first + i);
	assert_int_equal(journal_read(j, seen, NULL, NULL, got, ROOM, &seen, &missed), 2);
	assert_string_equal(got[1].line, "line of 9");
	assert_int_equal(journal_read(j, seen, NULL, NULL, got, ROOM, &seen, &missed), 0);
	assert_int_equal(seen, journal_last(j));
}

static void whoever_is_slow_learns_of_the_gap(void **unused)
{
	uint64_t start = journal_last(j), seen = start, missed;
	struct told got[ROOM];

	(void)unused;
	for (unsigned i = 0; i < FLOOD; i++)
		add(7, 0);
	assert_int_equal(journal_read(j, start, NULL, NULL, got, ROOM, &seen, &missed), ROOM);
	assert_true(missed > 0 && missed < FLOOD);
	assert_int_equal(got[0].id, start + missed + 1);
	/* an id of another run: all there is */
	assert_int_equal(journal_read(j, start + 2 * FLOOD, NULL, NULL, got, ROOM, &seen,
				      &missed), ROOM);
	assert_true(got[0].id > start);
}

static bool from_nine(const struct told *t, const void *arg)
{
	const struct addr nine = addr_v4((uint8_t[]){ 203, 0, 113, 9 });

	(void)arg;
	return addr_eq(&t->news.ev.src, &nine);
}

static void a_flood_does_not_push_out_a_ban(void **unused)
{
	struct told got[ROOM];

	(void)unused;
	add(9, 300);
	add(9, 0);
	for (unsigned i = 0; i < FLOOD; i++)
		add(7, 0);
	assert_int_equal(journal_find(j, from_nine, NULL, got, ROOM), 1);
	assert_int_equal(got[0].news.ev.d.ban, 300);
	/* one that is still on both shelves comes once */
	add(9, 60);
	assert_int_equal(journal_find(j, from_nine, NULL, got, ROOM), 2);
	assert_int_equal(got[0].news.ev.d.ban, 60);
}

static void who_watches_is_woken(void **unused)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	eventfd_t n = 0;

	(void)unused;
	assert_true(journal_watch(j, fd));
	add(1, 0);
	add(2, 0);
	assert_int_equal(eventfd_read(fd, &n), 0);
	assert_int_equal(n, 2);
	journal_unwatch(j, fd);
	add(3, 0);
	assert_int_equal(eventfd_read(fd, &n), -1);
	close(fd);
}

static void an_event_is_one_line_of_json(void **unused)
{
	struct told t = finding(9, 300);
	struct request *r = request_object();
	static const char hostile[] = "OPTIONS sip:x\x1b[31m\r\n\"</script>\0after";
	char *line;
	size_t n;

	(void)unused;
	snprintf(t.news.about.user, sizeof(t.news.about.user), "1001");
	memcpy(t.news.about.excerpt, hostile, sizeof(hostile));
	t.news.about.excerpt_n = sizeof(hostile) - 1;
	journal_add(j, &t);
	told_put(r, &t);
	line = request_answer(r, &n);
	assert_non_null(line);
	assert_ptr_equal(strchr(line, '\n'), line + n - 1);
	for (size_t i = 0; i + 1 < n; i++)
		assert_true(line[i] >= ' ' && line[i] < 0x7f);
	assert_non_null(strstr(line, "\"action\":\"banned\""));
	assert_non_null(strstr(line, "\"ban\":\"203.0.113.9\",\"ban_seconds\":300"));
	assert_non_null(strstr(line, "\"user\":\"1001\""));
	assert_non_null(strstr(line, "\\\\x1b[31m\\\\x0d\\\\x0a\\\"</script>\\\\x00after"));
	free(line);
	request_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order_and_once, begin, end),
		cmocka_unit_test_setup_teardown(whoever_is_slow_learns_of_the_gap, begin, end),
		cmocka_unit_test_setup_teardown(a_flood_does_not_push_out_a_ban, begin, end),
		cmocka_unit_test_setup_teardown(who_watches_is_woken, begin, end),
		cmocka_unit_test_setup_teardown(an_event_is_one_line_of_json, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
