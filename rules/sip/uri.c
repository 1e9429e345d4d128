/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lazy readers of addresses, URIs, parameters and Via.  They read what a
 * liberal server reads and never look behind their argument.
 */
#include "sip/chars.h"
#include "sip/view.h"

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

/* The '<', ';' or ',' outside quotes, or end; *open is the last quoted string,
 * and NULL comes back when that does not end. */
static const char *display_end(const char *p, const char *end, const char **open)
{
	static const bool stops[256] = { ['<'] = 1, [';'] = 1, [','] = 1, ['"'] = 1 };

	for (; p < end; p++) {
		if (!stops[(uint8_t)*p])
			continue;
		if (*p != '"')
			return p;
		*open = p;
		p = quote_end(p + 1, end);
		if (!p)
			return NULL;
	}
	return p;
}

const char *nameaddr_scan(const char *p, const char *end, struct sip_nameaddr *out,
			  const char **open)
{
	const char *start = p = skip_lws(p, end), *close;

	*out = (struct sip_nameaddr){ 0 };
	*open = NULL;
	p = display_end(p, end, open);
	if (!p)
		return NULL;
	if (p == end || *p != '<') {
		/* addr-spec: everything behind ';' belongs to the header (RFC 3261
		 * 20), and no display name can stand before it */
		if (!*open)
			out->uri = slice_trim(slice_between(start, p));
		return p;
	}
	close = find_char(p, end, '>');
	if (!close) {
		*open = p;
		return NULL;
	}
	out->display = slice_trim(slice_between(start, p));
	out->uri = slice_trim(slice_between(p + 1, close));
	return skip_lws(close + 1, end);
}

bool sip_nameaddr_read(struct slice value, struct sip_nameaddr *out)
{
	const char *end = slice_end(value), *open;
	const char *p = nameaddr_scan(value.p, end, out, &open);
	struct slice *name = &out->display;

	if (!p || !out->uri.n)
		return false;
	if (name->n > 1 && open == name->p && name->p[name->n - 1] == '"')
		*name = (struct slice){ name->p + 1, name->n - 2 };
	out->params = params_from(p, end);
	return true;
}

/* The value at p, quotes taken off. */
static struct slice param_value(const char *p, const char *end)
{
	const char *start = p = skip_lws(p, end);

	if (p < end && *p == '"') {
		p = quote_end(p + 1, end);
		return slice_between(start + 1, p ? p : end);
	}
	while (p < end && *p != ';')
		p++;
	return slice_trim(slice_between(start, p));
}

/* The ';' behind a parameter, or end: what each costs of thousands that nobody asked for. */
static inline const char *param_end(const char *p, const char *end)
{
	while (p < end && *p != '=' && *p != ';')
		p++;
	if (p < end && *p == '=')
		p = skip_lws(p + 1, end);
	if (p < end && *p == '"') {
		p = quote_end(p + 1, end);
		p = p ? p + 1 : end;
	}
	while (p < end && *p != ';')
		p++;
	return p;
}

/* One parameter; the value, when it is the one that is looked for. */
static bool param_is(const char *p, const char *end, struct slice name, struct slice *value)
{
	const char *start = p;

	while (p < end && *p != '=' && *p != ';')
		p++;
	if (!slice_ieq(slice_trim(slice_between(start, p)), name))
		return false;
	*value = p < end && *p == '=' ? param_value(p + 1, end) : (struct slice){ p, 0 };
	return true;
}

bool sip_param(struct slice params, struct slice name, struct slice *value)
{
	const char *p = params.p, *end = slice_end(params);
	char first = (char)(name.p[0] | 0x20);

	while (p < end) {
		if (*p == ';' || is_lws(*p)) {
			p++;
			continue;
		}
		if ((*p | 0x20) == first && param_is(p, end, name, value))
			return true;
		p = param_end(p, end);
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

/* p stands on the ':' before a port; NULL when no port follows. */
static const char *port_read(const char *p, const char *end, uint16_t *port)
{
	const char *start = p = skip_lws(p + 1, end);
	uint32_t n = 0;

	for (; p < end && is_digit(*p) && n <= UINT16_MAX; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	if (p == start || n > UINT16_MAX)
		return NULL;
	*port = (uint16_t)n;
	return p;
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
	const char *end = slice_end(s), *p = s.p, *at = find_char(p, end, '@'), *behind;

	if (at) {
		userinfo_read(slice_between(p, at), out);
		p = at + 1;
	}
	p = host_read(p, end, &out->host);
	if (p && p < end && *p == ':')
		p = port_read(p, end, &out->port);
	if (!p || p == end)
		return p != NULL;
	behind = p;
	if (*p == ';') {
		p = find_char(p, end, '?');
		if (!p)
			p = end;
		out->params = slice_between(behind, p);
	}
	if (p < end)
		out->headers = slice_between(p + 1, end);
	return (*behind == ';' || *behind == '?') && !find_char(behind, end, '@');
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
	const char *end = slice_end(uri), *colon;
	struct slice body;

	*out = (struct sip_uri){ 0 };
	if (slice_istarts(uri, SLICE("sip:"))) { /* nearly all are */
		out->scheme = (struct slice){ uri.p, 3 };
		return sip_body_read(slice_between(uri.p + 4, end), out);
	}
	colon = find_char(uri.p, end, ':');
	if (!colon || !is_scheme(slice_between(uri.p, colon)))
		return false;
	out->scheme = slice_between(uri.p, colon);
	body = slice_between(colon + 1, end);
	if (slice_ieq(out->scheme, SLICE("sips")))
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

/* Behind "SIP / 2.0 /"; NULL when there is none. */
static const char *via_protocol_skip(struct slice value)
{
	static const struct slice usual = SLICE("SIP/2.0/");
	const char *p = value.p, *end = slice_end(value);
	struct slice name, version;

	if (value.n > usual.n && memcmp(p, usual.p, usual.n) == 0)
		return p + usual.n;
	p = part_read(p, end, &name);
	if (p == end || *p != '/' || !name.n)
		return NULL;
	p = part_read(p + 1, end, &version);
	return p == end || *p != '/' || !version.n ? NULL : p + 1;
}

bool sip_via_read(struct slice value, struct sip_via *out)
{
	const char *p = via_protocol_skip(value), *end = slice_end(value);

	*out = (struct sip_via){ 0 };
	if (!p)
		return false;
	p = skip_lws(p, end);
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
