/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two lanes of queues: which number a worker's queue has, and what becomes of packets
 * that nobody judges.
 *
 * Ownership: none but what queue.h says.  Locking: none.
 */
#ifndef SIPMOAT_LANE_H
#define SIPMOAT_LANE_H

#include "engine.h"
#include "queue.h"

/* The queue of one of so many workers.  0 or -errno with a line in err. */
int lane_open(struct queue **out, enum lane lane, const struct settings *s, unsigned worker,
	      unsigned workers, char err[QUEUE_ERROR]);
/* Do packets pass that find its queue full?  Where nothing is enforced they always do. */
bool lane_passes(enum lane lane, const struct settings *s);
/* Makes it so, when the settings are others than those it was opened with. */
void lane_adopt(struct queue *q, enum lane lane, const struct settings *s);
/* What a packet that found it full is told of in the log; the words of a sentence. */
void lane_describe(enum lane lane, const struct settings *s, char *out, size_t room);

#endif
