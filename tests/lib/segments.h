/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds bytes to the framing in segments, as the state of a connection does, from
 * memory that ends at an unreadable page, and writes down what comes out.
 *
 * Ownership: the arena belongs to the test; feed_new allocates, feed_free frees.
 */
#ifndef SIPMOAT_SEGMENTS_H
#define SIPMOAT_SEGMENTS_H

#include <stdio.h>

#include "guard.h"
#include "sip/stream.h"

#define FEED_SIZE 65535

struct feed {
	struct guard arena, room;
	struct stream stream;
	struct slice all;    /* the bytes of the connection */
	uint32_t have, done; /* came, and taken */
	size_t size;         /* of the largest message */
	char said[512];      /* "[at+length]" for a message, "!flaw" at the end */
	bool broken;
};

static inline void feed_new(struct feed *f)
{
	static char zeros[2 * FEED_SIZE];

	memset(f, 0, sizeof(*f));
	f->arena = guard_new((struct slice){ zeros, sizeof(zeros) });
	f->room = guard_new((struct slice){ zeros, FEED_SIZE });
	f->size = FEED_SIZE;
}

static inline void feed_free(struct feed *f)
{
	guard_free(&f->arena);
	guard_free(&f->room);
}

/* Begins again, with the connection in the state of *s. */
static inline void feed_start(struct feed *f, struct slice all, const struct stream *s)
{
	f->stream = s ? *s : (struct stream){ 0 };
	f->all = all;
	f->have = f->done = 0;
	f->broken = false;
	f->said[0] = 0;
}

static inline void feed_say(struct feed *f, const char *fmt, unsigned a, unsigned b)
{
	size_t n = strlen(f->said);

	snprintf(f->said + n, sizeof(f->said) - n, fmt, a, b);
}

/* n more bytes come. */
static inline void feed_more(struct feed *f, uint32_t n)
{
	struct stream_out out;

	f->have += n;
	while (f->done < f->have && !f->broken) {
		uint32_t left = f->have - f->done;
		char *room = (char *)(uintptr_t)f->room.bytes.p + FEED_SIZE - f->size;
		char *copy = (char *)(uintptr_t)f->arena.bytes.p + f->arena.bytes.n - left;
		enum stream_cut cut;

		memcpy(copy, f->all.p + f->done, left);
		cut = stream_cut(&f->stream, (struct slice){ copy, left }, room, f->size, &out);
		if (cut == STREAM_MORE)
			return;
		if (cut == STREAM_BROKEN) {
			f->broken = true;
			feed_say(f, "!%u", f->stream.flaw, 0);
			return;
		}
		if (!out.take || out.take > left)
			abort();
		if (cut == STREAM_MESSAGE)
			feed_say(f, "[%u+%u]", f->done, out.message.n);
		f->done += out.take;
	}
}

#endif
