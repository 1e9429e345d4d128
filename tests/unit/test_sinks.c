/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whoever reads standard output and sleeps holds up neither the other places nor the stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"
#include "journal.h"
#include "sinks.h"

#define EVENTS 60
#define PIPE_BYTES 65536

static void tell(struct journal *j, unsigned n)
{
	struct told t = { .kind = TOLD_NOTICE, .level = LOG_INFO_ };

	snprintf(t.line, sizeof(t.line), "notice %u", n);
	journal_add(j, &t);
}

static void a_sleeping_reader_delays_nobody(void **unused)
{
	struct settings s = { .events_file = "", .events_stdout = true };
	struct journal *j = journal_new();
	char full[PIPE_BYTES] = { 0 };
	uint64_t began = clock_now();
	int saved = dup(STDOUT_FILENO), pair[2];
	struct sinks *k;

	(void)unused;
	fflush(stdout);
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	assert_int_equal(fcntl(pair[1], F_SETPIPE_SZ, PIPE_BYTES), PIPE_BYTES);
	assert_int_equal(write(pair[1], full, sizeof(full)), sizeof(full));
	for (unsigned i = 0; i < EVENTS; i++)
		tell(j, i);
	dup2(pair[1], STDOUT_FILENO);
	assert_int_equal(sinks_start(&k, j, &s), 0);
	sinks_stop(k);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(pair[0]);
	close(pair[1]);
	journal_free(j);
	/* a second for the first one, not for each */
	assert_true(clock_now() - began < EVENTS * NS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sleeping_reader_delays_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
