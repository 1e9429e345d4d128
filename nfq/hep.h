/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The export to HOMER (hep.server): copies of packets, with what was found in them, go through
 * a socket to a process of its own, which sends them on as HEP (hepwire.h).
 *
 * Nothing waits for it: workers put what a batch has to tell into the socket when the verdicts
 * of that batch are sent, and what finds it full, or is more than hep.rate, is counted.
 *
 * Ownership: hep_open forks, hep_close ends the process and reaps it.
 * Locking: a feed belongs to one worker; the rest is the main thread's.
 */
#ifndef SIPMOAT_HEP_H
#define SIPMOAT_HEP_H

#include "engine.h"
#include "queue.h"
#include "stats.h"

struct hep;
struct hep_feed;

/* Before any thread exists.  0 or -errno; *out is NULL where there is no server. */
int hep_open(struct hep **out, const struct settings *s);
void hep_close(struct hep *h); /* takes NULL */
/* Would these settings give the same? */
bool hep_same(const struct hep *h, const struct settings *s);
/* Says once when the process is gone.  Takes NULL. */
void hep_watch(struct hep *h);

/* For one of so many workers; NULL when h is, or without memory. */
struct hep_feed *hep_feed_new(const struct hep *h, unsigned workers);
void hep_feed_free(struct hep_feed *f); /* takes NULL */
/* Keeps what is to be told of a packet of the batch in hand; its bytes must stay until ... */
void hep_feed_put(struct hep_feed *f, const struct queue_packet *p, const struct pkt *pkt,
		  const struct decision *d, struct stats *count);
/* ... all of it goes on its way, or is lost. */
void hep_feed_send(struct hep_feed *f, struct stats *count);

#endif
