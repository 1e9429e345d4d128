/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders to the main thread, and the line that keeps a mode: each order is carried out once and
 * its result given once, however many are under way and whoever does not come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <string.h>

#include "check.h"
#include "orders.h"

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void finish(struct orders *o, uint64_t id, const char *text)
{
	struct order_result res = { .taken = true };

	conf_report_add(&res.notes, CONF_WARNING, "", 0, "", "%s", text);
	orders_finish(o, id, &res);
}

static void carried_out_in_turn(void **unused)
{
	const struct handmode observe = { .mode = MODE_OBSERVE, .uid = 7 };
	struct orders *o = orders_new();
	struct order_result res;
	struct order got;
	uint64_t first, second;

	(void)unused;
	assert_non_null(o);
	assert_false(orders_next(o, &got));
	first = orders_give(o, ORDER_RELOAD, NULL);
	second = orders_give(o, ORDER_MODE, &observe);
	assert_true(first && second && first != second);
	assert_true(readable(orders_fd(o)));
	assert_true(orders_next(o, &got));
	assert_int_equal(got.id, first);
	assert_false(orders_done(o, first, &res));
	finish(o, first, "one");
	assert_false(orders_done(o, second, &res));
	assert_true(orders_next(o, &got));
	assert_int_equal(got.kind, ORDER_MODE);
	assert_int_equal(got.mode.uid, 7);
	assert_false(orders_next(o, &got));
	assert_false(readable(orders_fd(o)));
	assert_true(orders_done(o, first, &res));
	assert_string_equal(res.notes.note[0].text, "one");
	order_result_free(&res);
	assert_false(orders_done(o, first, &res));
	finish(o, second, "nobody asks");
	orders_free(o);
}

static void who_does_not_come_back_makes_room(void **unused)
{
	struct orders *o = orders_new();
	struct order_result res;
	struct order got;
	uint64_t id[ORDERS_MOST], more;

	(void)unused;
	for (unsigned i = 0; i < ORDERS_MOST; i++)
		id[i] = orders_give(o, ORDER_RELOAD, NULL);
	assert_int_equal(orders_give(o, ORDER_RELOAD, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(orders_next(o, &got));
		finish(o, got.id, "x");
	}
	more = orders_give(o, ORDER_RELOAD, NULL);
	assert_int_not_equal(more, 0);
	assert_false(orders_done(o, id[0], &res)); /* its place was the oldest */
	assert_true(orders_done(o, id[1], &res));
	order_result_free(&res);
	assert_true(orders_next(o, &got));
	assert_int_equal(got.id, id[2]);
	orders_free(o);
}

static void a_mode_as_a_line(void **unused)
{
	static const char *const wrong[] = { "", "observe", "observe 1", "off 1 2", "config 1 2",
					     "enforce x 2", "enforce 1 2 3",
					     "enforceenforceenforce 1 2" };
	struct handmode m = { .mode = MODE_ENFORCE, .uid = 1000, .since = 1800000000 }, back;
	char line[HANDMODE_LINE];

	(void)unused;
	handmode_print(&m, line);
	assert_string_equal(line, "enforce 1800000000 1000");
	assert_int_equal(handmode_parse(line, &back), 0);
	assert_int_equal(back.mode, m.mode);
	assert_int_equal(back.uid, m.uid);
	assert_true(back.since == m.since);
	assert_int_equal(handmode_parse("observe 5 0\n", &back), 0);
	assert_int_equal(back.mode, MODE_OBSERVE);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(handmode_parse(wrong[i], &back), -1);
		assert_int_equal(back.mode, MODE_OFF);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carried_out_in_turn),
		cmocka_unit_test(who_does_not_come_back_makes_room),
		cmocka_unit_test(a_mode_as_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
