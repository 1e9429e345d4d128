/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameters of a header whose parameters decide something. */
#include "sip/chars.h"
#include "sip/view.h"

/* Nobody sends so many; each costs more than its bytes. */
#define PARAMS_MAX 64

static const bool param_stops[256] = { [';'] = true, [','] = true, ['"'] = true };
static const bool list_stops[256] = { [','] = true, ['"'] = true };
static const bool value_stops[256] = {
	[';'] = true, [','] = true, ['"'] = true,
	[' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true,
};

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

/* The value behind a '=', quotes taken off; its end, NULL when a quoted string
 * does not end. */
static inline const char *value_walk(const char *p, const char *end, struct slice *value)
{
	const char *start = p = skip_lws(p, end);

	if (p < end && *p == '"') {
		p = quote_end(p + 1, end);
		if (!p)
			return NULL;
		*value = slice_between(start + 1, p);
		return p + 1;
	}
	while (p < end && !value_stops[(uint8_t)*p])
		p++;
	*value = slice_between(start, p);
	return p;
}

static inline bool is_name(struct slice key, struct slice name)
{
	return slice_eq(key, name) || slice_ieq(key, name);
}

/* One parameter, behind its ';'; its end, NULL when a quoted string does not end. */
static inline const char *param_walk(const char *p, const char *end, struct walk *w)
{
	const char *name = p;
	struct slice key, value;

	p = skip_token(p, end);
	key = slice_between(name, p);
	p = skip_lws(p, end);
	value = (struct slice){ p, 0 };
	if (p < end && *p == '=')
		p = value_walk(p + 1, end, &value);
	if (p && key.n == w->name.n && is_name(key, w->name) && !w->times++)
		w->value = value;
	p = p ? skip_lws(p, end) : NULL;
	if (key.n && (!p || p == end || *p == ';' || *p == ','))
		return p;
	w->gap = true;
	return p ? find_stop(p, end, param_stops) : NULL;
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
