/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framing: where messages begin and end in the bytes of one direction of a
 * connection (RFC 3261 7.5 and 18.3 for SIP, RFC 7118 for WebSocket), and what
 * the bytes are if not SIP.
 *
 * The same bytes give the same messages however they are cut into segments.  A
 * message that servers could cut differently (a lone CR, two Content-Lengths, none)
 * is given out at once as STREAM_BROKEN, not waited for: what is complete for the
 * server must never be incomplete for us.
 *
 * Ownership: struct stream is a value of a few bytes, all zero at the start.
 * Linear: `seen` remembers what has been looked at, bytes are not read again when
 * more come.  Locking: none.
 */
#ifndef SIPMOAT_STREAM_H
#define SIPMOAT_STREAM_H

#include "sip.h"

enum stream_kind {
	STREAM_NEW,       /* nothing but line ends so far */
	STREAM_SIP,
	STREAM_TLS,       /* RFC 8446 5.1: not read, but its record headers are */
	STREAM_HTTP,      /* an HTTP request that may become a WebSocket */
	STREAM_WEBSOCKET, /* upgraded, subprotocol sip */
	STREAM_OTHER,     /* none of these */
};

struct stream {
	uint8_t kind;     /* enum stream_kind */
	uint8_t tls;      /* bitmap of enum stream_tls: what has been seen */
	uint16_t skip;    /* bytes of a TLS record still to come */
	uint32_t seen;    /* bytes of the message in hand that were looked at */
	uint32_t length;  /* of the message in hand once it is known, else 0 */
};

enum stream_tls { TLS_HELLO = 1, TLS_ALERT = 2, TLS_DATA = 4, TLS_HELLO_NOW = 8 };

enum stream_cut {
	STREAM_MORE,    /* incomplete: call again with these bytes and more */
	STREAM_MESSAGE, /* *message is one SIP message; take bytes are done with */
	STREAM_BROKEN,  /* *message is what will never be one; nothing can follow */
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

/* Can a message, a keepalive, a TLS record or a WebSocket handshake begin here? */
bool stream_begins(struct slice bytes);

/*
 * Looks at both directions after one of them has been cut: the server's "101
 * Switching Protocols" turns its client's HTTP into WebSocket too.  in, out: what
 * comes from the side that opened the connection, and from the other.
 */
void stream_settle(struct stream *in, struct stream *out);

#endif
