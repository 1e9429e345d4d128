/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture files (pcap and pcapng) as a sequence of IP packets: reads the file,
 * takes the link layer off.
 *
 * Ownership: a frame's bytes live until the next capture_next.
 * Units: when is nanoseconds since the epoch.
 * Errors: a sentence in err, without the file's name and without a line end.
 */
#ifndef SIPMOAT_CAPTURE_H
#define SIPMOAT_CAPTURE_H

#include "slice.h"

#define CAPTURE_ERROR 320

struct capture;

struct capture_frame {
	uint64_t when;
	struct slice ip; /* from the IP header on, padding of the link included;
	                  * SLICE_NONE when the frame carries no IP */
	bool cut;        /* the capture kept fewer bytes than were on the wire */
};

/* NULL with err filled: unreadable, no capture file, a link type we do not know. */
struct capture *capture_open(const char *file, char err[CAPTURE_ERROR]);
void capture_close(struct capture *c); /* takes NULL */
/* 1: *out is filled; 0: the end; -1: the file is damaged from here on. */
int capture_next(struct capture *c, struct capture_frame *out, char err[CAPTURE_ERROR]);

#endif
