/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log that cannot be written costs lines and nothing else; no line is longer
 * than it may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define LONG 5000

/* Puts fd in stderr's place while a line is logged. */
static void log_to(int fd, const char *text)
{
	int keep = dup(STDERR_FILENO);

	assert_true(fd >= 0 && keep >= 0);
	dup2(fd, STDERR_FILENO);
	log_info("%s", text);
	dup2(keep, STDERR_FILENO);
	close(keep);
}

static void a_reader_that_went_away(void **unused)
{
	int end[2];

	(void)unused;
	signal(SIGPIPE, SIG_DFL); /* as a shell starts us */
	log_open(LOG_INFO_);
	assert_int_equal(pipe(end), 0);
	close(end[0]);
	log_to(end[1], "nobody reads this, and nobody dies of it");
	close(end[1]);
}

static void a_full_disk(void **unused)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)unused;
	log_to(fd, "there is no room for this");
	close(fd);
}

static void a_long_line(void **unused)
{
	char text[LONG], got[LONG];
	int end[2];
	ssize_t n;

	(void)unused;
	memset(text, 'x', sizeof(text));
	text[LONG - 1] = 0;
	assert_int_equal(pipe(end), 0);
	log_to(end[1], text);
	n = read(end[0], got, sizeof(got));
	assert_in_range(n, 1000, 1024);
	assert_int_equal(got[n - 1], '\n');
	assert_null(memchr(got, '\n', (size_t)n - 1));
	close(end[0]);
	close(end[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_that_went_away),
		cmocka_unit_test(a_full_disk),
		cmocka_unit_test(a_long_line),
	};

	log_open(LOG_INFO_);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
