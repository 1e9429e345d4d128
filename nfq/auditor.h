/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that audits passwords: takes one accepted digest after the other from the state
 * and tries words, when nobody else wants the processor, and within its budget of it.  What
 * it finds goes out as an event: that there is something, never the word.
 *
 * Ownership: state, ring and eventfd must outlive the thread; of the rules it keeps a copy.
 * Locking: it is the only producer of its ring.
 */
#ifndef SIPMOAT_AUDITOR_H
#define SIPMOAT_AUDITOR_H

#include "audit.h"
#include "ring.h"

struct auditor;

struct auditor_conf {
	const struct ruleset *rules; /* used by auditor_start alone */
	struct state *state;
	struct ring *ring;
	int wake_fd; /* eventfd of who reads the ring */
};

/* 0 or -errno.  *out is NULL where the audit is off; digests that still wait are wiped. */
int auditor_start(struct auditor **out, const struct auditor_conf *conf);
void auditor_stop(struct auditor *a); /* takes NULL */

#endif
