/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every way in which a swap can fall between two steps of a pin, and a pin between
 * two steps of a swap: the threads' order is played by one thread, so that no run
 * can miss the narrow ones.  publish.c is compiled in with its atomic operations
 * replaced by ones that let the other side run first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdbool.h>

static void before_step(void);

#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#define atomic_load(p) (before_step(), atomic_load_explicit(p, memory_order_seq_cst))
#define atomic_store(p, v) (before_step(), atomic_store_explicit(p, v, memory_order_seq_cst))
#define atomic_exchange(p, v) (before_step(), atomic_exchange_explicit(p, v, memory_order_seq_cst))
#include "publish.c"

#define STEPS 16 /* more than a pin or a swap has */

/* Stands in for the compiled rules: publish never looks inside. */
struct ruleset {
	unsigned number;
};

static struct play {
	struct publish *publish;
	struct ruleset one, two;
	unsigned step, other_at; /* the other side runs before step other_at */
	bool other_pins;         /* and pins; else it swaps */
	bool came;               /* it has run */
	const struct ruleset *held;
	struct ruleset *freed;
} play;

static void before_step(void)
{
	if (play.came || play.step++ != play.other_at)
		return;
	play.came = true;
	if (play.other_pins)
		play.held = publish_pin(play.publish, 0);
	else
		play.freed = publish_swap(play.publish, &play.two, 0);
}

/* Returns whether the other side had its turn before the step. */
static bool played(unsigned step, bool other_pins)
{
	play = (struct play){ .one = { 1 }, .two = { 2 }, .came = true,
			      .other_at = step, .other_pins = other_pins };
	play.publish = publish_new(1, &play.one);
	assert_non_null(play.publish);
	play.came = false;
	if (other_pins)
		play.freed = publish_swap(play.publish, &play.two, 0);
	else
		play.held = publish_pin(play.publish, 0);
	other_pins = play.came;
	play.came = true;
	publish_free(play.publish);
	return other_pins;
}

static void a_swap_between_the_steps_of_a_pin(void **unused)
{
	unsigned step = 0;

	(void)unused;
	for (; played(step, false); step++)
		if (play.held == play.freed)
			fail_msg("pinned what was freed: the swap came before step %u", step);
	/* reading current, announcing, reading it again */
	assert_true(step >= 3 && step < STEPS);
}

static void a_pin_between_the_steps_of_a_swap(void **unused)
{
	unsigned step = 0;

	(void)unused;
	for (; played(step, true); step++)
		if (play.held == play.freed)
			fail_msg("freed what was pinned before step %u of the swap", step);
	/* exchange, who holds it */
	assert_true(step >= 2 && step < STEPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_swap_between_the_steps_of_a_pin),
		cmocka_unit_test(a_pin_between_the_steps_of_a_swap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
