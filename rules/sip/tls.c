/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS is not read, but the headers of its records are (RFC 8446 5.1, RFC 5246 6.2):
 * they stand in clear, and tell a handshake from data.
 */
#include "sip/chars.h"
#include "sip/framing.h"

#define RECORD_MAX (16384 + 2048) /* RFC 5246 6.2.3 */
/* An encrypted alert (2 bytes, type and tag) is 19 bytes in TLS 1.3, 26 with the
 * nonce of 1.2; the shortest Finished is 53. */
#define ALERT_MAX 32

enum { RECORD_CCS = 20, RECORD_ALERT, RECORD_HANDSHAKE, RECORD_DATA, RECORD_LAST };
enum { HELLO_CLIENT = 1, HELLO_SERVER = 2 };

static unsigned record_length(struct slice b)
{
	return (unsigned)(uint8_t)b.p[3] << 8 | (uint8_t)b.p[4];
}

/*
 * RFC 8446 5.1: type, version 3.0 to 3.4, length; of a whole connection the first
 * one is a hello or an alert.
 */
bool tls_record(struct slice b, bool first)
{
	uint8_t type = b.n ? (uint8_t)b.p[0] : 0;
	unsigned length;

	if (type < RECORD_CCS || type > RECORD_LAST ||
	    (first && type != RECORD_HANDSHAKE && type != RECORD_ALERT))
		return false;
	if ((b.n > 1 && b.p[1] != 3) || (b.n > 2 && (uint8_t)b.p[2] > 4))
		return false;
	if (b.n < TLS_RECORD_HEADER)
		return true;
	length = record_length(b);
	if (length == 0 || length > RECORD_MAX)
		return false;
	if (!first || type != RECORD_HANDSHAKE || b.n == TLS_RECORD_HEADER)
		return true;
	return b.p[TLS_RECORD_HEADER] == HELLO_CLIENT || b.p[TLS_RECORD_HEADER] == HELLO_SERVER;
}

/* "SIP/2." or any other version. */
static bool is_version(struct slice b)
{
	return b.n >= 6 && slice_istarts(b, SLICE("SIP/")) && is_digit(b.p[4]) && b.p[5] == '.';
}

static bool has_version(struct slice b, uint32_t from)
{
	const char *end = slice_end(b), *p = b.p + (from < 6 ? 0 : from - 5);

	while ((p = find_char(p, end, '/')) != NULL) {
		if (p - b.p >= 3 && is_version(slice_between(p - 3, end)))
			return true;
		p++;
	}
	return false;
}

/* The header that every request for a WebSocket has (RFC 6455 4.1): no name in a
 * hello is spelled like it. */
static bool has_websocket(struct slice b, uint32_t from)
{
	const struct slice name = SLICE("Sec-WebSocket-");
	const char *end = slice_end(b), *p = b.p + (from < name.n ? 0 : from - name.n);

	while ((p = find_char(p, end, '-')) != NULL) {
		if (p - b.p >= 3 && slice_istarts(slice_between(p - 3, end), name))
			return true;
		p++;
	}
	return false;
}

/*
 * Until the other side has answered with TLS, a ClientHello may be a disguise: a
 * server that speaks SIP in clear skips what it cannot read and acts on what
 * stands in the middle of it.  No hello holds the version of SIP ("sip/2" of
 * ALPN is shorter), so it is looked for, and nothing is taken before the answer.
 * Nor does one ask for a WebSocket, whose frames nobody could look through.
 */
static enum stream_cut cut_unsure(struct stream *s, struct slice b, size_t size)
{
	if (has_version(b, s->seen) || has_websocket(b, s->seen))
		return stream_broken(s, FLAW_DISGUISE);
	s->seen = b.n;
	return stream_more(s, b, size);
}

enum stream_cut tls_cut(struct stream *s, struct slice b, size_t size, struct stream_out *out)
{
	uint32_t left;

	if (!(s->tls & TLS_SURE))
		return cut_unsure(s, b, size);
	if (!s->skip) {
		if (!tls_record(b, false))
			return stream_broken(s, FLAW_RECORD);
		if (b.n < TLS_RECORD_HEADER)
			return STREAM_MORE;
		s->skip = (uint16_t)record_length(b);
		if (b.p[0] == RECORD_ALERT)
			s->tls |= TLS_ALERT;
		else if (b.p[0] == RECORD_DATA && s->skip > ALERT_MAX)
			s->tls |= TLS_DATA;
		left = b.n - TLS_RECORD_HEADER < s->skip ? b.n - TLS_RECORD_HEADER : s->skip;
		s->skip = (uint16_t)(s->skip - left);
		return stream_take(s, out, TLS_RECORD_HEADER + left, STREAM_SKIP);
	}
	left = b.n < s->skip ? b.n : s->skip;
	s->skip = (uint16_t)(s->skip - left);
	return stream_take(s, out, left, STREAM_SKIP);
}

/*
 * A handshake record of a new connection, or any record of one whose beginning was
 * not seen.  Without a hello it is an answer, if stream_settle has seen what it answers,
 * or nothing that may pass: nothing is read on before that is known.
 */
enum stream_cut tls_first(struct stream *s, struct slice b, size_t size, struct stream_out *out)
{
	if (b.n <= TLS_RECORD_HEADER)
		return STREAM_MORE;
	s->kind = STREAM_TLS;
	if (b.p[0] == RECORD_HANDSHAKE && b.p[TLS_RECORD_HEADER] == HELLO_CLIENT)
		s->tls |= TLS_HELLO;
	else if (!s->midway)
		return STREAM_MORE;
	return tls_cut(s, b, size, out);
}

void tls_settle(struct stream *in, struct stream *out)
{
	if (in->kind != STREAM_TLS)
		return;
	if (!(in->tls & TLS_HELLO) && !in->midway) {
		(void)stream_broken(in, FLAW_START);
		return;
	}
	if (out->kind == STREAM_TLS && (!(out->tls & TLS_HELLO) || out->midway)) {
		in->tls |= TLS_SURE;
		out->tls |= TLS_SURE;
	}
}

bool stream_tls_failed(const struct stream *in, const struct stream *out)
{
	return in->tls & TLS_HELLO && !(in->tls & out->tls & TLS_DATA);
}
