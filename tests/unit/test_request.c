/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the control socket: what is a request, what a command may read of it, and that
 * every answer is one line of ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "request.h"

static struct request *read_text(const char *line)
{
	struct request *r = request_read(line, strlen(line));

	assert_non_null(r);
	return r;
}

static void answers(struct request *r, const char *want)
{
	size_t n;
	char *line = request_answer(r, &n);

	assert_non_null(line);
	assert_string_equal(line, want);
	assert_int_equal(n, strlen(want));
	free(line);
	request_free(r);
}

static void test_bad(void **arg)
{
	static const char *const bad[] = {
		"", " ", "no JSON", "[]", "\"command\"", "{\"command\":\"x\"", "{}",
		"{\"command\":7}", "{\"command\":null}", "{\"command\":\"a\",\"command\":\"b\"}",
		"{\"command\":\"\\u0000\"}", "{\"command\":\"\xff\"}", "{\"command\":\"a\"} x",
	};
	char deep[4096];

	(void)arg;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct request *r = read_text(bad[i]);

		assert_true(request_failed(r));
		request_free(r);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct request *r;

		memset(deep, "[{"[i], sizeof(deep));
		r = request_read(deep, sizeof(deep));
		assert_non_null(r);
		assert_true(request_failed(r));
		request_free(r);
	}
	answers(read_text("[]"), "{\"ok\":false,\"error\":\"bad_request\",\"text\":"
				 "\"a line must be one JSON object\"}\n");
}

static void test_values(void **arg)
{
	struct request *r = read_text("{\"command\":\"x\",\"n\":7,\"minus\":-1,\"half\":0.5,"
				      "\"text\":\"7\",\"huge\":99999999999999999999}");
	uint64_t n = 3;

	(void)arg;
	/* a number beyond all bounds is no JSON of ours at all */
	assert_true(request_failed(r));
	request_free(r);
	r = read_text("{\"command\":\"x\",\"n\":7,\"minus\":-1,\"half\":0.5,\"text\":\"7\"}");
	assert_false(request_failed(r));
	assert_string_equal(request_text(r, "command"), "x");
	assert_null(request_text(r, "n"));
	assert_null(request_text(r, "none"));
	assert_true(request_number(r, "none", 1, 10, &n));
	assert_int_equal(n, 3);
	assert_true(request_number(r, "n", 1, 10, &n));
	assert_int_equal(n, 7);
	assert_false(request_number(r, "n", 8, 10, &n));
	assert_false(request_number(r, "n", 1, 6, &n));
	assert_false(request_number(r, "minus", 0, UINT64_MAX, &n));
	assert_false(request_number(r, "half", 0, 10, &n));
	assert_false(request_number(r, "text", 0, 10, &n));
	request_free(r);
}

static void test_answers(void **arg)
{
	struct request *r = read_text("{\"command\":\"x\"}");

	(void)arg;
	request_put_text(r, "t", "a\"\\\n\xc3\xa4");
	request_rows(r, "rows");
	request_row(r);
	request_put_number(r, "n", 1);
	request_row(r);
	request_put_bool(r, "b", true);
	request_rows_end(r);
	request_put_number(r, "end", 2);
	request_group(r, "group");
	request_put_real(r, "r", 2e-5);
	request_put_numbers(r, "ns", (const uint64_t[]){ 1, 2 }, 2);
	request_put_reals(r, "rs", (const double[]){ 0.5 }, 1);
	request_group_end(r);
	request_put_number(r, "last", 3);
	answers(r, "{\"ok\":true,\"t\":\"a\\\"\\\\\\n\\u00E4\",\"rows\":[{\"n\":1},{\"b\":true}],"
		   "\"end\":2,\"group\":{\"r\":2e-5,\"ns\":[1,2],\"rs\":[0.5]},\"last\":3}\n");
	/* what fails leaves nothing of the rest */
	r = read_text("{\"command\":\"x\"}");
	request_rows(r, "rows");
	request_row(r);
	request_put_number(r, "n", 1);
	request_fail(r, "code", "words");
	answers(r, "{\"ok\":false,\"error\":\"code\",\"text\":\"words\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
