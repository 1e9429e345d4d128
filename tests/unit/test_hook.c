/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's command: what it is given, what its end means, and that of too many or too
 * slow ones some are dropped and some killed, and nothing waits.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "hook.h"
#include "smallstate.h"
#include "state/approvals.h"

/* Until it is so; the limit only ends a test that hangs. */
#define WAIT_FOR(what) \
	do { \
		time_t end = time(NULL) + 30; \
		while (!(what)) { \
			assert_true(time(NULL) < end); \
			usleep(10000); \
		} \
	} while (0)

static struct approval waiting(uint64_t user, const char *name)
{
	struct account a = { .user_key = user, .shown = true, .n = (uint8_t)strlen(name) };
	struct approval_ask ask = { .who = { .account = &a }, .what = 1,
				    .label = SLICE("class \\premium"), .number = SLICE("900\"1"),
				    .token_life = 600, .grant_life = 3600, .most = 3 };
	struct approval_token t;
	struct approval out;

	memcpy(a.name, name, a.n);
	assert_true(approval_ask(st, &ask, clock_now(), &t));
	assert_true(state_approval_of(st, t.key, t.text, clock_now(), &out));
	return out;
}

static bool granted(uint64_t user)
{
	struct account a = { .user_key = user, .shown = true };
	struct approval_who who = { .account = &a };

	return approval_granted(st, &who, 1, clock_now());
}

static struct hook_counts counts(const struct hook_runner *h)
{
	struct hook_counts n;

	hook_count(h, &n);
	return n;
}

static void test_opened(void **arg)
{
	struct hook_runner *h;

	(void)arg;
	assert_int_equal(hook_open(&h, "", 5), 0);
	assert_null(h);
	assert_int_equal(hook_start(h, st), 0);
	hook_ask(h, &(struct approval){ .granted = false });
	hook_close(h);
	assert_true(hook_same(NULL, "", 7));
	assert_int_equal(hook_open(&h, "/no/such/command", 5), -ENOENT);
	assert_int_equal(hook_open(&h, "/etc/passwd", 5), -EACCES);
	assert_int_equal(hook_open(&h, "   ", 5), -EINVAL);
}

/* What the command reads, and that its 0 approves. */
static void test_told(void **arg)
{
	struct approval a = waiting(7, "1001");
	char command[64], file[] = "/tmp/sipmoat-test-XXXXXX", text[512] = "", want[64];
	int fd = mkstemp(file);
	struct hook_runner *h;

	(void)arg;
	assert_true(fd >= 0);
	snprintf(command, sizeof(command), "/usr/bin/tee  -a %s", file);
	assert_int_equal(hook_open(&h, command, 20), 0);
	assert_int_equal(hook_start(h, st), 0);
	assert_true(hook_same(h, command, 20));
	assert_false(hook_same(h, command, 5));
	assert_false(hook_same(h, "", 20));
	hook_ask(h, &a);
	WAIT_FOR(granted(7));
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	snprintf(want, sizeof(want), "{\"event\":\"approval\",\"token\":\"%s\",", a.token);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, ",\"user\":\"1001\",\"source\":\"::/64\",\"what\":\"class "
				     "\\\\premium\",\"number\":\"900\\\"1\",\"shown\":true,"));
	assert_non_null(strstr(text, ",\"grant\":3600}\n"));
	hook_close(h);
	close(fd);
	unlink(file);
}

static void test_refused(void **arg)
{
	struct approval a = waiting(8, "1002"), got;
	struct hook_runner *h;

	(void)arg;
	assert_int_equal(hook_open(&h, "/bin/false", 20), 0);
	assert_int_equal(hook_start(h, st), 0);
	hook_ask(h, &a);
	WAIT_FOR(counts(h).asked == 1 && counts(h).ended == 1);
	assert_int_equal(counts(h).granted, 0);
	assert_false(granted(8));
	hook_close(h);
	/* it waits on for somebody else */
	assert_true(state_approve(st, a.token, 0, clock_now(), &got));
}

static void test_flood(void **arg)
{
	struct approval a = waiting(9, "1003");
	struct hook_runner *h;
	uint64_t before;

	(void)arg;
	assert_int_equal(hook_open(&h, "/bin/sleep 1000", 1), 0);
	assert_int_equal(hook_start(h, st), 0);
	before = clock_now();
	for (unsigned i = 0; i < HOOK_AT_ONCE + HOOK_QUEUE + 10; i++)
		hook_ask(h, &a);
	assert_true(clock_now() - before < NS / 2); /* nobody waited for a command */
	assert_int_equal(counts(h).asked, HOOK_AT_ONCE + HOOK_QUEUE);
	assert_int_equal(counts(h).dropped, 10);
	WAIT_FOR(counts(h).killed >= HOOK_AT_ONCE);
	assert_false(granted(9));
	hook_ask(h, &a); /* there is room again */
	assert_int_equal(counts(h).asked, HOOK_AT_ONCE + HOOK_QUEUE + 1);
	before = clock_now();
	hook_close(h); /* what runs and what waits goes with it */
	assert_true(clock_now() - before < 10 * NS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_state, drop_state)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_opened), T(test_told), T(test_refused), T(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
