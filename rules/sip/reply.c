/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reply.h"

#define PORT_SIP 5060
#define END "Content-Length: 0\r\n\r\n"
#define END_BRIEF "l: 0\r\n\r\n"

struct writing {
	char *p, *end; /* where the next byte goes; behind the room */
	bool full, brief;
};

static void put(struct writing *w, struct slice s)
{
	if ((size_t)(w->end - w->p) < s.n) {
		w->full = true;
		return;
	}
	if (s.n)
		memcpy(w->p, s.p, s.n);
	w->p += s.n;
}

#define PUT(w, literal) put(w, SLICE(literal))

bool reply_flatten(char *bytes, uint32_t n)
{
	bool fits = true;

	for (uint32_t i = 0; i < n; i++) {
		if (bytes[i] == '\r' || bytes[i] == '\n')
			bytes[i] = ' ';
		fits &= (uint8_t)bytes[i] >= ' ' || bytes[i] == '\t';
	}
	return fits;
}

/* What came from outside. */
static void put_copy(struct writing *w, struct slice s)
{
	char *at = w->p;

	put(w, s);
	w->full |= !reply_flatten(at, (uint32_t)(w->p - at));
}

/* RFC 3261 7.3.3 */
static void put_name(struct writing *w, enum sip_header h)
{
	static const struct {
		enum sip_header h;
		struct slice name;
	} briefs[] = { { HDR_VIA, SLICE("v") }, { HDR_FROM, SLICE("f") }, { HDR_TO, SLICE("t") },
		       { HDR_CALL_ID, SLICE("i") } };
	struct slice name = slice_of(sip_header_name(h));

	for (unsigned i = 0; w->brief && i < sizeof(briefs) / sizeof(*briefs); i++)
		if (briefs[i].h == h)
			name = briefs[i].name;
	put(w, name);
	PUT(w, ": ");
}

static void put_number(struct writing *w, unsigned v)
{
	char digit[10];
	uint32_t n = 0;

	do
		digit[sizeof(digit) - ++n] = (char)('0' + v % 10);
	while (v /= 10);
	put(w, (struct slice){ digit + sizeof(digit) - n, n });
}

static void tag_letters(uint64_t value, char out[REPLY_TAG])
{
	for (unsigned i = 0; i < REPLY_TAG; i++)
		out[i] = "0123456789abcdef"[value >> 4 * i & 15];
}

bool reply_tag_is(struct slice tag, uint64_t value)
{
	char letters[REPLY_TAG];

	tag_letters(value, letters);
	return slice_eq(tag, (struct slice){ letters, REPLY_TAG });
}

/* The next parameter, those in quotes not counted; end when there is none. */
static const char *next_param(const char *p, const char *end)
{
	bool quoted = false;

	for (p++; p < end && (quoted || *p != ';'); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && quoted)
			p++;
	}
	return p < end ? p : end;
}

static bool is_named(struct slice param, struct slice name)
{
	return slice_istarts(param, name) &&
	       (param.n == name.n || param.p[name.n] == '=' || is_lws(param.p[name.n]));
}

/* All parameters as they stand but those that we say ourselves. */
static void put_others(struct writing *w, struct slice params)
{
	static const struct slice ours[] = { SLICE("received"), SLICE("rport") };
	const char *start = params.p, *end = params.p + params.n;

	while (start < end) {
		struct slice one = slice_between(start, next_param(start, end));
		struct slice bare = slice_trim(slice_between(start + 1, one.p + one.n));

		if (!is_named(bare, ours[0]) && !is_named(bare, ours[1]))
			put_copy(w, one);
		start = one.p + one.n;
	}
}

/* RFC 3261 18.2.1, RFC 3581 4: where it really came from. */
static void put_top_via(struct writing *w, const struct pkt *pkt, const struct sip_msg *sip,
			struct slice value)
{
	char text[ADDR_TEXT];
	struct slice rport, rest = value, first;
	const struct sip_via *via = &sip->via;
	bool asked = sip_param(via->params, SLICE("rport"), &rport);

	if (!sip_list_next(&rest, &first) || !via->host.n) {
		w->full = true;
		return;
	}
	put_name(w, HDR_VIA);
	put_copy(w, slice_between(first.p, via->params.n ? via->params.p : first.p + first.n));
	put_others(w, via->params);
	PUT(w, ";received=");
	put(w, (struct slice){ text, (uint32_t)addr_print(&pkt->src, text) });
	if (asked) {
		PUT(w, ";rport=");
		put_number(w, pkt->sport);
	}
	rest = slice_trim(rest);
	if (rest.n) {
		PUT(w, ",");
		put_copy(w, rest);
	}
	PUT(w, "\r\n");
}

static void put_vias(struct writing *w, const struct pkt *pkt, const struct sip_msg *sip)
{
	struct slice value;
	unsigned at = 0;
	bool top = true;

	while (sip_next(sip, HDR_VIA, &at, &value)) {
		if (top) {
			put_top_via(w, pkt, sip, value);
		} else {
			put_name(w, HDR_VIA);
			put_copy(w, value);
			PUT(w, "\r\n");
		}
		top = false;
	}
	w->full |= top;
}

static void put_header(struct writing *w, const struct sip_msg *sip, enum sip_header h)
{
	struct slice value = sip_first(sip, h);

	w->full |= !value.n;
	put_name(w, h);
	put_copy(w, value);
}

static void put_to(struct writing *w, const struct sip_msg *sip, uint64_t tag)
{
	char letters[REPLY_TAG];

	put_header(w, sip, HDR_TO);
	if (sip->to.tag.n || !tag)
		return;
	tag_letters(tag, letters);
	PUT(w, ";tag=");
	put(w, (struct slice){ letters, REPLY_TAG });
}

/* What may be missing: only where the end of the answer has room behind it. */
static void put_optional(struct writing *w, struct slice name, uint32_t value)
{
	struct writing before = *w;

	if (!value)
		return;
	put(w, name);
	put_number(w, value);
	PUT(w, "\r\n");
	if (w->full || (size_t)(w->end - w->p) < sizeof(END) - 1)
		*w = before;
}

/* RFC 3261 18.2.2: over TCP, or with rport, back where it came from, else to the port it names. */
static uint16_t port_of(const struct pkt *pkt, const struct sip_msg *sip)
{
	struct slice rport;

	if (pkt->proto == PROTO_TCP || sip_param(sip->via.params, SLICE("rport"), &rport))
		return pkt->sport;
	return sip->via.port ? sip->via.port : PORT_SIP;
}

bool reply_make(struct parcel *out, const struct pkt *pkt, const struct sip_msg *sip,
		const struct reply *r)
{
	size_t room = r->room < sizeof(out->bytes) ? r->room : sizeof(out->bytes);
	struct writing w = { out->bytes, out->bytes + room, false, r->brief };

	PUT(&w, "SIP/2.0 ");
	put_number(&w, r->status);
	PUT(&w, " ");
	put(&w, r->phrase);
	PUT(&w, "\r\n");
	put_vias(&w, pkt, sip);
	put_header(&w, sip, HDR_FROM);
	PUT(&w, "\r\n");
	put_to(&w, sip, r->tag);
	PUT(&w, "\r\n");
	put_header(&w, sip, HDR_CALL_ID);
	PUT(&w, "\r\n");
	put_header(&w, sip, HDR_CSEQ);
	PUT(&w, "\r\n");
	put(&w, r->headers);
	put_optional(&w, SLICE("Retry-After: "), r->retry_after);
	put_optional(&w, SLICE("Reason: Q.850;cause="), r->cause);
	put(&w, r->brief ? SLICE(END_BRIEF) : SLICE(END));
	if (w.full)
		return false;
	out->from = pkt->dst;
	out->to = pkt->src;
	out->sport = pkt->dport;
	out->dport = port_of(pkt, sip);
	out->tcp = pkt->proto == PROTO_TCP;
	out->n = (uint16_t)(w.p - out->bytes);
	return true;
}
