/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state with the smallest tables there may be, for tests: `st` from make_state to
 * drop_state, a setup and a teardown.  Include after cmocka.h.
 */
#ifndef SIPMOAT_TEST_SMALLSTATE_H
#define SIPMOAT_TEST_SMALLSTATE_H

#include "state/store.h"

static struct state *st;

static int make_state(void **unused)
{
	static const uint8_t seed[16] = { 7 };
	struct settings s = { .ban_max = 64, .stream_memory = 64 };

	(void)unused;
#define X(name, records, least, help) s.name = least;
	TABLES(X)
#undef X
	st = state_new(&s, seed);
	return st ? 0 : -1;
}

static int drop_state(void **unused)
{
	(void)unused;
	state_free(st);
	st = NULL;
	return 0;
}

#endif
