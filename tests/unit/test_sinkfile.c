/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of events: it never grows beyond its size, keeps so many old ones, follows whoever
 * renames it, and holds whole lines only.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "sinkfile.h"

static char dir[64], path[80];
static struct sinkfile f;

static int begin(void **arg)
{
	(void)arg;
	snprintf(dir, sizeof(dir), "/tmp/sipmoat-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/events", dir);
	return 0;
}

static int end(void **arg)
{
	char command[128];

	(void)arg;
	sinkfile_close(&f);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* FILE, FILE.1 ...; -1: there is none. */
static long size_of(unsigned n)
{
	char name[128];
	struct stat st;

	snprintf(name, sizeof(name), n ? "%s.%u" : "%s", path, n);
	return stat(name, &st) ? -1 : (long)st.st_size;
}

static void put(const char *line)
{
	assert_int_equal(sinkfile_put(&f, line, strlen(line)), 0);
}

static void test_turns(void **arg)
{
	(void)arg;
	assert_int_equal(sinkfile_init(&f, path, 20, 2), 0);
	for (unsigned i = 0; i < 2; i++)
		put("123456789\n");
	assert_int_equal(size_of(0), 20);
	assert_int_equal(size_of(1), -1);
	put("x\n");
	assert_int_equal(size_of(0), 2);
	assert_int_equal(size_of(1), 20);
	put("123456789012345678901234567890\n"); /* longer than a file may be: alone in one */
	put("y\n");
	assert_int_equal(size_of(0), 2);
	assert_int_equal(size_of(1), 31);
	assert_int_equal(size_of(2), 2);
	assert_int_equal(size_of(3), -1);
}

static void test_none_kept(void **arg)
{
	(void)arg;
	assert_int_equal(sinkfile_init(&f, path, 20, 0), 0);
	for (unsigned i = 0; i < 9; i++)
		put("123456789\n");
	assert_int_equal(size_of(0), 10);
	assert_int_equal(size_of(1), -1);
}

static void test_goes_on(void **arg)
{
	(void)arg;
	assert_int_equal(sinkfile_init(&f, path, 20, 1), 0);
	put("123456789\n");
	sinkfile_close(&f);
	assert_int_equal(sinkfile_init(&f, path, 20, 1), 0);
	put("123456789\n");
	put("x\n");
	assert_int_equal(size_of(0), 2);
	assert_int_equal(size_of(1), 20);
}

static void test_renamed(void **arg)
{
	char other[100];

	(void)arg;
	snprintf(other, sizeof(other), "%s.old", path);
	assert_int_equal(sinkfile_init(&f, path, 1000, 1), 0);
	put("a\n");
	assert_int_equal(rename(path, other), 0);
	sinkfile_look(&f);
	put("bc\n");
	assert_int_equal(size_of(0), 3);
	assert_int_equal(unlink(path), 0);
	sinkfile_look(&f);
	put("d\n");
	assert_int_equal(size_of(0), 2);
	/* cut in place (copytruncate) */
	assert_int_equal(truncate(path, 0), 0);
	sinkfile_look(&f);
	put("efg\n");
	assert_int_equal(size_of(0), 4);
}

static void test_nowhere(void **arg)
{
	char gone[100];

	(void)arg;
	snprintf(gone, sizeof(gone), "%s/no/events", dir);
	assert_int_equal(sinkfile_init(&f, gone, 1000, 1), 0);
	assert_int_equal(sinkfile_put(&f, "a\n", 2), -ENOENT);
	sinkfile_close(&f);
	/* nor through a link, which somebody else may have laid, nor into a pipe */
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(sinkfile_init(&f, path, 1000, 1), 0);
	assert_int_equal(sinkfile_put(&f, "a\n", 2), -ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(sinkfile_put(&f, "a\n", 2) < 0);
	assert_int_equal(unlink(path), 0);
	put("a\n");
}

/* A file system that takes a part of a line only. */
static void test_full(void **arg)
{
	struct rlimit was, is;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	is = was;
	is.rlim_cur = 15;
	assert_int_equal(sinkfile_init(&f, path, 1000, 1), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &is), 0);
	put("123456789\n");
	int r = sinkfile_put(&f, "123456789\n", 10);
	int r2 = sinkfile_put(&f, "1234\n", 5);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(r < 0);
	assert_int_equal(r2, 0);
	assert_int_equal(size_of(0), 15);
	put("more\n");
	assert_int_equal(size_of(0), 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_turns, begin, end),
		cmocka_unit_test_setup_teardown(test_none_kept, begin, end),
		cmocka_unit_test_setup_teardown(test_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(test_renamed, begin, end),
		cmocka_unit_test_setup_teardown(test_nowhere, begin, end),
		cmocka_unit_test_setup_teardown(test_full, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
