/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counter names, as one list, and a worker's set of them.
 *
 * Locking: single writer (the worker), any reader: relaxed atomics, summed over
 * workers when read.  Never reset, reloads included.
 */
#ifndef SIPMOAT_STATS_H
#define SIPMOAT_STATS_H

#include <stdatomic.h>

#include "decision.h"
#include "pkt.h"
#include "sip.h"

/* X(field, help) */
#define STATS(X) \
	X(packets, "packets that came through the queue") \
	X(inbound, "packets from outside to a protected server") \
	X(outbound, "packets from a protected server to outside") \
	X(internal, "packets between inside addresses, never judged") \
	X(requests, "SIP requests read") \
	X(responses, "SIP responses read") \
	X(keepalives, "keepalives: CRLF, STUN") \
	X(not_sip, "payloads that are not SIP") \
	X(damaged, "packets with a damaged or unreadable IP, UDP or TCP header") \
	X(accepted, "packets let through") \
	X(dropped, "packets dropped") \
	X(answered, "of them, requests that were answered in a server's name") \
	X(deceived, "of them, those that heard a lie (action \"decoy\")") \
	X(delayed, "of them, those that have to wait for it (action \"tarpit\")") \
	X(delay_full, "of these, those that hear nothing: too many wait (answers.delayed)") \
	X(answer_lost, "answers that could not be sent") \
	X(answer_capped, "answers kept back: too many, repeated, or larger than what was asked") \
	X(answer_silent, "... and because their receiver has not proven to be it") \
	X(absorbed, "answers to packets of ours, which end here") \
	X(observed, "packets that only observe mode let through") \
	X(marked, "packets that pass with a mark that a check gave them") \
	X(marks, "sources that checks asked to be marked, or marked longer") \
	X(approved, "packets that pass because somebody approved") \
	X(bans, "bans asked for") \
	X(ban_capped, "bans not made because there were too many in a second (bans.rate)") \
	X(resets, "TCP connections ended for both ends") \
	X(reset_lost, "TCP connections not ended, so they stall: a RST could not be sent") \
	X(waited, "TCP connections that waited too long (tcp.first, tcp.idle)") \
	X(barred, "TCP connections ended because their source was banned") \
	X(cut, "calls ended, at a limit or because of a ban") \
	X(event_lost, "events lost because the ring was full") \
	X(ban_lost, "bans not sent to the kernel at once because the ring was full") \
	X(queue_lost, "packets of strangers that found their queue full: queue.when_full") \
	X(known_lost, "packets of known sources that found theirs full: queue.known_full") \
	X(batches, "batches read from the queue") \
	X(errors, "receive or verdict errors on the queue")

#define CHECK_MAX 32

/* Known: trusted peers, sites with live registrations or a recent proven call; and their
 * packets of both directions. */
enum lane { LANE_STRANGERS, LANE_KNOWN, LANES };

/* How long packets waited for the worker: ns, of the oldest of each batch. */
struct stats_wait {
	atomic_uint_fast64_t most, sum, batches;
};

struct stats {
#define X(field, help) atomic_uint_fast64_t field;
	STATS(X)
#undef X
	atomic_uint_fast64_t hits[CHECK_MAX];  /* per check: it hit */
	atomic_uint_fast64_t drops[CHECK_MAX]; /* per check: and the packet was dropped */
	atomic_uint_fast64_t defects[DEFECT_COUNT]; /* found and not accepted: dropped,
	                                             * observed or only told */
	struct stats_wait wait[LANES];
};

static inline void stats_add(atomic_uint_fast64_t *c, uint64_t n)
{
	/* single writer: no read-modify-write needed */
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline void stats_wait(struct stats_wait *w, uint64_t ns)
{
	if (ns > atomic_load_explicit(&w->most, memory_order_relaxed))
		atomic_store_explicit(&w->most, ns, memory_order_relaxed);
	stats_add(&w->sum, ns);
	stats_add(&w->batches, 1);
}

/* Counts one judged packet. */
void stats_count(struct stats *s, const struct pkt *pkt, const struct decision *d);

#endif
