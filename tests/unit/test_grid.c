/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables: the same columns with and without a terminal, and nothing that a terminal obeys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>

#include "grid.h"
#include "letters.h"

static const struct grid_column columns[] = {
	{ "who", GRID_WHOLE }, { "times", GRID_NUMBER }, { "why", GRID_TEXT },
};

static char *written(const struct grid *t, struct grid_style style)
{
	char *out = NULL;
	size_t n;
	FILE *to = open_memstream(&out, &n);

	assert_non_null(to);
	assert_true(grid_write(t, to, &style));
	fclose(to);
	return out;
}

static void assert_written(const struct grid *t, struct grid_style style, const char *want)
{
	char *out = written(t, style);

	assert_string_equal(out, want);
	free(out);
}

static struct grid *two_rows(void)
{
	struct grid *t = grid_new(columns, 3);

	grid_put(t, "192.0.2.1");
	grid_put_number(t, 12);
	grid_put_toned(t, "names itself sipvicious", TONE_BAD);
	grid_note(t, "a note");
	grid_put(t, "2001:db8::/64");
	grid_put_number(t, 3);
	grid_put(t, "");
	return t;
}

static void columns_hold(void **unused)
{
	struct grid *t = two_rows();

	(void)unused;
	assert_written(t, (struct grid_style){ 0 },
		       "who            times  why\n"
		       "192.0.2.1         12  names itself sipvicious\n"
		       "  a note\n"
		       "2001:db8::/64      3  \n");
	grid_free(t);
}

static void cut_to_the_width(void **unused)
{
	struct grid *t = two_rows();

	(void)unused;
	assert_written(t, (struct grid_style){ .width = 32 },
		       "who            times  why\n"
		       "192.0.2.1         12  names its~\n"
		       "  a note\n"
		       "2001:db8::/64      3  \n");
	/* narrower than what is never cut */
	assert_written(t, (struct grid_style){ .width = 14 },
		       "who           \n"
		       "192.0.2.1     \n"
		       "  a note\n"
		       "2001:db8::/64 \n");
	grid_free(t);
}

static const struct grid_column with_spare[] = {
	{ "who", GRID_WHOLE }, { "in", GRID_WHOLE | GRID_SPARE },
	{ "users", GRID_NUMBER | GRID_SPARE }, { "why", GRID_TEXT },
};

/* What says nothing goes first, and a pipe has all. */
static void spare_columns_make_room(void **unused)
{
	struct grid *t = grid_new(with_spare, 4);

	(void)unused;
	grid_put(t, "192.0.2.1");
	grid_put(t, "-");
	grid_put_number(t, 7);
	grid_put(t, "names itself sipvicious, as none of ours does");
	assert_written(t, (struct grid_style){ 0 },
		       "who        in  users  why\n"
		       "192.0.2.1  -       7  names itself sipvicious, as none of ours does\n");
	assert_written(t, (struct grid_style){ .width = 46, .utf8 = true },
		       "who        in  users  why\n"
		       "192.0.2.1  -       7  names itself sipvicious\u2026\n");
	assert_written(t, (struct grid_style){ .width = 42 },
		       "who        users  why\n"
		       "192.0.2.1      7  names itself sipvicious~\n");
	assert_written(t, (struct grid_style){ .width = 30 },
		       "who        why\n"
		       "192.0.2.1  names itself sipvi~\n");
	grid_free(t);
}

static void colours_cost_no_column(void **unused)
{
	struct grid *t = two_rows();

	(void)unused;
	assert_written(t, (struct grid_style){ .colour = true },
		       "\033[1mwho\033[0m            \033[1mtimes\033[0m  \033[1mwhy\033[0m\n"
		       "192.0.2.1         12  \033[31mnames itself sipvicious\033[0m\n"
		       "  a note\n"
		       "2001:db8::/64      3  \n");
	grid_free(t);
}

static void no_memory_is_told(void **unused)
{
	struct grid_style style = { 0 };

	(void)unused;
	grid_put(NULL, "x");
	grid_put_number(NULL, 1);
	grid_note(NULL, "x");
	assert_false(grid_write(NULL, stdout, &style));
	grid_free(NULL);
}

static void assert_shown(const char *in, bool utf8, const char *want, size_t columns_wanted)
{
	char out[64];

	assert_int_equal(letters_show(out, sizeof(out), in, SIZE_MAX, utf8), columns_wanted);
	assert_string_equal(out, want);
}

static void terminals_obey_nothing(void **unused)
{
	(void)unused;
	assert_shown("plain ~", false, "plain ~", 7);
	assert_shown("\033[2Jx\r\n\t\x7f", true, "?[2Jx????", 9);
	assert_shown("Zoë", true, "Zoë", 3);
	assert_shown("Zoë", false, "Zo?", 3);
	assert_shown("日本", true, "日本", 4);
	assert_shown("\xc2\x9b" "31m", true, "?31m", 4);         /* CSI in 8 bits */
	assert_shown("\x9b" "31m", true, "?31m", 4);
	assert_shown("a\xe2\x80\xae" "b", true, "a?b", 3);        /* to the left from here */
	assert_shown("a\xe2\x81\xa6" "b", true, "a?b", 3);        /* isolate */
	assert_shown("a\xcc\x81", true, "a?", 2);                 /* a mark on it */
	assert_shown("a\xe2\x80\x8b", true, "a?", 2);             /* no width */
	assert_shown("\xc1\x81", true, "??", 2);                  /* A in two bytes */
	assert_shown("\xe0\x82\x9b", true, "???", 3);
	assert_shown("\xed\xa0\x80", true, "?", 1);               /* half a pair */
	assert_shown("\xf4\x90\x80\x80\xff", true, "??", 2);
	assert_shown("\xe2\x80", true, "??", 2);                  /* it ends in a letter */
}

static void no_letter_is_torn(void **unused)
{
	char out[4];

	(void)unused;
	assert_int_equal(letters_show(out, sizeof(out), "日本", 9, true), 2);
	assert_string_equal(out, "日");
	assert_int_equal(letters_show(out, 3, "日本", 9, true), 0);
	assert_string_equal(out, "");
	assert_int_equal(letters_show(out, sizeof(out), "a日", 2, true), 1);
	assert_string_equal(out, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_hold),
		cmocka_unit_test(cut_to_the_width),
		cmocka_unit_test(spare_columns_make_room),
		cmocka_unit_test(colours_cost_no_column),
		cmocka_unit_test(no_memory_is_told),
		cmocka_unit_test(terminals_obey_nothing),
		cmocka_unit_test(no_letter_is_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
