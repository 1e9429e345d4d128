/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event as others read it (docs/events.md): one line of words for programs that look for
 * patterns, and fields as journald takes them.
 *
 * What a stranger wrote stands behind all else and in quotes, so that no text of his looks
 * like a field of ours.  All of it is printable ASCII.
 *
 * Ownership: the caller's room.  Locking: none.
 */
#ifndef SIPMOAT_SINKTEXT_H
#define SIPMOAT_SINKTEXT_H

#include "told.h"

#define SINK_TEXT 4096 /* more than any event needs */

/* With its end; returns the length. */
size_t sinktext_line(const struct told *t, char out[SINK_TEXT]);
/* The datagram of journald's own protocol. */
size_t sinktext_journal(const struct told *t, char out[SINK_TEXT]);

#endif
