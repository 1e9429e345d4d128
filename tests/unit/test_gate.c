/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may see the status page: names of this host, other sites, tokens, cookies; and where it
 * may be served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "gate.h"
#include "place.h"

#define TOKEN "correct-horse-battery"

static enum gate_answer with_host(const struct gate *g, const char *host)
{
	const struct gate_question q = { .host = host };

	return gate_ask(g, &q);
}

static void test_host(void **arg)
{
	static const char *const ours[] = {
		"localhost", "localhost:9479", "LocalHost:1", "127.0.0.1:9479", "127.0.0.1",
		"[::1]:9479", "[::1]", "192.0.2.7:80", "[2001:db8::1]:9479", "status.example.com",
		"STATUS.example.com:9479",
	};
	static const char *const others[] = {
		"", ":9479", "example.com", "localhost.example.com", "127.0.0.1.example.com",
		"status.example.com.evil.example", "[::1", "[]", "[evil.example]:80", "127.0.0.1x",
		"localhost ", "1", "0x7f000001",
	};
	struct gate g = { .name = { "status.example.com" }, .names = 1 };

	(void)arg;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (with_host(&g, ours[i]) != GATE_IN)
			fail_msg("%s is refused", ours[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		/* "[::1" without its end is an address all the same */
		if (strcmp(others[i], "[::1") != 0 && with_host(&g, others[i]) != GATE_WRONG_HOST)
			fail_msg("%s is let in", others[i]);
	assert_int_equal(with_host(&g, NULL), GATE_WRONG_HOST);
}

static void test_long_host(void **arg)
{
	char host[1024] = "";
	struct gate g = { .name = { host }, .names = 1 };

	(void)arg;
	memset(host, 'a', 255); /* as long as a name can be */
	assert_int_equal(with_host(&g, host), GATE_IN);
	memset(host, 'a', 256);
	assert_int_equal(with_host(&g, host), GATE_WRONG_HOST);
	memset(host, 'a', sizeof(host) - 1);
	assert_int_equal(with_host(&g, host), GATE_WRONG_HOST);
}

static void test_site(void **arg)
{
	struct gate g = { 0 };
	struct gate_question q = { .host = "localhost" };

	(void)arg;
	q.site = "same-origin";
	assert_int_equal(gate_ask(&g, &q), GATE_IN);
	q.site = "none";
	assert_int_equal(gate_ask(&g, &q), GATE_IN);
	q.site = "cross-site";
	assert_int_equal(gate_ask(&g, &q), GATE_WRONG_SITE);
	q.mode = "cors";
	assert_int_equal(gate_ask(&g, &q), GATE_WRONG_SITE);
	q.site = "same-site"; /* another port of this host */
	assert_int_equal(gate_ask(&g, &q), GATE_WRONG_SITE);
	q.mode = "navigate"; /* a link to the page */
	assert_int_equal(gate_ask(&g, &q), GATE_IN);
}

static enum gate_answer with_token(const struct gate *g, const char *bearer, const char *cookie)
{
	const struct gate_question q = { .host = "localhost", .authorization = bearer,
					 .cookie = cookie };

	return gate_ask(g, &q);
}

static void test_token(void **arg)
{
	struct gate g = { .token = TOKEN };
	char cookie[GATE_SESSION + 64];

	(void)arg;
	assert_true(gate_session(&g));
	assert_int_equal(strlen(g.session), GATE_SESSION);
	assert_int_equal(with_token(&g, NULL, NULL), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, "Bearer " TOKEN, NULL), GATE_IN);
	assert_int_equal(with_token(&g, "bearer " TOKEN, NULL), GATE_IN);
	assert_int_equal(with_token(&g, "Bearer " TOKEN "x", NULL), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, "Bearer " TOKEN TOKEN, NULL), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, "Bearer correct-horse-batterx", NULL), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, "Bearer c", NULL), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, "Bearer ", NULL), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, "Basic " TOKEN, NULL), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, TOKEN, NULL), GATE_NO_TOKEN);

	snprintf(cookie, sizeof(cookie), GATE_COOKIE "=%s", g.session);
	assert_int_equal(with_token(&g, NULL, cookie), GATE_IN);
	snprintf(cookie, sizeof(cookie), "a=b; " GATE_COOKIE "=%s; c=d", g.session);
	assert_int_equal(with_token(&g, NULL, cookie), GATE_IN);
	snprintf(cookie, sizeof(cookie), "x" GATE_COOKIE "=%s", g.session);
	assert_int_equal(with_token(&g, NULL, cookie), GATE_NO_TOKEN);
	snprintf(cookie, sizeof(cookie), GATE_COOKIE "=%.10s", g.session);
	assert_int_equal(with_token(&g, NULL, cookie), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, NULL, GATE_COOKIE "="), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, NULL, GATE_COOKIE "=" TOKEN), GATE_NO_TOKEN);
	assert_int_equal(with_token(&g, NULL, ";; ;"), GATE_NO_TOKEN);
}

/* Nobody bears a token that is not there: /login gives no cookie for an empty one. */
static void test_none(void **arg)
{
	struct gate g = { 0 };

	(void)arg;
	assert_int_equal(with_token(&g, NULL, NULL), GATE_IN);
	assert_false(gate_bears(&g, "Bearer "));
	assert_false(gate_bears(&g, NULL));
}

static bool reads(const char *text, struct gate *g)
{
	char path[] = "/tmp/sipmoat-token.XXXXXX", err[GATE_ERROR];
	int fd = mkstemp(path);
	bool got;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	got = gate_read(g, path, err);
	unlink(path);
	return got;
}

static void test_file(void **arg)
{
	char longest[GATE_TOKEN_MOST + 2], err[GATE_ERROR];
	struct gate g = { 0 };

	(void)arg;
	assert_true(reads(TOKEN "\nand a word about it\n", &g));
	assert_string_equal(g.token, TOKEN);
	assert_true(reads(TOKEN "\r\n", &g));
	assert_string_equal(g.token, TOKEN);
	assert_true(reads(TOKEN, &g));
	assert_false(reads("", &g));
	assert_false(reads("\n" TOKEN "\n", &g));
	assert_false(reads("too-short\n", &g));
	assert_false(reads("two words are no token\n", &g));
	memset(longest, 'x', sizeof(longest));
	longest[GATE_TOKEN_MOST] = '\0';
	assert_true(reads(longest, &g));
	longest[GATE_TOKEN_MOST] = 'x';
	longest[GATE_TOKEN_MOST + 1] = '\0';
	assert_false(reads(longest, &g));
	memset(longest, '~', GATE_TOKEN_LEAST); /* the shortest, of the last sign */
	longest[GATE_TOKEN_LEAST] = '\0';
	assert_true(reads(longest, &g));
	assert_string_equal(g.token, longest);
	err[0] = '\0';
	assert_false(gate_read(&g, "/nowhere/token", err));
	assert_non_null(strstr(err, "/nowhere/token: No such file"));
}

static void test_place(void **arg)
{
	static const char *const loopback[] = { "127.0.0.1:9479", "127.0.0.1", "127.9.9.9:1",
						"[::1]:9479", "::1", "[::1]" };
	static const char *const others[] = { "192.0.2.1:80", "0.0.0.0:9479", "[::]:9479", "::",
					      "[2001:db8::1]", "2001:db8::1" };
	static const char *const bad[] = { "", ":9479", "localhost:9479", "127.0.0.1:", "[::1",
					   "127.0.0.1:x", "127.0.0.1:123456", "[::1]9479",
					   "127.0.0.1:-1" };
	struct sockaddr_storage at;

	(void)arg;
	for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback); i++)
		if (!place_read(loopback[i], &at) || !place_is_loopback(&at))
			fail_msg("%s", loopback[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!place_read(others[i], &at) || place_is_loopback(&at))
			fail_msg("%s", others[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (place_read(bad[i], &at))
			fail_msg("%s is taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_long_host), cmocka_unit_test(test_site),
		cmocka_unit_test(test_token), cmocka_unit_test(test_none),
		cmocka_unit_test(test_file), cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
