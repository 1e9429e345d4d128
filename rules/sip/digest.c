/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digest credentials and challenges: name=value or name="value", comma-separated
 * (RFC 7616 3.3, 3.4; RFC 3261 25.1). */
#include "sip/chars.h"
#include "sip.h"

/* The value at *at, quotes taken off; *at goes behind it. */
static struct slice value_read(const char **at, const char *end)
{
	const char *p = skip_lws(*at, end), *start = p;
	struct slice value;

	if (p < end && *p == '"') {
		const char *close = quote_end(p + 1, end);

		value = slice_between(start + 1, close ? close : end);
		p = close ? close : end;
		start = NULL;
	}
	while (p < end && *p != ',')
		p++;
	*at = p;
	return start ? slice_trim(slice_between(start, p)) : value;
}

/* The parameter at *at; without '=' its value is empty. */
static bool param_next(const char **at, const char *end, struct slice *name,
		       struct slice *value)
{
	const char *p = *at, *start;

	while (p < end && (*p == ',' || is_lws(*p)))
		p++;
	if (p >= end)
		return false;
	start = p;
	while (p < end && *p != '=' && *p != ',')
		p++;
	*name = slice_trim(slice_between(start, p));
	*value = (struct slice){ p, 0 };
	if (p < end && *p == '=') {
		p++;
		*value = value_read(&p, end);
	}
	*at = p;
	return true;
}

/* Where the parameters begin; NULL when the scheme is another one. */
static const char *params_of(struct slice h)
{
	const struct slice scheme = SLICE("Digest");

	if (!slice_istarts(h, scheme) || h.n == scheme.n || !is_lws(h.p[scheme.n]))
		return NULL;
	return h.p + scheme.n;
}

bool sip_digest_param(struct slice header, struct slice name, struct slice *value)
{
	struct slice h = slice_trim(header), found, what;
	const char *p = params_of(h);

	while (p && param_next(&p, slice_end(h), &what, &found))
		if (slice_ieq(what, name)) {
			*value = found;
			return true;
		}
	return false;
}

static struct slice *place_of(struct sip_digest *d, struct slice name)
{
	switch (name.n) {
	case 2:
		return slice_ieq(name, SLICE("nc")) ? &d->nc : NULL;
	case 5:
		return slice_ieq(name, SLICE("nonce")) ? &d->nonce : NULL;
	case 8:
		if (slice_ieq(name, SLICE("username")))
			return &d->username;
		return slice_ieq(name, SLICE("response")) ? &d->response : NULL;
	}
	return NULL;
}

/*
 * Not all readers end a quoted string where we do, some look into those that they have
 * no use for, some need no comma: what is named where we did not read it may be what
 * they read.  So each name that counts must stand before as many '=' as were read.
 */
static bool is_hidden(struct slice h, struct sip_digest *d, unsigned were_read)
{
	const char *end = slice_end(h), *eq;

	for (const char *p = h.p; (eq = find_char(p, end, '=')); p = eq + 1) {
		const char *last = eq, *first;

		while (last > p && is_lws(last[-1]))
			last--;
		for (first = last; first > p && is_token_char(first[-1]); first--)
			;
		if (place_of(d, slice_between(first, last)) && !were_read--)
			return true;
	}
	return false;
}

bool sip_digest_read(struct slice header, struct sip_digest *out)
{
	struct slice h = slice_trim(header), name, value;
	const char *p = params_of(h);
	unsigned n = 0;

	*out = (struct sip_digest){ .repeated = false };
	if (!p)
		return false;
	while (param_next(&p, slice_end(h), &name, &value)) {
		struct slice *place = place_of(out, name);

		if (place && place->p)
			out->repeated = true;
		else if (place)
			*place = value;
		n += place != NULL;
	}
	out->repeated = out->repeated || is_hidden(h, out, n);
	return true;
}
