/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one reader makes of a request, item by item, so that two readers can be
 * compared without knowing each other.
 *
 * Ownership: items point into what was read, or into room.  Locking: none.
 */
#ifndef SIPMOAT_READING_H
#define SIPMOAT_READING_H

#include "sip.h"

/* X(id, name in evidence, classes of difference that are the same: see reading.c) */
#define READING_ITEMS(X) \
	X(METHOD, "method", 0) \
	X(SCHEME, "Request-URI scheme", 0) \
	X(USER, "Request-URI user", SAME_ESCAPES | SAME_SPACE) \
	X(HOST, "Request-URI host", SAME_HOST) \
	X(PORT, "Request-URI port", SAME_PORT) \
	X(FROM_USER, "From user", SAME_ESCAPES | SAME_SPACE) \
	X(FROM_HOST, "From host", SAME_HOST) \
	X(FROM_TAG, "From tag", SAME_NUL | SAME_SPACE | SAME_QUOTES) \
	X(TO_USER, "To user", SAME_ESCAPES | SAME_SPACE) \
	X(TO_HOST, "To host", SAME_HOST) \
	X(TO_TAG, "To tag", SAME_NUL | SAME_SPACE | SAME_QUOTES) \
	X(CALL_ID, "Call-ID", SAME_SPACE) \
	X(CSEQ_NUMBER, "CSeq number", SAME_ZEROS) \
	X(CSEQ_METHOD, "CSeq method", SAME_SPACE) \
	X(VIA_HOST, "Via host", SAME_HOST) \
	X(VIA_PORT, "Via port", SAME_PORT) \
	X(VIA_BRANCH, "Via branch", SAME_NUL | SAME_COMMENT | SAME_SPACE | SAME_QUOTES) \
	X(AGENT, "User-Agent", SAME_NUL | SAME_SPACE) \
	X(AGENTS, "number of User-Agent headers", 0) \
	X(CONTACTS, "number of Contacts", 0) \
	X(CONTACT_USER, "Contact user", SAME_ESCAPES | SAME_SPACE) \
	X(CONTACT_HOST, "Contact host", SAME_HOST) \
	X(LENGTH, "Content-Length", SAME_ZEROS) \
	X(EXPIRES, "Expires", SAME_SPACE | SAME_ZEROS) \
	X(MAX_FORWARDS, "Max-Forwards", SAME_SPACE | SAME_ZEROS) \
	X(USERNAME, "Authorization username", SAME_NUL | SAME_SPACE | SAME_QUOTES)

enum reading_item {
#define X(id, name, same) ITEM_##id,
	READING_ITEMS(X)
#undef X
	ITEM_COUNT
};

#define READING_NUMBERS 64 /* room for the decimal digits of all numbers */
#define READING_NUL 1 /* what stands for NUL in what libosip2 reads */

struct reading {
	struct slice item[ITEM_COUNT]; /* SLICE_NONE or empty: not there */
	uint32_t opaque;  /* bitmap of items that keep their escapes in either reading */
	uint32_t unknown; /* bitmap of items that this reader says nothing about */
	char room[READING_NUMBERS];
	uint32_t used;
};

/* As the view has it. */
void reading_view(struct reading *r, const struct sip_msg *m);
/* An address of a scheme other than SIP has a user only: all up to its parameters. */
struct slice reading_opaque(struct slice behind_colon);
void reading_number(struct reading *r, enum reading_item item, uint32_t n);

/*
 * The first item that both know and do not mean alike, or ITEM_COUNT.  room is for
 * undoing what is written differently and means the same: at least as long as
 * the message, twice.
 */
enum reading_item reading_differs(const struct reading *view, const struct reading *other,
				  char *room, uint32_t half);
const char *reading_name(enum reading_item item);

#endif
