/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"
#include "guard.h"

static void reasons_are_filled_in(void **unused)
{
	struct slice name = SLICE("INV\\ITE\x1b[1m\n");
	struct evidence ev;

	(void)unused;
	evidence_reason(&ev, "%s is 100%% bad, %u times, %u more", &name, 0u, 4294967295u);
	assert_string_equal(ev.reason,
			    "INV\\\\ITE\\x1b[1m\\x0a is 100% bad, 0 times, 4294967295 more");
}

static void any_byte_becomes_printable(void **unused)
{
	struct evidence ev;
	char byte;

	(void)unused;
	for (unsigned c = 0; c < 256; c++) {
		byte = (char)c;
		evidence_bytes(&ev, (struct slice){ &byte, 1 });
		if (c == '\\')
			assert_string_equal(ev.text, "\\\\");
		else
			assert_int_equal(strlen(ev.text), c >= 0x20 && c <= 0x7e ? 1 : 4);
		for (const char *p = ev.text; *p; p++)
			assert_true(*p >= 0x20 && *p <= 0x7e);
	}
	evidence_bytes(&ev, SLICE_NONE);
	assert_string_equal(ev.text, "");
}

/* Whatever stands before, an escape comes whole or not at all, and nothing but
 * dots comes after it. */
static void a_cut_never_splits_an_escape(void **unused)
{
	char long_text[EVIDENCE_TEXT + 40];
	struct evidence ev;

	(void)unused;
	for (unsigned lead = 0; lead < EVIDENCE_TEXT; lead++) {
		struct guard g;
		size_t n;

		memset(long_text, 'a', lead);
		memset(long_text + lead, '\x07', sizeof(long_text) - lead);
		g = guard_new((struct slice){ long_text, sizeof(long_text) });
		memset(&ev, '!', sizeof(ev));
		evidence_bytes(&ev, g.bytes);
		guard_free(&g);
		n = strlen(ev.text);
		assert_true(n < EVIDENCE_TEXT);
		while (n > lead && ev.text[n - 1] == '.')
			n--;
		assert_int_equal((n - lead) % 4, 0);
		for (size_t i = lead; i < n; i += 4)
			assert_memory_equal(ev.text + i, "\\x07", 4);
	}
}

static void a_reason_is_cut_too(void **unused)
{
	char text[200];
	struct slice s = { text, sizeof(text) };
	struct evidence ev;

	(void)unused;
	memset(text, 'x', sizeof(text));
	evidence_reason(&ev, "%s", &s);
	assert_int_equal(strlen(ev.reason), REASON_TEXT - 1);
	evidence_reason(&ev, "method %s is not allowed", &s);
	assert_int_equal(strlen(ev.reason), REASON_TEXT - 1);
	assert_memory_equal(ev.reason, "method xxx", 10);
	/* what is left out leaves no gap that later words would close */
	text[REASON_TEXT - 4] = '\x07';
	s.n = REASON_TEXT - 3;
	evidence_reason(&ev, "%s!", &s);
	assert_string_equal(ev.reason + REASON_TEXT - 5, "x...");
}

static void verdicts_have_names(void **unused)
{
	(void)unused;
	assert_string_equal(verdict_name(VERDICT_ACCEPT), "accept");
	assert_string_equal(verdict_name(VERDICT_DROP), "drop");
	assert_string_equal(verdict_name(VERDICT_REJECT), "reject");
	assert_string_equal(verdict_name(VERDICT_DECOY), "decoy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_are_filled_in),
		cmocka_unit_test(any_byte_becomes_printable),
		cmocka_unit_test(a_cut_never_splits_an_escape),
		cmocka_unit_test(a_reason_is_cut_too),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
