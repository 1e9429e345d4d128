/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `sipmoat why` advises: every check says something, and names only keys that it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "check.h"
#include "conf.h"

#define REMEDY_MOST 240
#define WORD 64

static bool has_key(const struct check *c, const char *key)
{
	if (strcmp(key, "mode") == 0)
		return true;
	for (const struct conf_row *r = c->rows; r && r->name; r++)
		if (strcmp(r->name, key) == 0)
			return true;
	return false;
}

/* "flood.crowd" in a remedy: is there such a key? */
static void check_word(const char *word)
{
	const char *dot = strchr(word, '.');

	if (!dot || !dot[1])
		return;
	for (unsigned i = 0; i < check_count; i++)
		if (strlen(checks[i]->name) == (size_t)(dot - word) &&
		    strncmp(checks[i]->name, word, (size_t)(dot - word)) == 0 &&
		    !has_key(checks[i], dot + 1))
			fail_msg("there is no key %s", word);
}

static void check_words(const char *text)
{
	char word[WORD];
	size_t n = 0;

	for (;; text++) {
		if ((isalnum((unsigned char)*text) || *text == '_' || *text == '.') &&
		    n + 1 < WORD) {
			word[n++] = *text;
			continue;
		}
		word[n] = '\0';
		check_word(word);
		n = 0;
		if (!*text)
			return;
	}
}

static void every_check_has_one(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < check_count; i++) {
		const char *text = checks[i]->remedy;

		if (!text || strlen(text) < 30 || strlen(text) > REMEDY_MOST || strchr(text, '\n'))
			fail_msg("the remedy of %s is missing, or no line", checks[i]->name);
		check_words(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_check_has_one) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
