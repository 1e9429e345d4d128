/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lazy readers of addresses, URIs, parameters and Via.  They read what a
 * liberal server reads and never look behind their argument.
 */
#include "sip/chars.h"
#include "sip.h"

/* The end of the list element that starts at p: a ',' outside quotes. */
static const char *element_end(const char *p, const char *end)
{
	const char *comma = find_char(p, end, ',');

	if (!find_char(p, comma ? comma : end, '"'))
		return comma ? comma : end;
	for (; p < end && *p != ','; p++) {
		if (*p != '"')
			continue;
		p = quote_end(p + 1, end);
		if (!p)
			return end;
	}
	return p;
}

static struct slice params_from(const char *p, const char *end)
{
	p = skip_lws(p, end);
	if (p == end || *p != ';')
		return (struct slice){ p, 0 };
	return slice_trim(slice_between(p, element_end(p, end)));
}

/* "<uri>" at p. */
static bool bracketed_read(const char *p, const char *end, struct sip_nameaddr *out)
{
	const char *close = find_char(p, end, '>');

	if (!close)
		return false;
	out->uri = slice_trim(slice_between(p + 1, close));
	out->params = params_from(close + 1, end);
	return out->uri.n > 0;
}

bool sip_nameaddr_read(struct slice value, struct sip_nameaddr *out)
{
	const char *end, *p, *start;

	*out = (struct sip_nameaddr){ 0 };
	value = slice_trim(value);
	end = slice_end(value);
	if (value.n && value.p[0] == '"') {
		const char *close = quote_end(value.p + 1, end);

		if (!close)
			return false;
		out->display = slice_between(value.p + 1, close);
		p = skip_lws(close + 1, end);
		return p < end && *p == '<' && bracketed_read(p, end, out);
	}
	start = value.p;
	for (p = start; p < end && *p != '<' && *p != ';' && *p != ','; p++)
		;
	if (p < end && *p == '<') {
		out->display = slice_trim(slice_between(start, p));
		return bracketed_read(p, end, out);
	}
	/* addr-spec: everything behind ';' belongs to the header (RFC 3261 20) */
	out->uri = slice_trim(slice_between(start, p));
	out->params = params_from(p, end);
	return out->uri.n > 0;
}

/* The value at p, quotes taken off; returns where reading goes on. */
static const char *param_value(const char *p, const char *end, struct slice *value)
{
	const char *start = p = skip_lws(p, end);

	if (p < end && *p == '"') {
		const char *close = quote_end(p + 1, end);

		*value = slice_between(start + 1, close ? close : end);
		return close ? close + 1 : end;
	}
	while (p < end && *p != ';')
		p++;
	*value = slice_trim(slice_between(start, p));
	return p;
}

bool sip_param(struct slice params, struct slice name, struct slice *value)
{
	const char *p = params.p, *end = slice_end(params);

	while (p < end) {
		struct slice key, val;
		const char *start;

		while (p < end && (*p == ';' || is_lws(*p)))
			p++;
		start = p;
		while (p < end && *p != '=' && *p != ';')
			p++;
		key = slice_trim(slice_between(start, p));
		val = (struct slice){ p, 0 };
		if (p < end && *p == '=')
			p = param_value(p + 1, end, &val);
		if (slice_ieq(key, name)) {
			*value = val;
			return true;
		}
		while (p < end && *p != ';')
			p++;
	}
	return false;
}

struct slice sip_tag(struct slice from_or_to)
{
	struct sip_nameaddr na;
	struct slice tag;

	if (sip_nameaddr_read(from_or_to, &na) && sip_param(na.params, SLICE("tag"), &tag))
		return tag;
	return SLICE_NONE;
}

static bool is_host_char(char c)
{
	static const uint8_t host[256] = {
		['0' ... '9'] = 1, ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1,
		['-'] = 1, ['.'] = 1, ['_'] = 1, ['+'] = 1, ['~'] = 1,
	};

	return host[(uint8_t)c];
}

static bool is_v6_char(char c)
{
	return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f') || c == ':' ||
	       c == '.';
}

/* A name, an IPv4 address or a bracketed IPv6 address; NULL when it is none. */
static const char *host_read(const char *p, const char *end, struct slice *host)
{
	const char *start = p;

	if (p < end && *p == '[') {
		for (p++; p < end && is_v6_char(*p); p++)
			;
		if (p == end || *p != ']' || p == start + 1)
			return NULL;
		p++;
	} else {
		while (p < end && is_host_char(*p))
			p++;
	}
	*host = slice_between(start, p);
	return host->n ? p : NULL;
}

static const char *digits_end(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/* p stands on the ':' before a port; NULL when no port follows. */
static const char *port_read(const char *p, const char *end, uint16_t *port)
{
	const char *start = skip_lws(p + 1, end);
	uint64_t n;

	p = digits_end(start, end);
	if (!digits_read(slice_between(start, p), UINT16_MAX, &n))
		return NULL;
	*port = (uint16_t)n;
	return p;
}

static bool hostport_read(struct slice s, struct sip_uri *out)
{
	const char *end = slice_end(s), *p = host_read(s.p, end, &out->host);

	if (p && p < end && *p == ':')
		p = port_read(p, end, &out->port);
	return p == end;
}

static void userinfo_read(struct slice s, struct sip_uri *out)
{
	const char *colon = find_char(s.p, slice_end(s), ':');

	out->user = colon ? slice_between(s.p, colon) : s;
	if (colon)
		out->password = slice_between(colon + 1, slice_end(s));
}

/* Behind "sip:".  The user part may hold ';' and '?' (RFC 3261 25.1), so '@'
 * comes first. */
static bool sip_body_read(struct slice s, struct sip_uri *out)
{
	const char *end = slice_end(s), *p, *at = find_char(s.p, end, '@');
	const char *host = at ? at + 1 : s.p, *stop;

	if (at)
		userinfo_read(slice_between(s.p, at), out);
	for (p = host; p < end && *p != ';' && *p != '?'; p++)
		;
	stop = p;
	if (p < end && *p == ';') {
		while (p < end && *p != '?')
			p++;
		out->params = slice_between(stop, p);
	}
	if (p < end)
		out->headers = slice_between(p + 1, end);
	return hostport_read(slice_between(host, stop), out) && !find_char(host, end, '@');
}

static void tel_body_read(struct slice s, struct sip_uri *out)
{
	const char *end = slice_end(s), *semi = find_char(s.p, end, ';');

	out->user = slice_between(s.p, semi ? semi : end);
	if (semi)
		out->params = slice_between(semi, end);
}

static bool is_scheme(struct slice s)
{
	char first = s.n ? ascii_lower(s.p[0]) : 0;

	if (first < 'a' || first > 'z')
		return false;
	for (uint32_t i = 1; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!((c >= 'a' && c <= 'z') || is_digit(c) || c == '+' || c == '-' || c == '.'))
			return false;
	}
	return true;
}

bool sip_uri_read(struct slice uri, struct sip_uri *out)
{
	const char *end = slice_end(uri), *colon = find_char(uri.p, end, ':');
	struct slice body;

	*out = (struct sip_uri){ 0 };
	if (!colon || !is_scheme(slice_between(uri.p, colon)))
		return false;
	out->scheme = slice_between(uri.p, colon);
	body = slice_between(colon + 1, end);
	if (slice_ieq(out->scheme, SLICE("sip")) || slice_ieq(out->scheme, SLICE("sips")))
		return sip_body_read(body, out);
	if (slice_ieq(out->scheme, SLICE("tel")))
		tel_body_read(body, out);
	return body.n > 0;
}

/* token LWS, as between the parts of "SIP / 2.0 / UDP"; empty when there is none. */
static const char *part_read(const char *p, const char *end, struct slice *part)
{
	const char *start = p = skip_lws(p, end);

	p = skip_token(p, end);
	*part = slice_between(start, p);
	return skip_lws(p, end);
}

bool sip_via_read(struct slice value, struct sip_via *out)
{
	const char *p = value.p, *end = slice_end(value);
	struct slice name, version;

	*out = (struct sip_via){ 0 };
	p = part_read(p, end, &name);
	if (p == end || *p != '/' || !name.n)
		return false;
	p = part_read(p + 1, end, &version);
	if (p == end || *p != '/' || !version.n)
		return false;
	p = skip_lws(p + 1, end);
	out->transport.p = p;
	p = skip_token(p, end);
	out->transport.n = (uint32_t)(p - out->transport.p);
	if (p == end || !is_lws(*p) || !out->transport.n) /* LWS separates sent-by */
		return false;
	p = host_read(skip_lws(p, end), end, &out->host);
	if (!p)
		return false;
	p = skip_lws(p, end);
	if (p < end && *p == ':')
		p = port_read(p, end, &out->port);
	if (!p)
		return false;
	p = skip_lws(p, end);
	out->params = params_from(p, end);
	return p == end || *p == ';' || *p == ',';
}
