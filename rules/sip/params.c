/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameters of a header whose parameters decide something. */
#include "sip/chars.h"
#include "sip/view.h"

/* Nobody sends so many; each costs more than its bytes. */
#define PARAMS_MAX 64

static const bool param_stops[256] = { [';'] = true, [','] = true, ['"'] = true };
static const bool list_stops[256] = { [','] = true, ['"'] = true };

/* The first of stops outside quotes, or end; NULL when a quoted string does not end. */
static inline const char *find_stop(const char *p, const char *end, const bool stops[256])
{
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

/* One parameter, behind its ';'; its end, NULL when a quoted string does not end. */
static inline const char *param_walk(const char *p, const char *end, struct walk *w)
{
	const char *name = p, *stop;

	if (!is_token_char(*p))
		w->gap = true;
	stop = skip_token(p, end);
	p = find_stop(stop, end, param_stops);
	if (p && stop - name == w->name.n && slice_ieq(slice_between(name, stop), w->name))
		value_note(skip_lws(stop, p), p, w);
	return p;
}

const char *params_walk(const char *p, const char *end, struct walk *w)
{
	unsigned left = PARAMS_MAX;

	while (p < end && *p == ';') {
		const char *name = skip_lws(p + 1, end);

		if (name == end || *name == ',') /* a ';' too many at the end is a mere slip */
			return name;
		if (left) {
			left--;
			p = param_walk(name, end, w);
		} else {
			w->gap = true;
			p = find_stop(name, end, list_stops);
		}
		if (!p) {
			w->open = name;
			return end;
		}
	}
	return p;
}
