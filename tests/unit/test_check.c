/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat check`: what it says and the status it ends with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"
#include "ctl.h"

static int setup(void **state)
{
	*state = confdir_new();
	return 0;
}

static int teardown(void **state)
{
	confdir_free(*state);
	return 0;
}

/* Sends a stream into a file of the folder; returns what it was. */
static int redirect(struct confdir *d, int fd, const char *name)
{
	char path[128];
	int kept = dup(fd), to;

	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(kept >= 0 && to >= 0);
	dup2(to, fd);
	close(to);
	return kept;
}

static void restore(int fd, int kept)
{
	dup2(kept, fd);
	close(kept);
}

static int run(struct confdir *d, char **argv)
{
	int argc = 0, status, out, err;

	while (argv[argc])
		argc++;
	fflush(NULL);
	out = redirect(d, 1, "out");
	err = redirect(d, 2, "err");
	status = check_main(argc, argv);
	fflush(NULL);
	restore(1, out);
	restore(2, err);
	return status;
}

static bool holds(struct confdir *d, const char *name, const char *want)
{
	char path[128], text[8192];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	if (!strstr(text, want))
		fprintf(stderr, "%s has no \"%s\":\n%s", name, want, text);
	return strstr(text, want);
}

static int check(struct confdir *d, const char *text)
{
	char *argv[] = { "check", "-c", d->main, NULL };

	confdir_write(d, "sipmoat.conf", text);
	return run(d, argv);
}

static void test_verdicts(void **state)
{
	struct confdir *d = *state;

	assert_int_equal(check(d, "mode = \"observe\";"), CTL_OK);
	assert_true(holds(d, "out", "configuration OK\n"));
	assert_int_equal(check(d, "mod = 1;\ninside = [ \"x\" ];"), CTL_REFUSED);
	assert_true(holds(d, "out", "2 errors\n"));
	assert_true(holds(d, "err", "sipmoat.conf:1: mod: unknown key; did you mean \"mode\"?\n"));
	assert_true(holds(d, "err", "sipmoat.conf:2: inside: \"x\" is no address"));
	/* what is to be enforced and cannot be is an error here, and only here */
	assert_int_equal(check(d, "geo = { country = \"/nonexistent\"; asn = \"/nonexistent\"; };\n"
				  "country = { mode = \"enforce\"; deny = [ \"DE\" ]; };"),
			 CTL_REFUSED);
	assert_true(holds(d, "out", "1 error\n"));
	assert_true(holds(d, "err", "warning: /nonexistent: geo: database not used"));
	assert_true(holds(d, "err", "sipmoat.conf:2: country: no country database"));
}

static void test_usage(void **state)
{
	struct confdir *d = *state;
	char *none[] = { "check", "-c", d->path, NULL };
	char *missing[] = { "check", "-c", NULL };
	char *unknown[] = { "check", "-x", NULL };
	char *extra[] = { "check", "file", NULL };
	char *help[] = { "check", "--help", NULL };

	assert_int_equal(run(d, none), CTL_REFUSED); /* a folder */
	assert_int_equal(run(d, missing), CTL_USAGE);
	assert_int_equal(run(d, unknown), CTL_USAGE);
	assert_int_equal(run(d, extra), CTL_USAGE);
	assert_true(holds(d, "err", "\"file\" is not understood"));
	assert_int_equal(run(d, help), CTL_OK);
	assert_true(holds(d, "out", "usage: sipmoat check"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_verdicts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
