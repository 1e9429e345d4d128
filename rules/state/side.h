/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of a TCP connection: from segments in any order to messages.
 *
 * A byte is kept until it was judged and its receiver has acknowledged it, so
 * that whoever repeats it must say the same.  `low` is where that begins; behind
 * it come `done`, the first byte that is not part of a judged message, and `next`,
 * the first one that has not come.
 *
 * Ownership: a side owns its window's chunks.  Locking: its record's.  Units:
 * sequence numbers in host order.
 */
#ifndef SIPMOAT_SIDE_H
#define SIPMOAT_SIDE_H

#include "flows.h"
#include "window.h"

#define SIDE_MAX 65536    /* bytes that are kept of one direction */
#define ROOM_MESSAGES 1024

/* Memory to put messages together in, and what the segment in hand gave. */
struct flow_room {
	unsigned n;
	uint32_t used; /* bytes of unmasked */
	struct slice message[ROOM_MESSAGES];
	char bytes[SIDE_MAX];
	char unmasked[SIDE_MAX];
};

struct side {
	uint32_t low, done, next;
	uint32_t acked; /* first byte that the receiver has not acknowledged, if acks */
	bool synced;    /* we know where messages begin and end */
	bool acks;
	bool fin;       /* a FIN stands, or is said to stand, behind the last byte */
	bool missed;    /* messages may have gone by unread */
	uint8_t other;  /* enum sip_defect: what it is if not SIP */
	uint8_t flaw;   /* enum stream_flaw that side_take met */
	struct stream stream;
	struct window window;
};

/* A connection begins at seq or, midway, a message does. */
void side_start(struct side *s, struct pool *p, uint32_t seq, bool midway);
/* Lost: everything up to seq came and went unseen. */
void side_lose(struct side *s, struct pool *p, uint32_t seq);
/* The receiver has all bytes before ack. */
void side_acknowledge(struct side *s, struct pool *p, uint32_t ack);
/*
 * Takes in bytes and appends the messages they complete to room.  Returns 0 or one
 * of FLOW_DIFFERS, OUTSIDE, TOO_LONG.  most: chunks it may own.
 */
unsigned side_take(struct side *s, struct pool *p, struct flow_room *room, uint32_t seq,
		   struct slice bytes, uint32_t most);

#endif
