/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of framing: stream.c decides what comes, head.c finds the end
 * of a head, tls.c and websocket.c read what their names say.
 *
 * Ownership and locking: as stream.h.
 */
#ifndef SIPMOAT_FRAMING_H
#define SIPMOAT_FRAMING_H

#include "sip/stream.h"

/* stream.c */
enum stream_cut stream_broken(struct stream *s, enum stream_flaw flaw);
enum stream_cut stream_more(struct stream *s, struct slice b, size_t size);
enum stream_cut stream_take(struct stream *s, struct stream_out *out, uint32_t n,
			    enum stream_cut cut);
/* How many bytes of CR and LF it begins with. */
uint32_t stream_line_ends(struct slice b);

/* head.c */
/* Looks on from s->seen for the end of the head.  Its length, 0 when it has not
 * come yet; a flaw comes back as soon as its last byte is there.  *first: where the
 * first line begins that may be a Content-Length. */
uint32_t stream_head(struct stream *s, struct slice b, uint32_t *first, enum stream_flaw *flaw);
/* The Content-Length of a whole head, looked for from the line at `first` on; -1
 * when there is none. */
int64_t stream_length(struct slice head, uint32_t first, enum stream_flaw *flaw);
/* Cuts the line at *p off, without its line end, and moves *p behind it. */
struct slice stream_line(const char **p, const char *end);

#define TLS_RECORD_HEADER 5 /* RFC 8446 5.1 */

/* tls.c.  Can a record stand here, the first one of a connection? */
bool tls_record(struct slice b, bool first);
/* The first record of what was seen. */
enum stream_cut tls_first(struct stream *s, struct slice b, size_t size, struct stream_out *out);
enum stream_cut tls_cut(struct stream *s, struct slice b, size_t size, struct stream_out *out);
/* See stream_settle. */
void tls_settle(struct stream *in, struct stream *out);

/* websocket.c: the HTTP request or reply, and the frames behind it. */
enum stream_cut websocket_handshake(struct stream *s, struct slice b, size_t size,
				    struct stream_out *out);
enum stream_cut websocket_cut(struct stream *s, struct slice b, char *room, size_t size,
			      struct stream_out *out);

#endif
