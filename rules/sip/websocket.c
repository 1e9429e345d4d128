/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake decides: without "sip" in the request and in the "101" it is not
 * SIP, and with an extension in the reply (permessage-deflate) the frames cannot
 * be read, so that is not SIP either.  The frames are read as strictly as RFC 6455
 * has both ends read them.
 */
#include "sip/chars.h"
#include "sip/framing.h"

#define CONTROL_MAX 125 /* RFC 6455 5.5 */
#define HEADER_MAX 14

enum { OP_MORE = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PONG = 10 };

/* ---- handshake ---- */

struct upgrade {
	bool websocket, connection, sip; /* what must be there */
	bool other;                      /* what must not: bodies, extensions, folds */
};

/* Has a list of tokens this one, in any case?  (RFC 9110 5.6.1) */
static bool has_token(struct slice list, struct slice token)
{
	struct slice item;

	while (sip_list_next(&list, &item))
		if (slice_ieq(slice_trim(item), token))
			return true;
	return false;
}

static void upgrade_line(struct upgrade *u, struct slice line, bool reply)
{
	const char *colon = find_char(line.p, slice_end(line), ':');
	struct slice name, value;

	if (!colon || !is_token(slice_between(line.p, colon))) {
		u->other = true;
		return;
	}
	name = slice_between(line.p, colon);
	value = slice_trim(slice_between(colon + 1, slice_end(line)));
	if (slice_ieq(name, SLICE("Upgrade")))
		u->websocket |= has_token(value, SLICE("websocket"));
	else if (slice_ieq(name, SLICE("Connection")))
		u->connection |= has_token(value, SLICE("upgrade"));
	else if (slice_ieq(name, SLICE("Sec-WebSocket-Protocol")))
		u->sip |= reply ? slice_ieq(value, SLICE("sip")) : has_token(value, SLICE("sip"));
	else if (slice_ieq(name, SLICE("Transfer-Encoding")) ||
		 (slice_ieq(name, SLICE("Content-Length")) && !slice_eq(value, SLICE("0"))) ||
		 (reply && slice_ieq(name, SLICE("Sec-WebSocket-Extensions")) && value.n))
		u->other = true;
}

/* RFC 6455 4.1, 4.2.2; RFC 7118 4.1. */
static bool is_upgrade(struct slice head, bool reply)
{
	const char *end = slice_end(head), *p = head.p;
	struct slice first = stream_line(&p, end), line;
	struct upgrade u = { 0 };

	if (reply ? !slice_istarts(first, SLICE("HTTP/1.1 101")) :
		    !slice_istarts(first, SLICE("GET ")))
		return false;
	while (p < end) {
		line = stream_line(&p, end);
		if (line.n)
			upgrade_line(&u, line, reply);
	}
	return u.websocket && u.connection && u.sip && !u.other;
}

enum stream_cut websocket_handshake(struct stream *s, struct slice b, size_t size,
				    struct stream_out *out)
{
	enum stream_flaw flaw;
	bool reply;
	uint32_t head, first;

	if (s->asked) /* RFC 6455 4.1: a client waits for the answer */
		return stream_broken(s, FLAW_EARLY);
	head = stream_head(s, b, &first, &flaw);
	if (flaw != FLAW_NONE)
		return stream_broken(s, flaw);
	if (!head)
		return stream_more(s, b, size);
	reply = slice_istarts(b, SLICE("HTTP/"));
	if (!is_upgrade((struct slice){ b.p, head }, reply))
		return stream_broken(s, FLAW_HTTP);
	if (reply)
		s->kind = STREAM_WEBSOCKET;
	else
		s->asked = true;
	return stream_take(s, out, head, STREAM_SKIP);
}

/* ---- frames ---- */

/* RFC 6455 5.2 */
struct frame {
	bool fin, masked, control;
	uint8_t op;
	uint8_t key[4];
	uint32_t header; /* bytes before the payload, 0: it is not all there */
	uint64_t length; /* of the payload */
};

static enum stream_flaw frame_flaw(const struct stream *s, const struct frame *f)
{
	if (f->control)
		return f->op > OP_PONG || !f->fin ? FLAW_FRAME : FLAW_NONE;
	if (f->op > OP_BINARY || (f->op == OP_MORE) != s->begun)
		return FLAW_FRAME;
	return FLAW_NONE;
}

static enum stream_flaw frame_read(const struct stream *s, struct slice b, struct frame *f)
{
	const uint8_t *p = (const uint8_t *)b.p;
	uint32_t wide = 0;
	enum stream_flaw flaw;

	*f = (struct frame){ 0 };
	if (!b.n)
		return FLAW_NONE;
	f->fin = p[0] & 0x80;
	f->op = p[0] & 0x0f;
	f->control = f->op >= OP_CLOSE;
	flaw = p[0] & 0x70 ? FLAW_FRAME : frame_flaw(s, f);
	if (flaw != FLAW_NONE || b.n < 2)
		return flaw;
	f->masked = p[1] & 0x80;
	f->length = p[1] & 0x7f;
	if (f->masked != s->masked)
		return FLAW_MASK;
	if (f->control && f->length > CONTROL_MAX)
		return FLAW_FRAME;
	if (f->length > CONTROL_MAX)
		wide = f->length == CONTROL_MAX + 1 ? 2 : 8;
	if (b.n < 2 + wide + (f->masked ? 4 : 0))
		return FLAW_NONE;
	for (uint32_t i = 0; i < wide; i++)
		f->length = (i ? f->length << 8 : 0) | p[2 + i];
	f->header = 2 + wide;
	if (f->masked) {
		memcpy(f->key, p + f->header, sizeof(f->key));
		f->header += sizeof(f->key);
	}
	return FLAW_NONE;
}

/* All frames of a message are there, s->seen bytes: puts their payload together. */
static struct slice unmask(const struct stream *s, struct slice b, char *room)
{
	struct stream at = *s;
	uint32_t n = 0;

	at.seen = 0;
	at.begun = false;
	while (at.seen < s->seen) {
		struct frame f;
		const char *p;

		(void)frame_read(&at, slice_between(b.p + at.seen, b.p + s->seen), &f);
		p = b.p + at.seen + f.header;
		at.seen += f.header + (uint32_t)f.length;
		if (f.control)
			continue;
		at.begun = true;
		for (uint32_t i = 0; i < f.length; i++)
			room[n + i] = (char)(p[i] ^ f.key[i & 3]);
		n += (uint32_t)f.length;
	}
	return (struct slice){ room, n };
}

/*
 * RFC 7118 5: a WebSocket message is one SIP message.  Servers that read it like
 * any other stream (sofia-sip) would find a second one in it, and cut where TCP is
 * cut; Content-Length may be missing.
 */
static enum stream_flaw message_flaw(struct slice m)
{
	struct stream s = { 0 };
	uint32_t lead = stream_line_ends(m), head, first;
	enum stream_flaw flaw;
	int64_t length;

	m.p += lead;
	m.n -= lead;
	head = stream_head(&s, m, &first, &flaw);
	if (flaw != FLAW_NONE || !head)
		return flaw;
	length = stream_length((struct slice){ m.p, head }, first, &flaw);
	if (flaw != FLAW_NONE || length < 0 || (uint64_t)length >= m.n - head)
		return flaw;
	m = slice_between(m.p + head + length, slice_end(m));
	return stream_line_ends(m) == m.n ? FLAW_NONE : FLAW_SECOND;
}

static enum stream_cut deliver(struct stream *s, struct slice b, char *room,
			       struct stream_out *out)
{
	struct slice m = unmask(s, b, room);
	enum stream_flaw flaw = message_flaw(m);

	out->message = m;
	if (flaw != FLAW_NONE)
		return stream_broken(s, flaw);
	return stream_take(s, out, s->seen,
			   stream_line_ends(m) == m.n ? STREAM_SKIP : STREAM_MESSAGE);
}

enum stream_cut websocket_cut(struct stream *s, struct slice b, char *room, size_t size,
			      struct stream_out *out)
{
	for (;;) {
		struct slice rest = slice_between(b.p + s->seen, slice_end(b));
		struct frame f;
		enum stream_flaw flaw = frame_read(s, rest, &f);

		if (flaw != FLAW_NONE)
			return stream_broken(s, flaw);
		/* the frames of a message must fit, and what is in them */
		if (f.length > size || s->seen + f.header + f.length > size + HEADER_MAX ||
		    (!f.control && s->length + f.length > size))
			return stream_broken(s, FLAW_TOO_LONG);
		if (!f.header || rest.n < f.header + f.length)
			return STREAM_MORE;
		s->seen += f.header + (uint32_t)f.length;
		if (f.control && !s->begun)
			return stream_take(s, out, s->seen, STREAM_SKIP);
		if (f.control)
			continue;
		s->begun = true;
		s->length += (uint32_t)f.length;
		if (f.fin)
			return deliver(s, b, room, out);
	}
}

uint32_t websocket_head(uint32_t n, char out[WEBSOCKET_HEAD])
{
	out[0] = (char)(0x80 | OP_TEXT);
	if (n <= CONTROL_MAX) {
		out[1] = (char)n;
		return 2;
	}
	out[1] = CONTROL_MAX + 1;
	out[2] = (char)(n >> 8);
	out[3] = (char)n;
	return WEBSOCKET_HEAD;
}
