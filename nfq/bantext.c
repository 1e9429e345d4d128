/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bantext.h"

#include <stdio.h>

#include "check.h"

#define PROVEN " (proven)"

void bantext_print(const struct ban *b, char out[BANTEXT])
{
	if (b->check < check_count)
		snprintf(out, BANTEXT, "%s%s: %s", check_name(b->check), b->proven ? PROVEN : "",
			 b->reason);
	else
		snprintf(out, BANTEXT, "%s", b->reason);
	for (char *p = out; *p; p++)
		*p = *p == '"' ? '\'' : *p < 0x20 || *p > 0x7e ? '?' : *p;
}

static uint8_t check_of(struct slice name)
{
	for (unsigned i = 0; i < check_count; i++)
		if (slice_eq(name, slice_of(check_name(i))))
			return (uint8_t)i;
	return CHECK_NONE;
}

void bantext_parse(const char *text, struct ban *b)
{
	const char *colon = strstr(text, ": ");
	struct slice name = colon ? slice_between(text, colon) : SLICE_NONE;
	struct slice mark = slice_of(PROVEN), end = name;
	bool proven = false;

	if (name.n > mark.n) {
		end.p += name.n - mark.n;
		end.n = mark.n;
		proven = slice_eq(end, mark);
		name.n -= proven ? mark.n : 0;
	}
	b->check = check_of(name);
	b->proven |= proven && b->check != CHECK_NONE;
	if (b->check != CHECK_NONE)
		text = colon + 2;
	snprintf(b->reason, sizeof(b->reason), "%s", *text ? text : "by hand");
}
