/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which passwords are tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "words.h"

static struct conf_item items[] = { { "tr0ub4dor" }, { "correct horse" } };
static const struct conf_list list = { items, 2 }, none = { NULL, 0 };

static struct audit_task task_of(const char *user, const char *realm)
{
	struct audit_task t = { .n = { (uint16_t)strlen(user), (uint16_t)strlen(realm) } };

	memcpy(t.text, user, t.n[0]);
	memcpy(t.text + t.n[0], realm, t.n[1]);
	return t;
}

/* As what is it tried?  AUDIT_STRONG: it is not. */
static enum audit_result tried(const struct words *w, const char *user, const char *realm,
			       const char *password)
{
	struct audit_task t = task_of(user, realm);
	enum audit_result kind;
	struct slice word;
	struct walk k;

	walk_begin(&k, w, &t, 2026);
	while (walk_next(&k, &word, &kind))
		if (slice_eq(word, slice_of(password)))
			return kind;
	return AUDIT_STRONG;
}

static void test_own(void **arg)
{
	static const struct {
		const char *user, *password;
		enum audit_result kind;
	} own[] = {
		{ "1001", "", AUDIT_EMPTY },
		{ "1001", "1001", AUDIT_OWN },
		{ "1001@pbx.example", "1001", AUDIT_OWN },
		{ "1001@pbx.example", "1001@pbx.example", AUDIT_OWN },
		{ "alice", "Alice", AUDIT_OWN },
		{ "1234", "4321", AUDIT_VARIED },
		{ "alice", "ecila", AUDIT_VARIED },
		{ "1001", "10011001", AUDIT_VARIED },
		{ "1001", "1001123", AUDIT_VARIED },
		{ "1001", "1001!", AUDIT_VARIED },
		{ "1001", "1001.", AUDIT_VARIED },
		{ "alice", "Alice1!", AUDIT_VARIED },
		{ "1001", "pass1001", AUDIT_VARIED },
		{ "1001", "1001sip", AUDIT_VARIED },
		{ "1001", "1001@pbx", AUDIT_VARIED },
		{ "1001", "pbx.example", AUDIT_VARIED },
		{ "alice", "alice1990", AUDIT_VARIED },
		{ "alice", "alice2026", AUDIT_VARIED },
		{ "alice", "alice2027", AUDIT_VARIED },
		{ "alice", "alice2028", AUDIT_STRONG },
		{ "alice", "alice26", AUDIT_VARIED },
		{ "alice", "2025alice", AUDIT_VARIED },
		{ "alice", "1001", AUDIT_STRONG },
	};
	struct words *w = words_new(&none, 0);

	(void)arg;
	for (unsigned i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (tried(w, own[i].user, "pbx.example", own[i].password) != own[i].kind)
			fail_msg("%s: %s", own[i].user, own[i].password);
	words_free(w);
}

static void test_lists(void **arg)
{
	struct words *w = words_new(&list, 4), *bare = words_new(&none, 0);

	(void)arg;
	assert_int_equal(tried(w, "1001", "r", "asterisk"), AUDIT_LISTED);
	assert_int_equal(tried(w, "1001", "r", "tr0ub4dor"), AUDIT_LISTED);
	assert_int_equal(tried(w, "1001", "r", "correct horse"), AUDIT_LISTED);
	assert_int_equal(tried(bare, "1001", "r", "asterisk"), AUDIT_LISTED);
	assert_int_equal(tried(bare, "1001", "r", "correct horse"), AUDIT_STRONG);
	words_free(bare);
	words_free(w);
}

static void test_numbers(void **arg)
{
	struct audit_task t = task_of("alice", "r");
	unsigned numbers[6] = { 0 };
	enum audit_result kind;
	struct slice word;
	struct walk k;

	(void)arg;
	for (unsigned digits = 0; digits <= 5; digits++) {
		struct words *w = words_new(&none, digits);

		walk_begin(&k, w, &t, 2026);
		while (walk_next(&k, &word, &kind)) {
			assert_int_not_equal(kind, AUDIT_STRONG);
			numbers[digits] += kind == AUDIT_SHORT;
		}
		words_free(w);
	}
	assert_int_equal(numbers[0], 0);
	assert_int_equal(numbers[1], 10);
	assert_int_equal(numbers[4], 11110);
	assert_int_equal(numbers[5], 111110);
}

static void test_some_numbers(void **arg)
{
	struct words *w = words_new(&none, 4);

	(void)arg;
	assert_int_equal(tried(w, "alice", "r", "0"), AUDIT_SHORT);
	assert_int_equal(tried(w, "alice", "r", "9"), AUDIT_SHORT);
	assert_int_equal(tried(w, "alice", "r", "007"), AUDIT_SHORT);
	assert_int_equal(tried(w, "alice", "r", "0000"), AUDIT_SHORT);
	assert_int_equal(tried(w, "alice", "r", "9999"), AUDIT_SHORT);
	assert_int_equal(tried(w, "alice", "r", "27182"), AUDIT_STRONG);
	words_free(w);
}

/* Names as long as a task can hold, tripled, stay within the room. */
static void test_long_names(void **arg)
{
	struct words *w = words_new(&list, 1);
	struct audit_task t = { .n = { AUDIT_TEXT - 1, 1 } };
	enum audit_result kind;
	struct slice word;
	struct walk k;

	(void)arg;
	memset(t.text, 'x', sizeof(t.text));
	walk_begin(&k, w, &t, 2026);
	while (walk_next(&k, &word, &kind))
		assert_true(word.n <= WORDS_ROOM);
	t = (struct audit_task){ .n = { 0 } }; /* and no name at all */
	walk_begin(&k, w, &t, 2026);
	while (walk_next(&k, &word, &kind))
		assert_true(word.n <= WORDS_ROOM);
	words_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_some_numbers),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
