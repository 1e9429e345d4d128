/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pattern sets, against a naive oracle, from many threads, without allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "compiling.h"
#include "guard.h"
#include "match.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#ifndef OWN_MALLOC
#define OWN_MALLOC 1
#endif

/* Every allocation of the process is counted, those of PCRE2 too. */
static atomic_ulong allocations;

#if OWN_MALLOC
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_realloc(p, n);
}
#endif

/* Text behind an unreadable page: reading past its end is a crash. */
static int find(const struct match *m, const char *text)
{
	struct guard g = guard_new(slice_of(text));
	int found = match_find(m, g.bytes);

	guard_free(&g);
	return found;
}

static struct match *compile(struct compiling *t, const char *const *pattern)
{
	struct match *m;

	compiling_init(t, NULL);
	for (; *pattern; pattern++)
		compiling_add(t, *pattern);
	m = match_compile(&t->list, &t->c, "deny");
	assert_non_null(m);
	assert_int_equal(t->report.n, 0);
	return m;
}

static void test_kinds(void **state)
{
	static const char *const patterns[] = { "scanner", "=Gulp", "^smap", "Test Agent", NULL };
	struct compiling t;
	struct match *m = compile(&t, patterns);

	(void)state;
	assert_int_equal(find(m, "friendly-scanner"), 0);
	assert_int_equal(find(m, "FRIENDLY-SCANNER/2"), 0);
	assert_int_equal(find(m, "friendly-scanne"), -1);
	assert_int_equal(find(m, "gulp"), 1);
	assert_int_equal(find(m, " gulp\t"), 1);
	assert_int_equal(find(m, "gulp 1"), -1);
	assert_int_equal(find(m, "a gulp"), -1);
	assert_int_equal(find(m, "SMAP 0.6"), 2);
	assert_int_equal(find(m, "my smap"), -1);
	assert_int_equal(find(m, "smapsmap"), 2);
	assert_int_equal(find(m, ""), -1);
	assert_int_equal(find(m, "   "), -1);
	assert_string_equal(match_text(m, 2), "^smap");
	match_free(m);
	match_free(NULL);
	compiling_free(&t);
}

/* RFC 3261 7.3.1: a fold is one space; so is every other run of white space. */
static void test_white_space(void **state)
{
	static const char *const patterns[] = { "test\tagent", "=one  two", NULL };
	struct compiling t;
	struct match *m = compile(&t, patterns);

	(void)state;
	assert_int_equal(find(m, "My Test Agent"), 0);
	assert_int_equal(find(m, "Test\r\n Agent"), 0);
	assert_int_equal(find(m, "Test \r\n\t\t  Agent"), 0);
	assert_int_equal(find(m, "TestAgent"), -1);
	assert_int_equal(find(m, "one\r\n two"), 1);
	assert_int_equal(find(m, "\r\n one two \r\n "), 1);
	assert_int_equal(match_find(m, (struct slice){ "one two\0", 8 }), -1);
	match_free(m);
	compiling_free(&t);
}

static void test_expressions(void **state)
{
	static const char *const patterns[] = { "/^sip(p|cli)\\/v?\\d/", "literal", "/b{2,}$/",
						"/x y/", NULL };
	struct compiling t;
	struct match *m = compile(&t, patterns);

	(void)state;
	assert_int_equal(find(m, "SIPp/3.6"), 0);
	assert_int_equal(find(m, "sipcli/v1.8"), 0);
	assert_int_equal(find(m, "xsipcli/v1.8"), -1);
	assert_int_equal(find(m, "abb"), 2);
	assert_int_equal(find(m, "bba"), -1);
	assert_int_equal(find(m, "X\r\n\tY"), 3);
	/* literals are asked first */
	assert_int_equal(find(m, "sipcli/1 literal"), 1);
	match_free(m);
	compiling_free(&t);
}

/* Expressions that never end by themselves end by the limits, and nothing leaks. */
static void test_hostile_expressions(void **state)
{
	static const char *const patterns[] = { "/^(a+)+$/", "/(.*)*x(.*)*y(.*)*z/", "/needle/",
						NULL };
	struct compiling t;
	struct match *m = compile(&t, patterns);
	char text[1024];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 2, "!", 2);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(find(m, text), -1);
		assert_int_equal(find(m, "a needle"), 2); /* the slot is as good as new */
	}
	match_free(m);
	compiling_free(&t);
}

static void test_errors(void **state)
{
	static const char *const bad[] = { "/(/", "/a**/", "//", "/\\C/", "=", "^", "^  ", "/[/" };
	char longest[300];
	struct compiling t;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	compiling_init(&t, NULL);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		compiling_add(&t, bad[i]);
	compiling_add(&t, "fine");
	compiling_add(&t, longest);
	assert_null(match_compile(&t.list, &t.c, "deny"));
	assert_int_equal(t.report.errors, sizeof(bad) / sizeof(bad[0]) + 1);
	for (unsigned i = 0; i < t.report.n; i++)
		assert_string_equal(t.report.note[i].key, "g.deny");
	compiling_free(&t);
}

static void test_too_many(void **state)
{
	struct compiling t;
	struct conf_item *item = calloc(400, sizeof(*item));
	static char text[400][256];
	struct conf_list list = { item, 400 };

	(void)state;
	assert_non_null(item);
	compiling_init(&t, NULL);
	for (unsigned i = 0; i < 400; i++) {
		memset(text[i], 'a' + (int)(i % 26), 250);
		snprintf(text[i] + 200, sizeof(text[i]) - 200, "%u", i);
		item[i] = (struct conf_item){ .text = text[i], .file = "f", .line = i };
	}
	assert_null(match_compile(&list, &t.c, "deny"));
	assert_int_equal(t.report.errors, 1);
	free(item);
	compiling_free(&t);
}

/* ---- an oracle ---- */

static uint32_t next_random(uint32_t *r)
{
	*r = *r * 1664525 + 1013904223;
	return *r >> 16;
}

static bool naive_one(const char *pattern, struct slice text)
{
	char kind = *pattern == '^' || *pattern == '=' ? *pattern++ : '\0';
	struct slice p = slice_of(pattern);

	if (kind == '=')
		return slice_ieq(text, p);
	if (kind == '^')
		return slice_istarts(text, p);
	for (uint32_t i = 0; i + p.n <= text.n; i++)
		if (slice_istarts((struct slice){ text.p + i, text.n - i }, p))
			return true;
	return false;
}

static int naive(const struct compiling *t, struct slice text)
{
	for (unsigned i = 0; i < t->list.n; i++)
		if (naive_one(t->list.item[i].text, text))
			return (int)i;
	return -1;
}

static void random_text(uint32_t *r, char *out, unsigned most)
{
	unsigned n = 1 + next_random(r) % most;

	for (unsigned i = 0; i < n; i++)
		out[i] = "abAB"[next_random(r) % 4]; /* few letters: many overlaps */
	out[n] = '\0';
}

static void test_oracle(void **state)
{
	uint32_t r = 7;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		char pattern[COMPILING_ITEMS][16], text[40];
		struct compiling t;
		struct match *m;

		compiling_init(&t, NULL);
		for (unsigned i = 0; i < 1 + round % 20; i++) {
			unsigned kind = next_random(&r) % 3;

			pattern[i][0] = "^="[kind % 2];
			random_text(&r, pattern[i] + 1, 8);
			compiling_add(&t, kind == 2 ? pattern[i] + 1 : pattern[i]);
		}
		m = match_compile(&t.list, &t.c, "deny");
		assert_non_null(m);
		for (unsigned i = 0; i < 60; i++) {
			random_text(&r, text, 16);
			assert_int_equal(find(m, text), naive(&t, slice_of(text)));
		}
		match_free(m);
		compiling_free(&t);
	}
}

/* ---- threads ---- */

#define THREADS 40 /* more than there are slots */

static void *hammer(void *arg)
{
	const struct match *m = arg;
	char text[512];
	uintptr_t wrong = 0;

	for (unsigned i = 0; i < 300; i++) {
		memset(text, 'a', sizeof(text));
		memcpy(text + i % 400, "needle42", 8);
		wrong += match_find(m, (struct slice){ text, sizeof(text) }) != 1;
		wrong += match_find(m, (struct slice){ text, i % 400 }) != -1;
	}
	return (void *)wrong;
}

static void test_threads(void **state)
{
	static const char *const patterns[] = { "/(a|b|ab)*c\\d+/", "/n(e+)dle\\d{2}/", "zzz",
						NULL };
	struct compiling t;
	struct match *m = compile(&t, patterns);
	pthread_t thread[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hammer, m), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *wrong;

		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	match_free(m);
	compiling_free(&t);
}

static void test_no_allocation(void **state)
{
	static const char *const patterns[] = { "literal", "/((((a+)b*)+c?)+)+d/", "/x(.*)y(.*)z/",
						NULL };
	struct compiling t;
	struct match *m = compile(&t, patterns);
	struct slice texts[] = { SLICE("some literal"), SLICE("abcabcabcabcabcabcabcabcd"),
				 SLICE("xxxxxxxxxxxxxxyyyyyyyyyyyyyyyyyz"),
				 SLICE("aaaaaaaaaaaaaaaaaab") };
	unsigned long before;

	(void)state;
	if (!OWN_MALLOC) {
		match_free(m);
		compiling_free(&t);
		skip(); /* a sanitizer has the allocator */
	}
	before = atomic_load(&allocations);
	assert_true(before > 0); /* compiling was counted: the counter works */
	for (unsigned i = 0; i < 1000; i++)
		(void)match_find(m, texts[i % 4]);
	assert_int_equal(atomic_load(&allocations), before);
	match_free(m);
	compiling_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_white_space),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_hostile_expressions),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_no_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
