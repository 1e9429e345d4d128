/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameters of a header whose parameters decide something. */
#include "sip/chars.h"
#include "sip/view.h"

/* The ';' or ',' outside quotes, or end; NULL when a quoted string does not end. */
static const char *param_end(const char *p, const char *end)
{
	static const bool stops[256] = { [';'] = true, [','] = true, ['"'] = true };

	for (; p < end; p++) {
		if (!stops[(uint8_t)*p])
			continue;
		if (*p != '"')
			return p;
		p = quote_end(p + 1, end);
		if (!p)
			return NULL;
	}
	return p;
}

/* Behind the name of a parameter that is looked for, at its '=' or its end. */
static void value_note(const char *p, const char *end, struct walk *w)
{
	struct slice value = { p, 0 };

	if (p < end && *p == '=')
		value = slice_trim(slice_between(p + 1, end));
	if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = (struct slice){ value.p + 1, value.n - 2 };
	if (!w->times++)
		w->value = value;
}

const char *params_walk(const char *p, const char *end, struct walk *w)
{
	while (p < end && *p == ';') {
		const char *name = p = skip_lws(p + 1, end), *stop;

		if (p == end || *p == ',') /* a ';' too many at the end is a mere slip */
			return p;
		if (!is_token_char(*p))
			w->gap = true;
		stop = skip_token(p, end);
		p = param_end(stop, end);
		if (!p) {
			w->open = name;
			return end;
		}
		if (stop - name == w->name.n && slice_ieq(slice_between(name, stop), w->name))
			value_note(skip_lws(stop, p), p, w);
	}
	return p;
}
