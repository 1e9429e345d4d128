/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bantext.h"

#include <stdio.h>

#include "check.h"

void bantext_print(const struct ban *b, char out[BANTEXT])
{
	if (b->check < check_count)
		snprintf(out, BANTEXT, "%s: %s", check_name(b->check), b->reason);
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

	b->check = colon ? check_of(slice_between(text, colon)) : CHECK_NONE;
	if (b->check != CHECK_NONE)
		text = colon + 2;
	snprintf(b->reason, sizeof(b->reason), "%s", *text ? text : "by hand");
}
