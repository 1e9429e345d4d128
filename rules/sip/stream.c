/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes over a connection, and SIP over TCP: head.c says where a head ends,
 * tls.c and websocket.c read the others.
 */
#include "sip/stream.h"

#include "sip/chars.h"
#include "sip/framing.h"

#define METHOD_MAX 64 /* bytes of a method; the longest of RFC 4475 has 42 */
#define LINE_MAX 8192 /* bytes of a first line */

static const struct {
	const char *text;
	uint8_t defect;
} flaws[FLAW_COUNT] = {
	[FLAW_NONE] = { "-", DEFECT_COUNT },
#define X(id, as, why) [FLAW_##id] = { why, DEFECT_##as },
	STREAM_FLAWS(X)
#undef X
};

const char *stream_flaw_text(enum stream_flaw f)
{
	return flaws[(unsigned)f < FLAW_COUNT ? f : FLAW_NONE].text;
}

enum sip_defect stream_flaw_defect(enum stream_flaw f)
{
	return flaws[(unsigned)f < FLAW_COUNT ? f : FLAW_NONE].defect;
}

enum stream_cut stream_broken(struct stream *s, enum stream_flaw flaw)
{
	if (s->kind != STREAM_SIP && s->kind != STREAM_WEBSOCKET)
		s->kind = STREAM_OTHER;
	s->flaw = (uint8_t)flaw;
	return STREAM_BROKEN;
}

/* All of b belongs to what is not complete yet. */
enum stream_cut stream_more(struct stream *s, struct slice b, size_t size)
{
	return b.n > size ? stream_broken(s, FLAW_TOO_LONG) : STREAM_MORE;
}

/* n bytes are done with. */
enum stream_cut stream_take(struct stream *s, struct stream_out *out, uint32_t n,
			    enum stream_cut cut)
{
	s->seen = s->length = 0;
	s->begun = false;
	out->take = n;
	return cut;
}

enum opening { OPENS_MAYBE, OPENS_SIP, OPENS_HTTP, OPENS_NOTHING };

/* " SIP/" or " HTTP/" anywhere in a line, as the view looks for it. */
static bool has_version(struct slice line, struct slice version)
{
	const char *p = line.p, *end = slice_end(line);

	while ((p = find_char(p, end, ' ')) != NULL)
		if (slice_istarts(slice_between(++p, end), version))
			return true;
	return false;
}

static enum opening line_opens(struct slice line)
{
	if (slice_istarts(line, SLICE("SIP/")) || has_version(line, SLICE("SIP/")))
		return OPENS_SIP;
	if (slice_istarts(line, SLICE("HTTP/")) || has_version(line, SLICE("HTTP/")))
		return OPENS_HTTP;
	return OPENS_NOTHING;
}

static bool is_protocol(struct slice word)
{
	return slice_ieq(word, SLICE("SIP/")) || slice_ieq(word, SLICE("HTTP/"));
}

/* No flaw ends the line (stream_head) before its line end does. */
static bool is_plain(const char *p, const char *lf)
{
	const char *cr = find_char(p, lf, '\r');

	return !find_char(p, lf, '\0') && (!cr || cr + 1 == lf);
}

/*
 * What a message or a connection begins with.  from: bytes looked at before.  A
 * method is a token and a space behind it, a status line begins with its version;
 * everything else is known at the end of the line.
 */
static enum opening opens(struct slice b, uint32_t from)
{
	const char *end = slice_end(b), *lf;
	uint32_t most = b.n < METHOD_MAX ? b.n : METHOD_MAX;

	if (from < METHOD_MAX) {
		const char *p = skip_token(b.p, b.p + most);

		if (p == b.p + METHOD_MAX || (p == b.p && p < end) ||
		    (p < end && *p != ' ' && !is_protocol(slice_between(b.p, p + 1))))
			return OPENS_NOTHING;
	}
	lf = find_char(b.p + from, end, '\n');
	if (lf ? lf - b.p > LINE_MAX : b.n > LINE_MAX)
		return OPENS_NOTHING;
	return lf && is_plain(b.p, lf) ? line_opens(slice_between(b.p, lf)) : OPENS_MAYBE;
}

uint32_t stream_line_ends(struct slice b)
{
	uint32_t n = 0;

	while (n < b.n && (b.p[n] == '\r' || b.p[n] == '\n'))
		n++;
	return n;
}

static enum stream_cut cut_sip(struct stream *s, struct slice b, size_t size,
			       struct stream_out *out)
{
	enum stream_flaw flaw;
	uint32_t head, first;
	int64_t length;

	if (!s->length) {
		head = stream_head(s, b, &first, &flaw);
		if (flaw != FLAW_NONE)
			return stream_broken(s, flaw);
		if (!head)
			return stream_more(s, b, size);
		length = stream_length((struct slice){ b.p, head }, first, &flaw);
		if (flaw != FLAW_NONE)
			return stream_broken(s, flaw);
		if (length < 0)
			length = 0;
		if ((uint64_t)length + head > size)
			return stream_broken(s, FLAW_TOO_LONG);
		s->length = head + (uint32_t)length;
	}
	if (b.n < s->length)
		return STREAM_MORE;
	out->message.n = s->length;
	return stream_take(s, out, s->length, STREAM_MESSAGE);
}

static enum stream_cut cut_as_kind(struct stream *s, struct slice b, char *room, size_t size,
				   struct stream_out *out)
{
	switch ((enum stream_kind)s->kind) {
	case STREAM_SIP:
		return cut_sip(s, b, size, out);
	case STREAM_TLS:
		return tls_cut(s, b, size, out);
	case STREAM_HTTP:
		return websocket_handshake(s, b, size, out);
	case STREAM_WEBSOCKET:
		return websocket_cut(s, b, room, size, out);
	case STREAM_NEW:
	case STREAM_OTHER:
		break;
	}
	return stream_broken(s, FLAW_START);
}

/* Reads the first line of a message; OPENS_MAYBE: it is not complete. */
static enum opening first_line(struct stream *s, struct slice b)
{
	enum opening opening = opens(b, s->seen);

	if (opening == OPENS_HTTP && s->kind != STREAM_NEW)
		return OPENS_NOTHING;
	if (opening == OPENS_SIP)
		s->kind = STREAM_SIP;
	else if (opening == OPENS_HTTP)
		s->kind = STREAM_HTTP;
	s->begun = opening == OPENS_SIP || opening == OPENS_HTTP;
	return opening;
}

enum stream_cut stream_cut(struct stream *s, struct slice bytes, char *room, size_t size,
			   struct stream_out *out)
{
	uint32_t n;

	*out = (struct stream_out){ bytes, 0 };
	if (s->flaw != FLAW_NONE)
		return STREAM_BROKEN;
	if ((s->kind != STREAM_NEW && s->kind != STREAM_SIP) || s->begun)
		return cut_as_kind(s, bytes, room, size, out);
	/* RFC 3261 7.5; RFC 5626 3.5.1: CRLF CRLF asks, CRLF answers */
	n = s->seen ? 0 : stream_line_ends(bytes);
	if (n)
		return stream_take(s, out, n, STREAM_SKIP);
	if (s->kind == STREAM_NEW && tls_record(bytes, !s->midway))
		return tls_first(s, bytes, size, out);
	switch (first_line(s, bytes)) {
	case OPENS_NOTHING:
		return stream_broken(s, FLAW_START);
	case OPENS_MAYBE: /* there is no line end in it, but maybe a flaw */
		return cut_sip(s, bytes, size, out);
	case OPENS_SIP:
	case OPENS_HTTP:
		break;
	}
	return cut_as_kind(s, bytes, room, size, out);
}

bool stream_begins(struct slice b)
{
	uint32_t n = stream_line_ends(b);
	const char *p, *end = slice_end(b), *lf;
	struct slice word;

	if (n == b.n)
		return n > 0;
	b = slice_between(b.p + n, end);
	if (b.n > TLS_RECORD_HEADER && tls_record(b, false))
		return true;
	lf = find_char(b.p, end, '\n');
	if (opens(b, 0) != OPENS_MAYBE)
		return lf && opens(b, 0) != OPENS_NOTHING;
	/* half a line: a version, or a method and the scheme of a URI */
	p = skip_token(b.p, end);
	if (slice_istarts(b, SLICE("SIP/2.0 ")))
		return true;
	if (p == b.p || p == end || *p != ' ')
		return false;
	word = slice_between(p + 1, end);
	return slice_istarts(word, SLICE("sip:")) || slice_istarts(word, SLICE("sips:")) ||
	       slice_istarts(word, SLICE("tel:"));
}

static void settle_websocket(struct stream *in, struct stream *out)
{
	if (out->kind == STREAM_WEBSOCKET && in->kind != STREAM_WEBSOCKET) {
		if (!in->asked) {
			if (in->kind == STREAM_TLS)
				(void)stream_broken(in, FLAW_DISGUISE);
			out->kind = STREAM_OTHER;
			(void)stream_broken(out, FLAW_HTTP);
			return;
		}
		in->kind = STREAM_WEBSOCKET;
		in->asked = false;
		in->masked = true; /* RFC 6455 5.1: those of a client, never of a server */
	} else if (in->asked && out->kind != STREAM_NEW && out->kind != STREAM_HTTP) {
		(void)stream_broken(in, FLAW_HTTP);
	}
}

void stream_settle(struct stream *in, struct stream *out)
{
	tls_settle(in, out);
	settle_websocket(in, out);
}

enum stream_kind stream_kind_of(const struct stream *in, const struct stream *out)
{
	if (in->kind == STREAM_OTHER || out->kind == STREAM_OTHER)
		return STREAM_OTHER;
	return in->kind != STREAM_NEW ? in->kind : out->kind;
}
