/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framing: where messages begin and end in the bytes of one direction of a
 * connection (RFC 3261 7.5 and 18.3 for SIP, RFC 7118 for WebSocket), and what
 * the bytes are if not SIP.
 *
 * The same bytes give the same messages however they are cut into segments.  What
 * servers could cut differently (a lone CR, two Content-Lengths, a folded one) is
 * given out at once as STREAM_BROKEN, not waited for: what is complete for the
 * server must never be incomplete for us.  A message without Content-Length is a
 * message without body: that is what servers make of it that do not refuse it, and
 * whether it may pass is the malformed check's business (missing-content-length).
 *
 * Ownership: struct stream is a value of a few bytes, all zero at the start.
 * Linear: `seen` remembers what has been looked at, bytes are not read again when
 * more come.  Locking: none.
 */
#ifndef SIPMOAT_STREAM_H
#define SIPMOAT_STREAM_H

#include "sip.h"

enum stream_kind {
	STREAM_NEW,       /* not known yet: nothing but line ends, or half a first line */
	STREAM_SIP,
	STREAM_TLS,       /* RFC 8446 5.1: not read, but its record headers are */
	STREAM_HTTP,      /* an HTTP request that may become a WebSocket */
	STREAM_WEBSOCKET, /* upgraded, subprotocol sip */
	STREAM_OTHER,     /* none of these */
};

/* Why nothing can follow.  X(id, defect it is counted as, what is wrong) */
#define STREAM_FLAWS(X) \
	X(START, START_LINE, "the bytes do not begin a message") \
	X(LONE_CR, LONE_CR, "a CR without LF in the headers: a line end to some servers only") \
	X(NUL, NUL, "a NUL byte in the headers ends them for some servers") \
	X(LONE_LF, BARE_LINE_END, "an empty line of LF alone ends the headers for some servers") \
	X(LENGTH, CONTENT_LENGTH, "Content-Length is not a plain number") \
	X(LENGTH_AGAIN, DUPLICATE, "Content-Length stands twice") \
	X(LENGTH_ODD, CONTENT_LENGTH, \
	  "a folded or misspelt Content-Length, which only some servers obey") \
	X(TOO_LONG, MESSAGE_SIZE, "the message is longer than the memory for it") \
	X(DISGUISE, NOT_SIP, "SIP in clear inside what claims to be TLS") \
	X(RECORD, NOT_SIP, "bytes that are no TLS record") \
	X(HTTP, HTTP, "HTTP that does not become a WebSocket for SIP") \
	X(EARLY, HTTP, "bytes behind an HTTP request that was not answered yet") \
	X(FRAME, NOT_SIP, "a WebSocket frame that RFC 6455 forbids") \
	X(MASK, NOT_SIP, "a WebSocket frame of a client without mask, or of a server with one") \
	X(SECOND, SECOND_MESSAGE, "more than one SIP message in a WebSocket message")

enum stream_flaw {
	FLAW_NONE,
#define X(id, defect, text) FLAW_##id,
	STREAM_FLAWS(X)
#undef X
	FLAW_COUNT
};

struct stream {
	uint8_t kind;     /* enum stream_kind */
	uint8_t flaw;     /* enum stream_flaw, once it was BROKEN */
	uint8_t tls;      /* bitmap of enum stream_tls: what has been seen */
	bool midway;      /* set by the caller: its beginning was not seen */
	bool begun;       /* private: of the message in hand the first line or frame is read */
	bool asked;       /* private: HTTP asked for a WebSocket and waits for the answer */
	bool masked;      /* private: the frames of this direction must be masked */
	uint16_t skip;    /* bytes of a TLS record still to come */
	uint32_t seen;    /* bytes of the message in hand that were looked at */
	uint32_t length;  /* of the message in hand once it is known, else 0 */
};

enum stream_tls {
	TLS_HELLO = 1, /* a ClientHello */
	TLS_SURE = 2,  /* the other side speaks TLS as well (stream_settle) */
	TLS_ALERT = 4, /* an alert in clear */
	TLS_DATA = 8,  /* application data, or what looks like it in TLS 1.3 */
};

enum stream_cut {
	STREAM_MORE,    /* incomplete: call again with these bytes and more */
	STREAM_MESSAGE, /* *message is one SIP message; take bytes are done with */
	STREAM_BROKEN,  /* *message is what will never be one; nothing can follow; of
	                 * a stream that is not SIP at all the kind is STREAM_OTHER */
	STREAM_SKIP,    /* take bytes are done with: keepalives, control frames, TLS */
};

struct stream_out {
	struct slice message; /* in bytes, or in room where it had to be unmasked */
	uint32_t take;
};

/*
 * bytes: from the first one not taken yet, in order, n > 0.  room, size: memory
 * for an unmasked message; as large as the largest message.  Call again with what
 * is left until it says MORE or BROKEN or all bytes are taken.
 */
enum stream_cut stream_cut(struct stream *s, struct slice bytes, char *room, size_t size,
			   struct stream_out *out);

/*
 * Does a message, a keepalive, a TLS record or a WebSocket handshake begin here?
 * For picking up a connection in the middle: so much of a first line must be there
 * that chance cannot have written it.
 */
bool stream_begins(struct slice bytes);

/*
 * Looks at both directions after one of them has been cut: the server's "101
 * Switching Protocols" turns its client's HTTP into WebSocket too, and its TLS
 * record proves that its client's ClientHello was one.  in, out: what comes from
 * the side that opened the connection, and from the other.
 */
void stream_settle(struct stream *in, struct stream *out);

/* What the connection is, as far as either direction shows it. */
enum stream_kind stream_kind_of(const struct stream *in, const struct stream *out);

/* The connection ends now: was it TLS, and did no data pass in both directions? */
bool stream_tls_failed(const struct stream *in, const struct stream *out);

/* The head of a frame with n bytes of text, at most 65535, as a server sends it (RFC 6455 5.2);
 * returns its length. */
#define WEBSOCKET_HEAD 4
uint32_t websocket_head(uint32_t n, char out[WEBSOCKET_HEAD]);

const char *stream_flaw_text(enum stream_flaw f);
enum sip_defect stream_flaw_defect(enum stream_flaw f); /* DEFECT_COUNT for none */

#endif
