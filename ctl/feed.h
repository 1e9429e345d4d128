/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several capture files as one sequence of packets in the order given, put
 * together from fragments, with a clock for the engine.
 *
 * Ownership: feed_new borrows the names; an item's payload lives until the next
 * feed_next.
 * Units: when is the capture's own time, now the engine's: it starts above zero
 * and never runs backwards.  Small disorder is held still; a step back of more
 * than a minute (files in the wrong order, a clock that was set) goes on from
 * where the clock stood.
 */
#ifndef SIPMOAT_CTL_FEED_H
#define SIPMOAT_CTL_FEED_H

#include "capture.h"
#include "pkt.h"

enum feed_kind {
	FEED_PACKET,  /* pkt is valid, but for ports when it is PKT_OTHER */
	FEED_HELD,    /* a fragment that waits for the others: only addresses */
	FEED_OVERLAP, /* a fragment the kernel throws away: only addresses */
	FEED_CUT,     /* the capture kept only the front: pkt as far as it goes */
	FEED_NOT_IP,  /* pkt is empty */
};

struct feed_item {
	uint64_t n; /* frame number, from 1, over all files */
	uint64_t when, now;
	enum feed_kind kind;
	int proto;  /* protocol number of the IP header, -1 = unknown */
	struct pkt pkt;
};

struct feed;

/* NULL: no memory.  Opens nothing yet. */
struct feed *feed_new(char *const *files, unsigned n);
void feed_free(struct feed *f); /* takes NULL */
/* 1: *out is filled; 0: the end; -1: err says which file and why, feed is at its end. */
int feed_next(struct feed *f, struct feed_item *out, char err[CAPTURE_ERROR]);

#endif
