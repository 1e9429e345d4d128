/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/compose.h"

#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>

#define VALUE_ROOM 640
#define CSEQ_MOST 0x7fffffffu

/* libosip2 reads strings that end in NUL. */
struct value {
	char text[VALUE_ROOM];
	size_t n;
	bool cut;
};

static void put(struct value *v, struct slice s)
{
	if (v->n + s.n >= sizeof(v->text)) {
		v->cut = true;
		return;
	}
	if (s.n)
		memcpy(v->text + v->n, s.p, s.n);
	v->n += s.n;
	v->text[v->n] = 0;
}

static void begin(struct value *v, struct slice s)
{
	v->n = 0;
	v->cut = false;
	put(v, s);
}

static bool has_lr(struct slice route)
{
	struct slice value;
	struct sip_nameaddr na;
	struct sip_uri uri;

	return sip_nameaddr_read(route, &na) && sip_uri_read(na.uri, &uri) &&
	       sip_param(uri.params, SLICE("lr"), &value);
}

static struct slice uri_of(struct slice route)
{
	struct sip_nameaddr na;

	return sip_nameaddr_read(route, &na) ? na.uri : SLICE_NONE;
}

/* Where it goes: loose routers find the target in the Request-URI, a strict one finds
 * itself there and the target in the last Route (12.2.1.1). */
struct course {
	struct slice uri, rest; /* rest: Routes, but for the target */
	bool strict;
};

static struct course course_of(const struct bye *b)
{
	struct slice rest = b->route, first;

	if (!rest.n || !sip_list_next(&rest, &first) || has_lr(first))
		return (struct course){ b->target, b->route, false };
	return (struct course){ uri_of(first), slice_trim(rest), true };
}

static bool set_uri(osip_message_t *m, struct slice uri, struct value *v)
{
	osip_uri_t *u;

	begin(v, uri);
	if (v->cut || !v->n || osip_uri_init(&u) != 0 || osip_uri_parse(u, v->text) != 0)
		return false;
	osip_message_set_uri(m, u);
	return true;
}

static bool set_via(osip_message_t *m, const struct bye *b, struct value *v)
{
	begin(v, b->tcp ? SLICE("SIP/2.0/TCP ") : SLICE("SIP/2.0/UDP "));
	put(v, b->sent_by);
	put(v, SLICE(";branch="));
	put(v, b->branch);
	put(v, SLICE(";rport")); /* RFC 3581: wherever the answer shall go, it comes by us */
	return !v->cut && osip_message_set_via(m, v->text) == 0;
}

static bool set_routes(osip_message_t *m, const struct bye *b, const struct course *c,
		       struct value *v)
{
	struct slice rest = c->rest, item;

	while (rest.n && sip_list_next(&rest, &item)) {
		begin(v, slice_trim(item));
		if (v->cut || osip_message_set_route(m, v->text) != 0)
			return false;
	}
	if (!c->strict)
		return true;
	begin(v, SLICE("<"));
	put(v, b->target);
	put(v, SLICE(">"));
	return !v->cut && osip_message_set_route(m, v->text) == 0;
}

static void put_end(struct value *v, struct slice uri, struct slice tag)
{
	begin(v, SLICE("<"));
	put(v, uri);
	put(v, SLICE(">"));
	if (!tag.n)
		return;
	put(v, SLICE(";tag="));
	put(v, tag);
}

static bool set_ends(osip_message_t *m, const struct bye *b, struct value *v)
{
	put_end(v, b->from_uri, b->from_tag);
	if (v->cut || osip_message_set_from(m, v->text) != 0)
		return false;
	put_end(v, b->to_uri, b->to_tag);
	return !v->cut && osip_message_set_to(m, v->text) == 0;
}

static bool set_rest(osip_message_t *m, const struct bye *b, struct value *v)
{
	char cseq[24];

	snprintf(cseq, sizeof(cseq), "%u BYE", b->cseq);
	begin(v, b->call_id);
	if (v->cut || osip_message_set_call_id(m, v->text) != 0 ||
	    osip_message_set_cseq(m, cseq) != 0 ||
	    osip_message_set_header(m, "Max-Forwards", "70") != 0)
		return false;
	begin(v, b->reason);
	return !v->cut && (!v->n || osip_message_set_header(m, "Reason", v->text) == 0) &&
	       osip_message_set_content_length(m, "0") == 0;
}

static size_t compose(const struct bye *b, const struct course *c, char *out, size_t room)
{
	osip_message_t *m;
	struct value v;
	size_t n = 0;
	char *text;

	if (osip_message_init(&m) != 0)
		return 0;
	osip_message_set_method(m, osip_strdup("BYE"));
	osip_message_set_version(m, osip_strdup("SIP/2.0"));
	if (!set_uri(m, c->uri, &v) || !set_via(m, b, &v) || !set_routes(m, b, c, &v) ||
	    !set_ends(m, b, &v) || !set_rest(m, b, &v) ||
	    osip_message_to_str(m, &text, &n) != 0 || n > room)
		return 0;
	memcpy(out, text, n);
	return n;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next byte of a URI with escapes undone. */
static char next_byte(struct slice s, uint32_t *at)
{
	char c = s.p[(*at)++];

	if (c != '%' || s.n - *at < 2 || hex(s.p[*at]) < 0 || hex(s.p[*at + 1]) < 0)
		return c;
	c = (char)(hex(s.p[*at]) << 4 | hex(s.p[*at + 1]));
	*at += 2;
	return c;
}

/* libosip2 escapes what must be, and nothing else: that is the same URI (19.1.4). */
static bool same_uri(struct slice a, struct slice b)
{
	uint32_t i = 0, k = 0;

	while (i < a.n && k < b.n)
		if (next_byte(a, &i) != next_byte(b, &k))
			return false;
	return i == a.n && k == b.n;
}

/* All Routes, one behind the other, must be those that were meant. */
static bool same_routes(const struct sip_msg *m, const struct bye *b, const struct course *c)
{
	struct slice rest = c->rest, line, had, meant;
	unsigned at = 0, targets = 0;

	while (sip_next(m, HDR_ROUTE, &at, &line))
		while (line.n && sip_list_next(&line, &had)) {
			if (rest.n && sip_list_next(&rest, &meant)) {
				if (!same_uri(uri_of(had), uri_of(meant)))
					return false;
			} else if (!c->strict || targets++ || !same_uri(uri_of(had), b->target)) {
				return false;
			}
		}
	return !rest.n && targets == c->strict;
}

/* libosip2 writes some texts anew, and not all that it reads it can say. */
static bool says(const struct bye *b, const struct course *c, struct slice bytes)
{
	struct sip_msg m;

	sip_parse(&m, bytes);
	return m.kind == SIP_REQUEST && m.method == METHOD_BYE && !m.defects && !m.rest.n &&
	       same_uri(m.uri, c->uri) && same_uri(m.from.uri, b->from_uri) &&
	       same_uri(m.to.uri, b->to_uri) && slice_eq(m.from.tag, b->from_tag) &&
	       slice_eq(m.to.tag, b->to_tag) && slice_eq(m.branch, b->branch) &&
	       slice_eq(sip_first(&m, HDR_CALL_ID), b->call_id) && m.cseq == b->cseq &&
	       same_routes(&m, b, c);
}

size_t compose_bye(struct strict *s, const struct bye *b, char *out, size_t room)
{
	struct course c = course_of(b);
	size_t n = 0;

	if (!b->cseq || b->cseq > CSEQ_MOST)
		return 0;
	strict_begin(s);
	n = compose(b, &c, out, room);
	if (!strict_end(s) || !n || !says(b, &c, (struct slice){ out, (uint32_t)n }))
		return 0;
	return n;
}
