/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip.h"

/* Behind the quoted string that starts at p: '\' escapes, RFC 3261 25.1. */
static const char *skip_quoted(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

bool sip_list_next(struct slice *rest, struct slice *item)
{
	const char *p = rest->p, *end;
	bool in_angle = false;

	if (!rest->n)
		return false;
	end = p + rest->n;
	if (*p == ',') { /* nothing, and maybe thousands of times */
		memset(item, 0, sizeof(*item)); /* whole: half stored, it is slow to load */
		item->p = p;
		*rest = slice_between(p + 1, end);
		return true;
	}
	if (!memchr(p, ',', rest->n)) { /* as in nearly all messages */
		*item = slice_trim(*rest);
		*rest = SLICE_NONE;
		return true;
	}
	while (p < end && (in_angle || *p != ',')) {
		if (*p == '"' && !in_angle) {
			p = skip_quoted(p, end);
			continue;
		}
		if (*p == '<')
			in_angle = true;
		else if (*p == '>')
			in_angle = false;
		p++;
	}
	*item = slice_trim(slice_between(rest->p, p));
	*rest = p < end ? slice_between(p + 1, end) : SLICE_NONE;
	return true;
}
