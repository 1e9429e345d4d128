/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counter names, as lists, and a worker's set of them.
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
	X(hep_lost, "packets that HOMER was not told of: more than hep.rate, or it is slow") \
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

/* What became of a packet in which a check found something.  X(field, help) */
#define OUTCOMES(X) \
	X(dropped, "dropped without a word") \
	X(rejected, "dropped, and answered with a refusal, at once or late") \
	X(deceived, "dropped, and answered with a lie (action \"decoy\")") \
	X(cut, "calls that were ended") \
	X(observed, "let pass, because only observe mode said so") \
	X(approved, "let pass, because somebody approved") \
	X(marked, "let pass with a mark") \
	X(alerted, "let pass, and told")

enum stats_outcome {
#define X(field, help) OUTCOME_##field,
	OUTCOMES(X)
#undef X
	OUTCOMES_COUNT
};

/* Upper ends of the buckets of a histogram, ns, inclusive; one more has what is longer.
 * How long packets wait, and how long judging one of them and its verdict takes. */
#define STATS_BUCKETS 12
#define STATS_DELAY_ENDS \
	{ 20000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 25000000, \
	  100000000, 1000000000 }
#define STATS_WORK_ENDS \
	{ 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 250000, 500000, 1000000, 10000000 }

struct stats_histogram {
	atomic_uint_fast64_t bucket[STATS_BUCKETS + 1]; /* not cumulative */
	atomic_uint_fast64_t most, sum; /* ns */
};

struct stats {
#define X(field, help) atomic_uint_fast64_t field;
	STATS(X)
#undef X
	atomic_uint_fast64_t outcome[CHECK_MAX][OUTCOMES_COUNT]; /* per check: its hits */
	atomic_uint_fast64_t defects[DEFECT_COUNT]; /* found and not accepted: dropped,
	                                             * observed or only told */
	struct stats_histogram delay[LANES]; /* how long the oldest packet of a batch waited */
	struct stats_histogram work;         /* of a batch, counted for each of its packets */
};

static inline void stats_add(atomic_uint_fast64_t *c, uint64_t n)
{
	/* single writer: no read-modify-write needed */
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/* n times that it took ns. */
static inline void stats_took(struct stats_histogram *h,
			      const uint64_t ends[static STATS_BUCKETS], uint64_t ns, uint64_t n)
{
	unsigned i = 0;

	while (i < STATS_BUCKETS && ns > ends[i])
		i++;
	if (ns > atomic_load_explicit(&h->most, memory_order_relaxed))
		atomic_store_explicit(&h->most, ns, memory_order_relaxed);
	stats_add(&h->sum, ns * n);
	stats_add(&h->bucket[i], n);
}

static inline void stats_delayed(struct stats *s, enum lane lane, uint64_t ns)
{
	static const uint64_t ends[STATS_BUCKETS] = STATS_DELAY_ENDS;

	stats_took(&s->delay[lane], ends, ns, 1);
}

/* A batch of so many packets took ns. */
static inline void stats_worked(struct stats *s, unsigned packets, uint64_t ns)
{
	static const uint64_t ends[STATS_BUCKETS] = STATS_WORK_ENDS;

	stats_took(&s->work, ends, ns / packets, packets);
}

/* Counts what a check found. */
void stats_hit(struct stats *s, const struct decision *d);
/* Counts one judged packet, and what was found in it. */
void stats_count(struct stats *s, const struct pkt *pkt, const struct decision *d);

#endif
