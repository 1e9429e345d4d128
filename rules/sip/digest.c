/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digest credentials and challenges: name=value or name="value", comma-separated
 * (RFC 7616 3.3, 3.4; RFC 3261 25.1). */
#include "sip/chars.h"
#include "sip.h"

/* The value at p, quotes taken off. */
static struct slice value_read(const char *p, const char *end)
{
	const char *start = p = skip_lws(p, end);

	if (p < end && *p == '"') {
		const char *close = quote_end(p + 1, end);

		return slice_between(start + 1, close ? close : end);
	}
	while (p < end && *p != ',')
		p++;
	return slice_trim(slice_between(start, p));
}

/* Behind the value at p, whatever it is. */
static const char *value_skip(const char *p, const char *end)
{
	p = skip_lws(p, end);
	if (p < end && *p == '"') {
		p = quote_end(p + 1, end);
		if (!p)
			return end;
	}
	while (p < end && *p != ',')
		p++;
	return p;
}

static bool params_find(const char *p, const char *end, struct slice name, struct slice *value)
{
	while (p < end) {
		const char *start;

		while (p < end && (*p == ',' || is_lws(*p)))
			p++;
		start = p;
		while (p < end && *p != '=' && *p != ',')
			p++;
		if ((size_t)(p - start) >= name.n &&
		    slice_ieq(slice_trim(slice_between(start, p)), name)) {
			*value = (struct slice){ p, 0 };
			if (p < end && *p == '=')
				*value = value_read(p + 1, end);
			return true;
		}
		if (p < end && *p == '=')
			p = value_skip(p + 1, end);
	}
	return false;
}

bool sip_digest_param(struct slice header, struct slice name, struct slice *value)
{
	const struct slice scheme = SLICE("Digest");
	struct slice h = slice_trim(header);

	if (!slice_istarts(h, scheme) || h.n == scheme.n || !is_lws(h.p[scheme.n]))
		return false;
	return params_find(h.p + scheme.n, slice_end(h), name, value);
}
