/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jsontext.h"

static void put_char(struct jsontext *t, char c)
{
	if (t->n < t->room)
		t->p[t->n++] = c;
}

void jsontext_put(struct jsontext *t, const char *text)
{
	for (; *text; text++)
		put_char(t, *text);
}

/* Of what is printable only these two need an escape (RFC 8259 7). */
void jsontext_quoted(struct jsontext *t, const char *value)
{
	put_char(t, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			put_char(t, '\\');
		put_char(t, *value);
	}
	put_char(t, '"');
}

void jsontext_member(struct jsontext *t, const char *key, const char *value)
{
	jsontext_put(t, ",\"");
	jsontext_put(t, key);
	jsontext_put(t, "\":");
	jsontext_quoted(t, value);
}
